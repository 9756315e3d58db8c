"""People as the server knows them: whom a request means, and where a conversation stands, told by its messages alone."""

import collections
import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from inhabit.learning.people import People
from inhabit.learning.phrasebook import Phrasebook
from inhabit.learning.standing import Intervention, Reply, StandIn, Talk
from inhabit.learning.watched import Watched, watched
from inhabit.speech.mouths import AbstractMouth
from inhabit.types import Message
from inhabit.web.goal import Goal, goal_of
from inhabit.web.protocol import Asked, Refused, Said

STRANGER = "stranger"
"""The model name of somebody drawn from the population."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a person answered.

    Attributes:
        reply: What was done.
        seen: The same from the inside.
        name: The conversation's own name, made of all that was said.
    """

    reply: Reply
    seen: Watched
    name: str


class Served:
    """People who answer requests; nothing of a conversation is kept but what its own messages would give again.

    A conversation is lived again message by message. A message of the person that the person would itself have said
    there (same seed, same words) is lived as it was meant; any other is understood by the most alike phrase of the
    log. The latest conversations are kept, so that a turn more costs a turn and not a conversation.

    Attributes:
        people: The population.
        mouth: Turns plans into words.
        maker: Whom to serve when the request names nobody of the log.
        sample: Whether everyone served is a stranger.
        held: What is set from outside, for everyone.
    """

    def __init__(
        self,
        people: People,
        mouth: AbstractMouth,
        *,
        maker: str | None = None,
        sample: bool = False,
        held: Intervention | None = None,
        local_mouth: bool = True,
        remembered: int = 128,
    ):
        self.people, self.mouth, self.maker, self.sample = people, mouth, maker, sample
        self.held = held or Intervention()
        self._local = local_mouth
        self._book = Phrasebook(people.phrases, people.names)
        self._talks: collections.OrderedDict[str, Talk] = collections.OrderedDict()
        self._remembered = remembered

    @property
    def models(self) -> tuple[str, ...]:
        """Whom a request can name."""
        if self.sample:
            return (STRANGER,)
        return (STRANGER, *self.people.makers)

    def answer(self, asked: Asked) -> Answer:
        """Live a conversation up to now, and reply.

        Raises:
            Refused: The request names nobody, or a good or mood that does not exist.
        """
        person, goal = self._person(asked)
        talk, chain = self._lived(person, goal, asked)
        talk, reply = person.reply(talk, key=_key(chain, "reply"))
        answer = Answer(reply, watched(self.people, talk, reply), chain[:24])
        if self._local and not reply.ends:
            self._remember(_link(chain, Said("assistant", reply.message.content)), talk)
        return answer

    def _person(self, asked: Asked) -> tuple[StandIn, Goal]:
        maker = self._whom(asked.model)
        goal = goal_of(asked.system, self.people.codebook.goods)
        try:
            held = Intervention({**self.held.mood, **goal.mood}, {**self.held.values, **goal.values})
            return StandIn(self.people, self.mouth, maker, held), goal
        except ValueError as error:
            raise Refused(str(error), param="messages") from None

    def _whom(self, model: str) -> str | None:
        """Whom a model's name means; an unknown name means the maker chosen at the start, where there is one."""
        name = model.removeprefix("people:").strip()
        if self.sample or name == STRANGER:
            return None
        if name in self.people.makers:
            return name
        if self.maker is not None:
            return self.maker
        some = ", ".join(self.models[:5]) + (", ..." if len(self.models) > 5 else "")
        raise Refused(
            f"no model is called {model!r}; there are {some}", param="model", code="model_not_found", status=404
        )

    def _lived(self, person: StandIn, goal: Goal, asked: Asked) -> tuple[Talk, str]:
        """Where the conversation stands, taken on from the longest part of it that is remembered."""
        chains = [_start(person, goal, asked.seed)]
        for said in asked.said:
            chains.append(_link(chains[-1], said))
        known = next((place for place in reversed(range(len(chains))) if chains[place] in self._talks), 0)
        talk = self._talks.get(chains[known]) or self._begun(person, goal, chains, asked)
        for place in range(known, len(asked.said)):
            talk = self._live(person, talk, asked.said[place], chains[place])
            self._remember(chains[place + 1], talk)
        return talk, chains[-1]

    def _begun(self, person: StandIn, goal: Goal, chains: Sequence[str], asked: Asked) -> Talk:
        """The talk before the first word; a stranger is drawn by the seed, or by the first words heard."""
        opened = bool(asked.said) and asked.said[0].role != "assistant"
        chain = chains[1] if opened and asked.seed is None else chains[0]
        talk = person.begin(key=_key(chain, "begin"), feels=goal.feels)
        return person.hear(talk, Message(role="system", content=goal.text)) if goal.text else talk

    def _live(self, person: StandIn, talk: Talk, said: Said, chain: str) -> Talk:
        """One message more."""
        if said.role != "assistant":
            return person.hear(talk, Message(role="assistant", content=said.content))
        if self._local:
            after, reply = person.reply(talk, key=_key(chain, "reply"))
            if reply.message.content == said.content:
                return after
        plan = self._book.plan(said.content)
        return person.relive(talk, Message(role="user", content=said.content, act=plan.act, stances=plan.stances))

    def _remember(self, chain: str, talk: Talk) -> None:
        self._talks[chain] = talk
        self._talks.move_to_end(chain)
        while len(self._talks) > self._remembered:
            self._talks.popitem(last=False)


def _start(person: StandIn, goal: Goal, seed: int | None) -> str:
    """The name of a conversation before its first message: everything that what follows depends on."""
    held: Mapping[str, Any] = {"mood": dict(person.intervention.mood), "values": dict(person.intervention.values)}
    parts = {"maker": person.maker, "held": held, "goal": dataclasses.asdict(goal), "seed": seed}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _link(chain: str, said: Said) -> str:
    """The name of a conversation with one message more."""
    return hashlib.sha256(json.dumps([chain, said.role, said.content]).encode()).hexdigest()


def _key(chain: str, purpose: str) -> jax.Array:
    """A random key that is a conversation's own."""
    return jax.random.key(int.from_bytes(hashlib.sha256(f"{chain} {purpose}".encode()).digest()[:4], "big"))

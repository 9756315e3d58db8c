"""A conversation as the terminal holds it: what was said, what is set, and how it is drawn."""

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from inhabit.cli.screen import bar, table
from inhabit.cli.words import intervention

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from inhabit.learning.people import People
    from inhabit.learning.standing import Intervention, Reply, StandIn, Talk
    from inhabit.learning.watched import Watched
    from inhabit.speech.mouths import AbstractMouth

NARROW = 84
"""Below this width the panel stands under the reply, not beside it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conversation:
    """A talk with one person.

    Attributes:
        person: Who stands in.
        talk: What was said, and the state of the mind.
        seed: Same seed, same words.
        start: The talk before the first word.
        turns: Replies so far.
        reply: The last reply.
        seen: The same from the inside.
    """

    person: "StandIn"
    talk: "Talk"
    start: "Talk"
    seed: int
    turns: int = 0
    reply: "Reply | None" = None
    seen: "Watched | None" = None

    @classmethod
    def begin(
        cls, people: "People", mouth: "AbstractMouth", maker: str | None, held: "Intervention", seed: int
    ) -> Self:
        """Enter a conversation."""
        import jax

        from inhabit.learning.standing import StandIn

        person = StandIn(people, mouth, maker, held)
        talk = person.begin(key=jax.random.key(seed))
        return cls(person=person, talk=talk, start=talk, seed=seed)

    @property
    def over(self) -> bool:
        """Whether the person has left."""
        return self.reply is not None and self.reply.ends

    def after(self, words: str) -> Self:
        """The same talk after the partner said something, or was silent (no words), and the person replied."""
        import jax

        from inhabit.learning.watched import watched
        from inhabit.types import Message

        heard = self.person.hear(self.talk, Message(role="assistant", content=words)) if words else self.talk
        key = jax.random.fold_in(jax.random.key(self.seed), self.turns + 1)
        talk, reply = self.person.reply(heard, key=key)
        seen = watched(self.person.people, talk, reply)
        return dataclasses.replace(self, talk=talk, reply=reply, seen=seen, turns=self.turns + 1)

    def hold(self, *, moods: tuple[str, ...] | list[str] = (), values: tuple[str, ...] | list[str] = ()) -> Self:
        """The same talk with something set from outside, from now on.

        Raises:
            typer.BadParameter: No such mood or good, or a level out of bounds.
        """
        from inhabit.learning.standing import Intervention

        new, old = intervention(self.person.people, moods, values), self.person.intervention
        held = Intervention({**old.mood, **new.mood}, {**old.values, **new.values})
        person = dataclasses.replace(self.person, intervention=held)
        return dataclasses.replace(self, person=person, talk=person.hold(self.talk))

    def again(self) -> Self:
        """The same person before the first word, with what is set."""
        return dataclasses.replace(self, talk=self.person.hold(self.start), turns=0, reply=None, seen=None)

    def to_json(self) -> dict[str, Any]:
        """The last reply."""
        content = self.reply.message.content if self.reply else ""
        return {"turn": self.turns, "content": content} | (self.seen.to_json() if self.seen else {})

    def why(self) -> dict[str, Any]:
        """What led to the last act."""
        seen = self.seen.to_json() if self.seen else {}
        return {"why": {name: seen.get(name) for name in ("act", "likely", "mood", "worth", "valued", "facts")}}

    def show(self, console: "Console") -> None:
        """Draw the last reply, with its panel beside it."""
        from rich.columns import Columns
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        if self.reply is None or self.seen is None:
            return
        name = self.person.maker or "stranger"
        said = Text(self.reply.message.content or "(says nothing)", "" if self.reply.message.content else "dim")
        words = Text.assemble((f"{name}  ", "bold cyan"), said)
        if self.reply.ends:
            words.append(f"\n\n{name} leaves.", "yellow")
        panel = _panel(self.seen)
        if console.width < NARROW:
            console.print(Columns([words]))
            console.print(Padding(panel, (0, 0, 1, 2)))
            return
        grid = Table.grid(padding=(0, 3), expand=True)
        grid.add_column(ratio=5)
        grid.add_column(ratio=4)
        grid.add_row(words, panel)
        console.print(grid)
        console.print()

    def explain(self, console: "Console") -> None:
        """Draw what led to the last act: what else was likely, what is at stake, and what is borne in mind."""
        if self.seen is None:
            console.print("nothing has been done yet\n", style="dim")
            return
        acts = table("act", "probability", "", title=f"Why {_done(self.seen)}?", right=("probability",))
        for act, chance in self.seen.likely:
            acts.add_row(act, f"{chance:.2f}", bar(chance, 20))
        acts.columns[2].style = "cyan"
        console.print(acts)
        if self.seen.worth:
            goods = table(
                "good", "worth one more", "valued at", title="At stake", right=("worth one more", "valued at")
            )
            for good, worth in self.seen.worth.items():
                goods.add_row(
                    good, f"{worth:.2f}", f"{self.seen.valued[good]:g}" if good in self.seen.valued else "unsure"
                )
            console.print(goods)
        facts = table("turn", "who", "fact", "times", title="Borne in mind", right=("turn", "times"))
        for fact in self.seen.facts:
            facts.add_row(str(fact["turn"] + 1), fact["subject"], _fact(fact), str(fact["said"]))
        console.print(facts if self.seen.facts else "Nothing borne in mind yet.\n")


def _panel(seen: "Watched") -> "RenderableType":
    """Mood, surprise, worth and the likeliest acts, in few lines."""
    from rich.table import Table

    panel = Table.grid(padding=(0, 1))
    panel.add_column(style="dim", no_wrap=True)
    panel.add_column(style="cyan", no_wrap=True)
    panel.add_column(overflow="fold")
    for name, level in seen.mood.items():
        share = (level + 1) / 2 if name == "valence" else level
        panel.add_row(name, bar(share), f"{level:+.2f}" if name == "valence" else f"{level:.2f}")
    panel.add_row("surprise", bar(seen.surprise / 4), f"{seen.surprise:.2f}  {seen.surprisal:.1f} nats")
    top = max(seen.worth.values(), default=1.0) or 1.0
    for good, worth in seen.worth.items():
        valued = f"  valued {seen.valued[good]:g}" if good in seen.valued else ""
        panel.add_row(good, bar(worth / top), f"{worth:.2f}{valued}")
    panel.add_row("patience", "", f"{seen.patience:+.2f}")
    panel.add_row("did", "", _done(seen))
    panel.add_row("likely", "", "  ".join(f"{act} {chance:.2f}" for act, chance in seen.likely[:3]))
    last = seen.facts[-3:]
    if last:
        panel.add_row("facts", "", "; ".join(f"{fact['subject']} {_fact(fact)}" for fact in last))
    return panel


def _done(seen: "Watched") -> str:
    return seen.act + "".join(f", {stance} {good}" for good, stance in seen.stances.items())


def _fact(fact: dict[str, Any]) -> str:
    """A fact in words: `said ask of food`, `did greet`."""
    about = f" of {fact['about']}" if fact["about"] else ""
    return f"{fact['relation']} {fact['object']}{about}"

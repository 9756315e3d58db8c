"""An endpoint as a mouth: any OpenAI-compatible chat service, told the plan. Nothing is sent unless one is named."""

import dataclasses
import os
from typing import Any

import httpx
import jax

from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.plans import Plan
from inhabit.speech.service import ChatService
from inhabit.speech.sheets import MAKER
from inhabit.types import Key, Life


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndpointMouth(AbstractMouth):
    """Asks a chat service to say what a plan means, in its maker's way of talking.

    Attributes:
        url: Base address, with its version: `https://host/v1`.
        model: Name of the model there.
        secret: Key sent as a bearer token; empty sends none.
        temperature: Of the sampling there.
        timeout, tries, pause, transport: As `ChatService` has them.
    """

    url: str
    model: str
    secret: str = dataclasses.field(default="", repr=False)
    temperature: float = 0.7
    timeout: float = 30.0
    tries: int = 3
    pause: float = 0.5
    transport: httpx.BaseTransport | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        _ = self.service  # refuses a wrong address at once

    @property
    def service(self) -> ChatService:
        """The service that is asked."""
        return ChatService(
            url=self.url,
            secret=self.secret,
            timeout=self.timeout,
            tries=self.tries,
            pause=self.pause,
            transport=self.transport,
        )

    @classmethod
    def from_environment(cls, **settings: Any) -> "EndpointMouth":
        """Take address, model and key from `INHABIT_ENDPOINT`, `INHABIT_MODEL` and `INHABIT_KEY`.

        Raises:
            ValueError: No endpoint or no model is named.
        """
        missing = [name for name in ("INHABIT_ENDPOINT", "INHABIT_MODEL") if not os.environ.get(name)]
        if missing:
            raise ValueError(f"no endpoint to speak through: set {' and '.join(missing)}")
        url, model = os.environ["INHABIT_ENDPOINT"], os.environ["INHABIT_MODEL"]
        return cls(url=url, model=model, secret=os.environ.get("INHABIT_KEY", ""), **settings)

    def say(self, plan: Plan, context: Life, *, key: Key) -> str:
        """Words for a plan.

        Raises:
            service.EndpointError: It did not answer, or not in the chat-completions form.
        """
        seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
        said = self.service.ask(messages(plan, context), model=self.model, temperature=self.temperature, seed=seed)
        return said.strip().strip('"')


def messages(plan: Plan, context: Life, *, last: int = 12) -> list[dict[str, str]]:
    """The chat that is sent: who is spoken for, the talk so far with its maker as the assistant, and the plan."""
    talk = [message for message in context.messages if message.content][-last:]
    said = [{"role": "assistant" if m.role == MAKER else "user", "content": m.content} for m in talk]
    who = "You write the next message of one person in a talk, in this person's own way. Answer with the words only."
    return [{"role": "system", "content": who}, *said, {"role": "system", "content": instruction(plan)}]


def instruction(plan: Plan) -> str:
    """A plan in plain words: `Write the next message. It does: offer. It asks for food (2). ...`."""
    parts = [f"What it does: {plan.act}."] if plan.act else []
    verbs = {"ask": "asks for", "offer": "offers", "refuse": "refuses to give"}
    for good, stance in plan.stances.items():
        amount = f"{plan.amounts[good]} " if good in plan.amounts else ""
        parts.append(f"It {verbs.get(stance, stance)} {amount}{good}.")
    parts += [f"It speaks of {amount} {good}." for good, amount in plan.amounts.items() if good not in plan.stances]
    parts += [f"The person feels {name} {level:.1f} of 1." for name, level in plan.feels.items()]
    return " ".join(["Write the person's next message, short.", *parts, "Say nothing else of any good."])

"""An endpoint as a mouth: any OpenAI-compatible chat service, told the plan. Nothing is sent unless one is named."""

import dataclasses
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jax

from inhabit.speech.mouths import AbstractMouth
from inhabit.speech.plans import Plan
from inhabit.speech.sheets import MAKER
from inhabit.types import Key, Life

RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})
"""Status codes after which it is worth asking again."""


class EndpointError(RuntimeError):
    """The endpoint could not be made to answer; one line says why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndpointMouth(AbstractMouth):
    """Asks a chat service to say what a plan means, in its maker's way of talking.

    Attributes:
        url: Base address, with its version: `https://host/v1`.
        model: Name of the model there.
        secret: Key sent as a bearer token; empty sends none.
        temperature: Of the sampling there.
        timeout: Seconds for one try.
        tries: How often it is asked before giving up.
        pause: Seconds before the second try; doubled each time. A `Retry-After` of up to a minute is obeyed.
        transport: Another way to send, for tests: `fake_endpoint`.
    """

    url: str
    model: str
    secret: str = dataclasses.field(default="", repr=False)
    temperature: float = 0.7
    timeout: float = 30.0
    tries: int = 3
    pause: float = 0.5
    transport: httpx.BaseTransport | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self):
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"an endpoint's address begins with http:// or https://; got {self.url!r}")

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
            EndpointError: It did not answer, or not in the chat-completions form.
        """
        seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
        body = {
            "model": self.model,
            "messages": messages(plan, context),
            "temperature": self.temperature,
            "seed": seed,
        }
        answer = self._post(body)
        try:
            return str(answer["choices"][0]["message"]["content"]).strip().strip('"')
        except (KeyError, IndexError, TypeError):
            raise EndpointError(f"{self.url} answered without choices[0].message.content") from None

    def _post(self, body: Mapping[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        problem, wait = "", self.pause
        with httpx.Client(timeout=self.timeout, transport=self.transport, headers=headers) as client:
            for left in reversed(range(self.tries)):
                response, problem = self._try(client, body)
                if response is not None and response.status_code not in RETRIED:
                    return self._read(response)
                if left:
                    time.sleep(_asked_to_wait(response, wait))
                    wait *= 2
        raise EndpointError(f"{self.url} did not answer in {self.tries} tries: {problem}")

    def _try(self, client: httpx.Client, body: Mapping[str, Any]) -> tuple[httpx.Response | None, str]:
        try:
            response = client.post(f"{self.url.rstrip('/')}/chat/completions", json=body)
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__} {error}".strip()
        return response, f"status {response.status_code}"

    def _read(self, response: httpx.Response) -> Any:
        if response.is_error:
            raise EndpointError(f"{self.url} refused: status {response.status_code} {_line(response.text)}")
        try:
            return response.json()
        except ValueError:
            raise EndpointError(f"{self.url} answered something that is not JSON: {_line(response.text)}") from None


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


def fake_endpoint(answer: Callable[[dict[str, Any]], str]) -> httpx.MockTransport:
    """An endpoint that never leaves the process, for tests and examples: `answer` maps the sent body to words."""

    def handle(request: httpx.Request) -> httpx.Response:
        content = answer(json.loads(request.content))
        return httpx.Response(200, json={"choices": [{"message": {"role": "assistant", "content": content}}]})

    return httpx.MockTransport(handle)


def _asked_to_wait(response: httpx.Response | None, otherwise: float) -> float:
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return min(float(asked), 60.0) if asked.isdigit() else otherwise


def _line(text: str) -> str:
    return " ".join(text.split())[:200]

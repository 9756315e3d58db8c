"""A chat service: anything that answers the OpenAI chat-completions protocol, asked with retries."""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})
"""Status codes after which it is worth asking again."""


class EndpointError(RuntimeError):
    """The endpoint could not be made to answer; one line says why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChatService:
    """Where to ask, and how often. Several threads may ask at once.

    Attributes:
        url: Base address, with its version: `https://host/v1`.
        secret: Key sent as a bearer token; empty sends none.
        timeout: Seconds for one try.
        tries: How often it is asked before giving up.
        pause: Seconds before the second try; doubled each time. A `Retry-After` of up to a minute is obeyed.
        transport: Another way to send, for tests: `fake_endpoint`.
    """

    url: str
    secret: str = dataclasses.field(default="", repr=False)
    timeout: float = 30.0
    tries: int = 3
    pause: float = 0.5
    transport: httpx.BaseTransport | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"an endpoint's address begins with http:// or https://; got {self.url!r}")
        if self.tries < 1 or self.timeout <= 0:
            raise ValueError(f"tries {self.tries} and timeout {self.timeout} must be positive")

    def ask(self, messages: Sequence[Mapping[str, str]], **more: Any) -> str:
        """What it says next.

        Args:
            messages: The chat so far, each with `role` and `content`.
            more: Other fields of the request: `model`, `temperature`, `seed`.

        Raises:
            EndpointError: It did not answer, or not in the chat-completions form.
        """
        answer = self._post({"messages": list(messages), **more})
        try:
            return str(answer["choices"][0]["message"]["content"] or "")
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

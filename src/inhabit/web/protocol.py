"""The chat-completions protocol: what may be asked, how it is answered, how it is refused.

Source:
    OpenAI API reference, "Create chat completion" and "The chat completion chunk object".
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_BYTES = 1_000_000
"""Longest body."""
MOST_MESSAGES = 400
MOST_CHARACTERS = 200_000
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_TOKEN = re.compile(r"\w+|[^\w\s]")


class Refused(Exception):
    """A request that is not answered, and why.

    Attributes:
        message: What was wrong, and the mend.
        param: The field that was wrong.
        code: A word for programs.
        status: The HTTP status.
    """

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400):
        super().__init__(message)
        self.message, self.param, self.code, self.status = message, param, code, status

    def to_json(self) -> dict[str, Any]:
        """The protocol's error object."""
        kind = {429: "rate_limit_error", 500: "server_error", 502: "server_error"}.get(
            self.status, "invalid_request_error"
        )
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


@dataclasses.dataclass(frozen=True)
class Said:
    """One message: `assistant` is the person, anyone else is heard by it."""

    role: str
    content: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that can be answered.

    Attributes:
        model: Whom it asks.
        system: All system texts, joined.
        said: The conversation.
        seed: Same seed, same reply; by default the messages are the seed.
        stream: Whether the reply is sent in pieces.
        usage: Whether a stream ends with a count of tokens.
        plain: Whether our own extension is left out.
    """

    model: str
    system: str
    said: tuple[Said, ...]
    seed: int | None
    stream: bool
    usage: bool
    plain: bool

    @property
    def tokens(self) -> int:
        """Words and signs asked with."""
        return tokens(self.system) + sum(tokens(one.content) for one in self.said)


def asked(raw: bytes, *, end_token: str, plain: bool = False) -> Asked:
    """Read a request's body.

    Raises:
        Refused: It is too long, no JSON, or not in the form of the protocol.
    """
    if len(raw) > MOST_BYTES:
        raise Refused(f"the body is over {MOST_BYTES:,} bytes", code="request_too_large", status=413)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused("the body must be a JSON object")
    listed = [_message(one, place) for place, one in enumerate(_messages(body))]
    if sum(len(one.content) for one in listed) > MOST_CHARACTERS:
        raise Refused(f"the messages hold over {MOST_CHARACTERS:,} characters", param="messages")
    system = "\n".join(one.content for one in listed if one.role in ("system", "developer"))
    said = tuple(_without_end(one, end_token) for one in listed if one.role not in ("system", "developer"))
    options = body.get("stream_options") or {}
    return Asked(
        model=_of_type(body, "model", str, "stranger"),
        system=system,
        said=said,
        seed=_seed(body),
        stream=_of_type(body, "stream", bool, False),
        usage=bool(isinstance(options, dict) and options.get("include_usage")),
        plain=plain,
    )


def _messages(body: Mapping[str, Any]) -> list[Any]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("messages must be a list of at least one message", param="messages")
    if len(messages) > MOST_MESSAGES:
        raise Refused(f"over {MOST_MESSAGES} messages; a conversation is shorter", param="messages")
    if body.get("n") not in (None, 1):
        raise Refused("n must be 1: a person says one thing at a time", param="n")
    return messages


def _message(one: Any, place: int) -> Said:
    where = f"messages[{place}]"
    if not isinstance(one, dict):
        raise Refused(f"{where} must be an object with role and content", param=where)
    role = one.get("role")
    if role not in ROLES:
        raise Refused(f"{where}.role must be one of {', '.join(ROLES)}", param=f"{where}.role")
    return Said(role, _content(one.get("content"), where))


def _content(content: Any, where: str) -> str:
    """The words of a message: a string, or a list of parts of which only text can be heard."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        texts = [part.get("text") for part in content if part.get("type") in ("text", "input_text")]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return "\n".join(text for text in texts if isinstance(text, str))
        raise Refused(f"{where}.content has a part that is not text; only text can be heard", param=f"{where}.content")
    raise Refused(f"{where}.content must be a string or a list of text parts", param=f"{where}.content")


def _of_type(body: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Refused(f"{name} must be a {'string' if kind is str else 'boolean'}", param=name)
    return value


def _seed(body: Mapping[str, Any]) -> int | None:
    seed = body.get("seed")
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, int) or abs(seed) >= 2**63:
        raise Refused("seed must be a whole number of at most 64 bits", param="seed")
    return seed


def _without_end(said: Said, end_token: str) -> Said:
    """What a person said, without the sign that it leaves."""
    if said.role != "assistant" or not end_token or not said.content.rstrip().endswith(end_token):
        return said
    return Said(said.role, said.content.rstrip().removesuffix(end_token).rstrip())


def completion(name: str, created: int, asked: Asked, content: str, extension: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer as one object."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content},
        "logprobs": None,
        "finish_reason": "stop",
    }
    head = {"id": name, "object": "chat.completion", "created": created, "model": asked.model}
    return head | {"choices": [choice], "usage": usage(asked, content)} | _extended(asked, extension)


def chunks(name: str, created: int, asked: Asked, content: str, extension: Mapping[str, Any]) -> Iterator[str]:
    """The answer as server-sent events: the role, a word at a time, the end, `[DONE]`."""
    head = {"id": name, "object": "chat.completion.chunk", "created": created, "model": asked.model}

    def event(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish}
        return _event(head | {"choices": [choice]} | more)

    yield event({"role": "assistant", "content": ""})
    for piece in re.findall(r"\s*\S+\s*$|\s*\S+", content):
        yield event({"content": piece})
    yield event({}, "stop", **_extended(asked, extension))
    if asked.usage:
        yield _event(head | {"choices": [], "usage": usage(asked, content)})
    yield "data: [DONE]\n\n"


def tokens(text: str) -> int:
    """Words and signs of a text."""
    return len(_TOKEN.findall(text))


def usage(asked: Asked, content: str) -> dict[str, int]:
    """How much was said, counted in words and signs."""
    before, after = asked.tokens, tokens(content)
    return {"prompt_tokens": before, "completion_tokens": after, "total_tokens": before + after}


def _extended(asked: Asked, extension: Mapping[str, Any]) -> dict[str, Any]:
    return {} if asked.plain else {"inhabit": dict(extension)}


def _event(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n"

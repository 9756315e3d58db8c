"""The server: fitted people behind the chat-completions protocol, and a page to look into them.

Whoever calls is the bot under test: it speaks as `user`, and the person answers as `assistant`.
"""

import asyncio
import logging
import pathlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from inhabit.speech.service import EndpointError
from inhabit.web.people import Served
from inhabit.web.protocol import MOST_BYTES, Asked, Refused, asked, chunks, completion

PAGE = pathlib.Path(__file__).with_name("page.html")
LOCAL = ["localhost", "127.0.0.1", "[::1]", "::1", "testserver"]
"""Names under which a server that only this machine can reach may be called; guards against rebound names."""
_HEADERS = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"}


class Turnstile:
    """Lets one request through at a time; some may wait, the rest are told to come back."""

    def __init__(self, waiting: int):
        self._lock, self._inside, self._most = asyncio.Lock(), 0, waiting + 1

    @asynccontextmanager
    async def through(self) -> AsyncIterator[None]:
        """Wait for one's turn.

        Raises:
            Refused: Too many are waiting.
        """
        if self._inside >= self._most:
            raise Refused("too many requests are waiting; try again", code="rate_limit_exceeded", status=429)
        self._inside += 1
        try:
            async with self._lock:
                yield
        finally:
            self._inside -= 1


def serve_app(
    served: Served, *, end_token: str = "<END>", local_only: bool = True, waiting: int = 32, clock: Any = time.time
) -> FastAPI:
    """The application.

    Args:
        served: The people.
        end_token: Put behind what a person says when it leaves; empty for nothing.
        local_only: Refuse requests made to any name but this machine's own.
        waiting: Requests that may wait while one is answered.
        clock: Tells the time, in seconds.
    """
    app = FastAPI(title="inhabit", docs_url=None, redoc_url=None, openapi_url=None)
    turnstile, born = Turnstile(waiting), int(clock())
    if local_only:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL)

    @app.exception_handler(Refused)
    async def refuse(request: Request, refused: Exception) -> JSONResponse:
        assert isinstance(refused, Refused)
        headers = {"Retry-After": "1"} if refused.status == 429 else None
        return JSONResponse(refused.to_json(), refused.status, headers)

    @app.exception_handler(HTTPException)
    async def lost(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, HTTPException)
        said = f"{request.method} {request.url.path}: {problem.detail}"
        return JSONResponse(Refused(said, status=problem.status_code).to_json(), problem.status_code)

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        listed = [{"id": one, "object": "model", "created": born, "owned_by": "inhabit"} for one in served.models]
        return {"object": "list", "data": listed}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        plain = request.query_params.get("plain") in ("1", "true")
        ask = asked(await _body(request), end_token=end_token, plain=plain)
        async with turnstile.through():
            content, extension = await run_in_threadpool(_answer, served, ask, end_token)
        created = int(clock())
        name = f"chatcmpl-{extension['id']}"
        if ask.stream:
            return StreamingResponse(
                chunks(name, created, ask, content, extension),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-cache"},
            )
        return JSONResponse(completion(name, created, ask, content, extension))

    @app.get("/v1/people")
    async def people() -> dict[str, Any]:
        codebook = served.people.codebook
        return {"people": served.models, "goods": codebook.goods, "acts": codebook.acts, "end_token": end_token}

    @app.get("/", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE.read_text(encoding="utf-8"), headers=_HEADERS)

    return app


async def _body(request: Request) -> bytes:
    """The body, no more of it than is allowed."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > MOST_BYTES:
            break
    return bytes(raw)


def _answer(served: Served, ask: Asked, end_token: str) -> tuple[str, dict[str, Any]]:
    """The words of the answer, and what went on inside."""
    try:
        answer = served.answer(ask)
    except EndpointError as error:
        raise Refused(str(error), code="mouth_failed", status=502) from None
    except Refused:
        raise
    except Exception:
        logging.getLogger(__name__).exception("a reply failed")
        raise Refused("the reply failed; the server's log says why", status=500) from None
    content = answer.reply.message.content
    if answer.reply.ends and end_token:
        content = f"{content} {end_token}".strip()
    return content, {"id": answer.name} | answer.seen.to_json()

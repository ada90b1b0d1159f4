"""What one client may ask of the OPTIMADE service: bounds in size and in time."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any
from urllib.parse import parse_qs

from optimade.exceptions import OptimadeHTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_WHOLE = re.compile(r"[0-9]{1,9}")
LONGEST_QUERY = 8192
"""Bytes of everything behind the ``?`` of a URL."""
LONGEST_FILTER = 4096
MOST_VALUES = 200
"""Values in the lists of a filter, all together; there are 118 elements."""
ANSWER_SECONDS = 10.0
"""How long a filter may search."""
IDLE_SECONDS = 20.0
"""How long a connection may stay open without a request on it."""
MOST_CONNECTIONS = 200


class TooLateError(OptimadeHTTPException):
    """A filter that takes longer than the service gives it."""

    status_code: int = 503
    title: str = "Service Unavailable"


class Deadline:
    """A value that equals no other, and that is compared with in time only.

    The reference server's database applies a filter to one entry after the other; a filter in which
    this stands ends when the time is up.
    """

    def __init__(self) -> None:
        self._end = time.monotonic() + ANSWER_SECONDS

    def __eq__(self, other: object) -> bool:
        if time.monotonic() > self._end:
            raise TooLateError(
                detail=f"the filter takes longer than {ANSWER_SECONDS:g} s; ask for less at once"
            )
        return False

    __hash__ = None  # type: ignore[assignment] # it is a question of time, not a key


class QueryLimits:
    """Refuses queries that are too long, or ask for pages of no length, before they are parsed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400 or pass the request on."""
        reason = _refusal(scope["query_string"]) if scope["type"] == "http" else None
        if reason is None:
            await self._app(scope, receive, send)
            return
        error = {"status": "400", "title": "Bad Request", "detail": reason}
        body = {"errors": [error], "meta": {"more_data_available": False}}
        await JSONResponse(body, 400)(scope, receive, send)


def _refusal(query: bytes) -> str | None:
    """Why a query is not answered, or None."""
    if len(query) > LONGEST_QUERY:
        return f"the query is longer than {LONGEST_QUERY} bytes"
    options = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    for text in options.get("filter", []):
        if len(text) > LONGEST_FILTER:
            return f"the filter is longer than {LONGEST_FILTER} characters"
        if text.count(",") >= MOST_VALUES:
            return f"the filter lists more than {MOST_VALUES} values"
    for name, least in (("page_limit", 1), ("page_number", 1), ("page_offset", 0)):
        for text in options.get(name, []):
            if not _WHOLE.fullmatch(text) or int(text) < least:
                return f"{name} is a whole number from {least} to 999,999,999"
    return None


class ImpatientProtocol(H11Protocol):
    """HTTP that closes connections on which no request arrives.

    The server by itself waits for ever for a first request, and for the rest of half a one.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to count."""
        super().connection_made(transport)
        self._answered: Any = None
        self._count()

    def _count(self) -> None:
        self.loop.call_later(IDLE_SECONDS, self._close_if_idle)

    def _close_if_idle(self) -> None:
        """Close unless a request is being answered, or one was since the last look."""
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering and self.cycle is self._answered:
            self.transport.close()
            return
        self._answered = self.cycle
        self._count()

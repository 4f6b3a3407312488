"""One connection to a supplier: raw asyncio.Protocol, parsed by httptools.

It carries one exchange at a time and tells the call what arrives. It goes back to the pool
only when the answer has ended, the supplier keeps it open and nothing unread is left.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

import httptools

if TYPE_CHECKING:
    from madang.gateway._pool import Pool

INFORMATIONAL_MAX = 8
HEADERS_MAX = 200
COPIED_BYTES_MAX = 16 * 1024


class Exchange(Protocol):
    """A call, as its upstream connection sees it."""

    def answer_began(self, status: int, content_type: bytes) -> None: ...

    def answer_data(self, data: bytes) -> None: ...

    def answer_ended(self) -> None:
        """The answer is whole."""

    def answer_broke(self, reason: str, *, is_clean_start: bool) -> None:
        """It is not, and will not be. `is_clean_start`: a pooled connection died untouched."""


class UpstreamConnection(asyncio.Protocol):
    """A connection of a pool."""

    __slots__ = (
        "_content_type", "_encoding", "_ended", "_framing", "_headers", "_is_old", "_keep",
        "_parser", "_pieces", "_pool", "_refused", "_skip", "_skips", "_touched", "exchange",
        "idle_since", "is_closed", "on_body", "transport",
    )  # fmt: skip

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.exchange: Exchange | None = None
        self.idle_since = 0.0
        self.is_closed = False
        self._is_old = False
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append  # called for every chunk: nothing in between
        self._parser = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self._content_type = b""
        self._encoding = b""
        self._framing = 0
        self._headers = 0
        self._skip = False
        self._skips = 0
        self._touched = False
        self._ended = False
        self._pieces.clear()
        self._keep = False
        self._refused = ""

    # What a call does ----------------------------------------------------------------

    def send(self, head: bytes, body: bytes) -> None:
        """The whole request, at once: a large body is not copied behind its head."""
        if len(body) < COPIED_BYTES_MAX:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)

    def pause(self) -> None:
        if not self.is_closed:
            self.transport.pause_reading()

    def resume(self) -> None:
        if not self.is_closed:
            self.transport.resume_reading()

    def abort(self) -> None:
        """Let go at once; the exchange hears nothing more."""
        self.exchange = None
        if not self.is_closed:
            self.is_closed = True
            self.transport.abort()
            self._pool.closed(self)

    # asyncio.Protocol ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.exchange is None:
            self.abort()  # nobody asked
            return
        self._touched = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._pieces and not self._refused:
                self._deliver()
            self._broke("not HTTP")
            return
        if self._refused:
            self._broke(self._refused)
            return
        if self._pieces and self.exchange is not None:
            self._deliver()
        if self._ended:
            exchange, self.exchange = self.exchange, None
            if exchange is not None:
                exchange.answer_ended()
            self._release()

    def _deliver(self) -> None:
        """What one read brought, in one piece: a stream's events come many at a time."""
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if self.exchange is not None:
            self.exchange.answer_data(data)

    def eof_received(self) -> bool:
        """An answer without a length ends with the connection."""
        if self.exchange is not None and self._headers and not self._framing:
            exchange, self.exchange = self.exchange, None
            exchange.answer_ended()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._pool.closed(self)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.answer_broke(
                "the connection was closed", is_clean_start=self._is_old and not self._touched
            )

    def _release(self) -> None:
        """The exchange is over and every byte that came is accounted for."""
        if self.is_closed:
            return
        if self.transport.is_closing() or not self._keep:
            self.abort()
            return
        self._is_old = True
        self._reset()
        self._pool.give(self)

    def _broke(self, reason: str) -> None:
        exchange = self.exchange
        self.abort()
        if exchange is not None:
            exchange.answer_broke(reason, is_clean_start=False)

    # httptools -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._ended:
            self._refused = "more than one answer"

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        lower = name.lower()
        if lower == b"content-type":
            self._content_type = value
        elif lower == b"content-encoding":
            self._encoding = value
        elif lower in (b"content-length", b"transfer-encoding"):
            self._framing += 1
        if self._headers > HEADERS_MAX:
            self._refused = "too many headers"

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._skip = True
            self._skips += 1
            if status == 101 or self._skips > INFORMATIONAL_MAX:
                self._refused = f"status {status}"
            return
        if self._encoding not in (b"", b"identity"):
            self._refused = "an encoding that nobody asked for"
        if self.exchange is not None and not self._refused:
            self.exchange.answer_began(status, self._content_type)

    def on_message_complete(self) -> None:
        if self._skip:
            skips = self._skips
            self._reset()
            self._touched, self._skips = True, skips
            return
        if self._refused:
            return
        self._ended = True
        self._keep = self._parser.should_keep_alive()

"""One connection from a caller: strict HTTP/1.1, parsed by httptools.

Anything that two parsers could read differently is refused and the connection closed: both a
length and a transfer encoding, a repeated framing header, another encoding than chunked. The
caller's header lines never travel on; the body does, under a length of our own.

Requests of one connection are answered in their order. While one is being answered, those
that came behind it wait in a short queue, and reading stops.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol, cast

import httptools

from madang.core.errors import MadangError
from madang.gateway.errors import BodyTooLarge, RequestMalformed

if TYPE_CHECKING:
    from madang.gateway.settings import Limits

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
_NAMES = (
    b"authorization", b"content-encoding", b"content-length", b"expect", b"host",
    b"idempotency-key", b"transfer-encoding", b"upgrade", b"x-api-key",
)  # fmt: skip
_KEPT = {name: name for name in _NAMES} | {name.title(): name for name in _NAMES}
"""The header lines that mean something here, as callers usually spell them."""
_SIMPLE = {b"authorization", b"content-length", b"host", b"x-api-key"}
_LENGTH_DIGITS_MAX = 12


class Request:
    """One whole request."""

    __slots__ = ("body", "headers", "is_chunkable", "keep_alive", "method", "path", "refusal")

    def __init__(self) -> None:
        self.method = b""
        self.path = b""
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.keep_alive = True
        self.is_chunkable = True
        self.refusal: MadangError | None = None


class Reply(Protocol):
    """What is answering a request now, as the connection sees it."""

    def client_left(self) -> None: ...

    def client_is_slow(self) -> None: ...

    def client_is_ready(self) -> None: ...


class Door(Protocol):
    """The worker behind the connections."""

    limits: Limits
    connections: set[Connection]

    def now(self) -> float: ...

    def handle(self, connection: Connection, request: Request) -> None:
        """Answer now or later; at last call one of the connection's endings."""

    def may_send_body(self, request: Request) -> MadangError | None:
        """Asked before a body comes, where the caller waits for leave to send it."""

    def error_bytes(self, request: Request, error: MadangError) -> bytes: ...


class Connection(asyncio.Protocol):
    """A caller's connection."""

    __slots__ = (
        "_body", "_body_bytes", "_door", "_head_bytes", "_headers_done", "_is_closing",
        "_is_lingering", "_is_paused", "_parser", "_path", "_queue", "_request", "_seen",
        "_slow", "current", "reply", "since", "transport",
    )  # fmt: skip

    def __init__(self, door: Door) -> None:
        self._door = door
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[Request] = deque()
        self.current: Request | None = None
        self.reply: Reply | None = None
        self.since = 0.0
        self._is_closing = False
        self._slow = False
        self._is_paused = False
        self._is_lingering = False
        self._start()

    def _start(self) -> None:
        self._request = Request()
        self._path = b""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._headers_done = True  # nothing of a head is outstanding
        self._seen = 0

    # asyncio.Protocol ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.since = self._door.now()
        if len(self._door.connections) >= self._door.limits.connections_max:
            self.transport.abort()
            return
        self._door.connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as err:
            self._refuse(RequestMalformed(reason=f"it is no HTTP ({err})"))
        except httptools.HttpParserUpgrade:
            self._refuse(RequestMalformed(reason="upgrades are not offered"))
        if not self._headers_done:
            self._head_bytes += len(data)
            if self._head_bytes > self._door.limits.header_bytes_max:
                self._refuse(RequestMalformed(reason="the header is too large"))
        if self.current is None:
            self._next()
        elif self._queue and not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._door.connections.discard(self)
        self._is_closing = True
        self._queue.clear()
        reply, self.reply = self.reply, None
        if reply is not None:
            reply.client_left()

    def pause_writing(self) -> None:
        self._slow = True
        self.since = self._door.now()
        if self.reply is not None:
            self.reply.client_is_slow()

    def resume_writing(self) -> None:
        self._slow = False
        if self.reply is not None:
            self.reply.client_is_ready()

    # httptools -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._headers_done = False
        self.since = self._door.now()

    def on_url(self, url: bytes) -> None:
        self._path += url
        if len(self._path) > self._door.limits.path_bytes_max:
            self._doubt("the path is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._seen += 1
        if self._seen > self._door.limits.headers_max:
            self._doubt("too many headers")
            return
        lower = _KEPT.get(name) or _KEPT.get(name.lower())
        if lower is None:
            return
        headers = self._request.headers
        if lower in headers:
            self._doubt(f"{lower.decode()} is there twice")
        headers[lower] = value.strip(b" \t")

    def on_headers_complete(self) -> None:
        self._headers_done = True
        request, parser = self._request, self._parser
        request.method = parser.get_method()
        request.path = self._path
        request.keep_alive = request.keep_alive and parser.should_keep_alive()
        version = parser.get_http_version()
        if version != "1.1":
            request.is_chunkable = request.keep_alive = False
        self._check_head(request.headers, version)
        if request.refusal is None and b"expect" in request.headers:
            self._expected(request)

    def _check_head(self, headers: dict[bytes, bytes], version: str) -> None:
        if version not in {"1.1", "1.0"}:
            self._doubt("neither HTTP 1.1 nor HTTP 1.0")
        if b"host" not in headers and version == "1.1":
            self._doubt("host is missing")
        if not headers.keys() <= _SIMPLE or self._request.method == b"CONNECT":
            self._check_rare(headers, version)
        length = headers.get(b"content-length")
        if length is not None:
            if not length.isdigit() or len(length) > _LENGTH_DIGITS_MAX:
                self._doubt("content-length is not a number")
            elif int(length) > self._door.limits.body_bytes_max:
                self._too_large()

    def _check_rare(self, headers: dict[bytes, bytes], version: str) -> None:
        if b"upgrade" in headers or self._request.method == b"CONNECT":
            self._doubt("upgrades are not offered")
        coding = headers.get(b"transfer-encoding")
        if coding is not None and (
            b"content-length" in headers or coding.lower() != b"chunked" or version != "1.1"
        ):
            self._doubt("the body's framing is ambiguous")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            self._doubt("an encoded body is not accepted")

    def _expected(self, request: Request) -> None:
        if request.headers[b"expect"].lower() != b"100-continue":
            self._doubt("only 100-continue may be expected")
            return
        request.refusal = self._door.may_send_body(request)
        if request.refusal is None and self.current is None and not self._queue:
            self.transport.write(CONTINUE)
        elif request.refusal is not None:
            request.keep_alive = False  # the body may or may not follow

    def on_body(self, data: bytes) -> None:
        if self._request.refusal is not None:
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._door.limits.body_bytes_max:
            self._too_large()
            return
        self._body.append(data)

    def on_message_complete(self) -> None:
        request = self._request
        body = self._body
        request.body = body[0] if len(body) == 1 else b"".join(body)
        self._queue.append(request)
        self.since = self._door.now()
        self._start()
        if len(self._queue) > self._door.limits.pipeline_max:
            request.refusal = RequestMalformed(reason="too many requests in a row")
            request.keep_alive = False

    def _doubt(self, reason: str) -> None:
        """A request that must not be read on: answered with a refusal, then closed."""
        if self._request.refusal is None:
            self._request.refusal = RequestMalformed(reason=reason)
        self._request.keep_alive = False

    def _too_large(self) -> None:
        limit = self._door.limits.body_bytes_max
        self._request.refusal = BodyTooLarge(limit_bytes=limit)
        self._request.keep_alive = False
        self._body.clear()

    def _refuse(self, error: MadangError) -> None:
        """The stream itself cannot be read on. What came before it is still answered."""
        request = self._request
        request.refusal = request.refusal or error
        request.keep_alive = False
        request.path = request.path or self._path
        self._queue.append(request)
        self._start()
        self._is_closing = True

    # Answering -----------------------------------------------------------------------

    def _next(self) -> None:
        """Take up the next request, if there is one."""
        if self._request.refusal is not None and not self._queue:
            self._queue.append(self._request)  # refused before its body came
            self._is_closing = True
        if not self._queue or self.transport.is_closing():
            return
        request = self.current = self._queue.popleft()
        if request.refusal is not None:
            self.finish(self._door.error_bytes(request, request.refusal))
        else:
            self._door.handle(self, request)

    def write(self, data: bytes) -> None:
        """Part of an answer."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def finish(self, data: bytes) -> None:
        """The last bytes of an answer; then the next request, or the end."""
        request = self.current
        assert request is not None  # an answer belongs to a request
        if not self.transport.is_closing():
            self.transport.write(data)
        self.reply = None
        self.current = None
        self.since = self._door.now()
        if not request.keep_alive or (self._is_closing and not self._queue):
            self._end(linger=request.refusal is not None)
        elif self._queue or self._request.refusal is not None:
            self._next()
        elif self._is_paused:
            self._is_paused = False
            self.transport.resume_reading()

    def _end(self, *, linger: bool) -> None:
        """Close. A caller that may still be sending is let finish, so that it can read why."""
        self._is_closing = True
        self._queue.clear()
        if linger and self.transport.can_write_eof():
            self._is_lingering = True
            if self._is_paused:
                self.transport.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()

    def break_off(self) -> None:
        """Send what was written, then close without the end that the caller waits for."""
        self.reply = None
        self._end(linger=False)

    def abort(self) -> None:
        """End without a clean end, so that the caller cannot take it for one."""
        self.reply = None
        self._is_closing = True
        self.transport.abort()

    @property
    def is_slow(self) -> bool:
        return self._slow

    # Time ----------------------------------------------------------------------------

    def sweep(self, now: float) -> None:
        """Close what has waited too long for its caller."""
        limits, waited = self._door.limits, now - self.since
        if self._is_lingering:
            if waited > limits.linger_s_max:
                self.transport.abort()
        elif self.current is not None:
            if self._slow and waited > limits.stalled_client_s_max:
                self.transport.abort()
        elif not self._headers_done:
            if waited > limits.head_s_max:
                self.transport.abort()
        elif self._request.headers:
            if waited > limits.body_s_max:
                self.transport.abort()
        elif waited > limits.keep_alive_s_max:
            self.transport.close()

    def stop(self) -> None:
        """The worker is going: finish what is being answered, take nothing more."""
        if self.current is None:
            self._is_closing = True
            self.transport.close()
        else:
            self.current.keep_alive = False


def response(
    status: bytes, content_type: bytes, headers: bytes, body: bytes, *, keep_alive: bool
) -> bytes:
    """A whole answer with a length."""
    return b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n%b" % (
        status,
        content_type,
        len(body),
        headers,
        b"" if keep_alive else b"connection: close\r\n",
        body,
    )


def chunk(data: bytes) -> bytes:
    """One piece of a chunked answer."""
    return b"%x\r\n%b\r\n" % (len(data), data)

"""Bodies of requests, read as they arrive."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn.http.body import Body, LengthReader

from madang.parties.api import ApiRequest

PIECE_BYTES = 1024 * 1024


def pieces(request: ApiRequest) -> Iterator[bytes]:
    """The body in pieces of any length. Ends early when the client does."""
    body = request.META["wsgi.input"]
    if isinstance(body, Body) and isinstance(body.reader, LengthReader):
        yield from _received(body, body.reader)
    else:
        while piece := request.read(PIECE_BYTES):
            yield piece


def _received(body: Body, reader: LengthReader) -> Iterator[bytes]:
    """What gunicorn takes from the socket, up to a mebibyte at once: its own `read` copies it
    three times, which costs more than hashing it."""
    try:
        while reader.length:
            piece = reader.unreader.read(None, read_ahead=reader.length)
            if not piece:
                return
            if len(piece) > reader.length:  # the client's next request came with it
                reader.unreader.unread(piece[reader.length :])
                piece = piece[: reader.length]
            reader.length -= len(piece)
            yield piece
    except Exception:
        body.failed = True  # where the next request begins is unknown
        raise

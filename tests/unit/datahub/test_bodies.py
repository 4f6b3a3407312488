"""A body straight from gunicorn's socket: all of it, nothing more, and no wrong reuse."""

from __future__ import annotations

import io
import socket
import threading

import pytest
from django.core.handlers.wsgi import WSGIRequest
from gunicorn.http.body import Body, EOFReader, LengthReader
from gunicorn.http.unreader import SocketUnreader

from madang.datahub.hub.bodies import pieces

NEXT = b"GET / HTTP/1.1\r\n\r\n"


def request_of(stream, length: int) -> WSGIRequest:
    environ = {
        "REQUEST_METHOD": "PUT", "PATH_INFO": "/", "wsgi.input": stream,
        "CONTENT_LENGTH": str(length),
    }  # fmt: skip
    return WSGIRequest(environ)


@pytest.fixture
def sent():
    """A server's unreader, to which another thread sends this and then says no more."""
    lines: list[socket.socket] = []
    senders: list[threading.Thread] = []

    def run(data: bytes) -> SocketUnreader:
        ours, theirs = socket.socketpair()

        def send() -> None:
            theirs.sendall(data)
            theirs.shutdown(socket.SHUT_WR)

        lines.extend((ours, theirs))
        senders.append(threading.Thread(target=send))
        senders[-1].start()
        return SocketUnreader(ours)

    yield run
    for sender in senders:
        sender.join()
    for line in lines:
        line.close()


@pytest.mark.parametrize("size", [0, 1, 8_192, 3_000_001])
@pytest.mark.parametrize("follows", [b"", NEXT])
def test_body_is_whole_and_the_next_request_stays(sent, size, follows) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    unreader = sent(data + follows)
    body = Body(LengthReader(unreader, size))
    assert b"".join(pieces(request_of(body, size))) == data
    assert body.read() == b""
    assert unreader.read(len(NEXT)) == follows
    assert not body.failed


def test_next_request_that_came_with_the_end_goes_back(sent) -> None:
    unreader = sent(b"")
    unreader.unread(b"abc" + NEXT)
    assert b"".join(pieces(request_of(Body(LengthReader(unreader, 3)), 3))) == b"abc"
    assert unreader.take_buffered() == NEXT


def test_client_that_leaves_early_ends_the_body(sent) -> None:
    body = Body(LengthReader(sent(b"abc"), 100))
    assert b"".join(pieces(request_of(body, 100))) == b"abc"


def test_connection_that_breaks_is_not_used_again() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.01)
        body = Body(LengthReader(SocketUnreader(ours), 100))
        with pytest.raises(TimeoutError):
            list(pieces(request_of(body, 100)))
    assert body.failed


def test_body_that_is_left_in_the_middle_can_be_read_on_by_the_server(sent) -> None:
    """So that the client hears the refusal instead of a broken line."""
    unreader = sent(bytes(3_000_000) + NEXT)
    body = Body(LengthReader(unreader, 3_000_000))
    reading = pieces(request_of(body, 3_000_000))
    left = 3_000_000 - len(next(reading))
    reading.close()
    assert len(body.read()) == left
    assert unreader.read(len(NEXT)) == NEXT
    assert not body.failed


@pytest.mark.parametrize("kind", ["another server", "a length that was not said"])
def test_other_bodies_are_read_in_their_own_way(sent, kind) -> None:
    data = bytes(1_500_000)
    stream = io.BytesIO(data) if kind == "another server" else Body(EOFReader(sent(data)))
    assert b"".join(pieces(request_of(stream, len(data)))) == data

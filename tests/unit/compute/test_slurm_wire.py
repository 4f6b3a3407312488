"""What comes over the wire is a whole answer, or none."""

from __future__ import annotations

import socket
import threading

import pytest

from madang.compute.engines.slurm.wire import NoAnswer, Wire

OK = b"HTTP/1.1 200 OK\r\n"


class Telling:
    """A server of one connection: to each request it says the next of `answers`, and closes it
    behind the last."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[bytes] = []
        self._answers = answers
        self._door = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Wire:
        self._thread.start()
        self.wire = Wire("127.0.0.1", self._door.getsockname()[1], 30.0)
        return self.wire

    def __exit__(self, *raised: object) -> None:
        self.wire.close()
        self._thread.join()
        self._door.close()

    def _serve(self) -> None:
        connection, _ = self._door.accept()
        with connection:
            for answer in self._answers:
                self.asked.append(_whole_request(connection))
                connection.sendall(answer)


def _whole_request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65_536)
    head, _, body = read.partition(b"\r\n\r\n")
    size = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")),
        0,
    )
    while len(body) < size:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def get(wire: Wire) -> bytes:
    return wire.ask("GET", "/slurm/v0.0.38/jobs", {}, None)


@pytest.mark.parametrize(
    ("answer", "body", "is_kept"),
    [
        (OK + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
        (OK + b"content-length:3\n\nabc", b"abc", True),
        (OK + b"Content-Length: 0\r\n\r\n", b"", True),
        (OK + b"Connection: Close\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
        (
            b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\nabc",
            b"abc",
            True,
        ),
        (OK + b"\r\nall until the end", b"all until the end", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 500\r\nContent-Length: 2\r\n\r\n{}", b"{}", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", b"a", True),
        (
            OK
            + b"Transfer-Encoding: chunked\r\n\r\n2;x=1\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\n",
            b"abc",
            True,
        ),
    ],
)
def test_an_answer_is_read_as_it_is_framed(answer, body, is_kept) -> None:
    with Telling(answer) as wire:
        assert (get(wire), wire.is_kept) == (body, is_kept)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"nothing of HTTP\r\n\r\n",
        OK,
        OK + b"Content-Length: 3\r\n",
        OK + b"Content-Length: 3\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
        OK + b"a: b\r\n" * 200 + b"\r\n",
        OK + b"a" * 70_000 + b"\r\n\r\n",
    ],
    ids=range(12),
)
def test_half_an_answer_is_none(answer) -> None:
    with Telling(answer) as wire, pytest.raises(NoAnswer):
        get(wire)


def test_answers_come_one_after_another() -> None:
    first, second = (OK + b"Content-Length: 1\r\n\r\n" + told for told in (b"1", b"2"))
    with Telling(first, second) as wire:
        assert (get(wire), get(wire)) == (b"1", b"2")


def test_a_request_is_one_head_and_its_body() -> None:
    telling = Telling(OK + b"Content-Length: 0\r\n\r\n")
    with telling as wire:
        wire.ask("POST", "/a/b", {"X-One": "1"}, '{"가": 1}')
    (asked,) = telling.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    first, host, *others = head.split(b"\r\n")
    assert (first, host[:16]) == (b"POST /a/b HTTP/1.1", b"Host: 127.0.0.1:")
    assert others == [b"Accept-Encoding: identity", b"X-One: 1", b"Content-Length: 10"]
    assert body == '{"가": 1}'.encode()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a b", {}),
        ("/a\r\nX-Two: 2", {}),
        ("/가", {}),
        ("/a", {"X-One": "1\r\nX-Two: 2"}),
        ("/a", {"X-One": "1\x00"}),
        ("/a", {"X-One": "가"}),
    ],
)
def test_what_would_be_another_request_is_never_sent(path, headers) -> None:
    telling = Telling(OK + b"Content-Length: 0\r\n\r\n")
    with telling as wire:
        with pytest.raises(ValueError):
            wire.ask("GET", path, headers, None)
        get(wire)
    assert len(telling.asked) == 1

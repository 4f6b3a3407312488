"""Suppliers that break the rules of HTTP: no answer reaches another caller, no call hangs, and
each call has its one terminal record."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import Stage, wait_for
from madang.wire.record import RecordFlag, RecordKind

USAGE = {"prompt_tokens": 3, "completion_tokens": 2}
BODY = json.dumps(
    {"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}], "usage": USAGE}
).encode()
LENGTH = b"content-length: %d\r\n" % len(BODY)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


class Script:
    """A supplier that answers each request with the next bytes of a script."""

    def __init__(self) -> None:
        self.answers: list[tuple[bytes, bool]] = []
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while self._one(connection):
                    pass
            except OSError:
                return

    def _one(self, connection: socket.socket) -> bool:
        seen = b""
        while b"\r\n\r\n" not in seen:
            piece = connection.recv(65536)
            if not piece:
                return False
            seen += piece
        head, _, body = seen.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        self.requests += 1
        answer, stays = self.answers.pop(0)
        connection.sendall(answer)
        return stays

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with_closed(connection)
        for thread in [self._accepting, *self._threads]:
            thread.join(5)


def with_closed(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@pytest.fixture(scope="module")
def script():
    found = Script()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def stage(tmp_path_factory, script):
    found = Stage(tmp_path_factory.mktemp("supplier"))
    found.offer("nuri/script", upstream=f"http://127.0.0.1:{script.port}/v1")
    yield found
    found.close()


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


GOOD = {
    "a length": OK + LENGTH + b"\r\n" + BODY,
    "chunks": OK + b"transfer-encoding: chunked\r\n\r\n" + chunked(BODY[:9], BODY[9:])
    + b"0\r\n\r\n",
    "a trailer": OK + b"transfer-encoding: chunked\r\n\r\n" + chunked(BODY)
    + b"0\r\nx: y\r\n\r\n",
    "early hints first": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK + LENGTH + b"\r\n"
    + BODY,
    "a hundred first": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
}  # fmt: skip


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD)
def test_an_answer_that_keeps_the_rules_is_passed_on(stage, script, answer):
    script.answers = [(answer, True)]
    response = stage.chat(stage.key(), model="nuri/script")
    assert response.status_code == 200, response.text
    assert response.content == BODY


def test_an_answer_without_a_length_ends_with_the_connection(stage, script):
    script.answers = [(OK + b"\r\n" + BODY, False)]
    assert stage.chat(stage.key(), model="nuri/script").content == BODY


BAD = {
    "not HTTP": b"hello\r\n\r\n",
    "a length and chunks": OK + LENGTH + b"transfer-encoding: chunked\r\n\r\n" + chunked(BODY),
    "two lengths": OK + LENGTH + b"content-length: 3\r\n\r\n" + BODY,
    "more than one answer": (OK + LENGTH + b"\r\n" + BODY) * 2,
    "bytes behind the answer": OK + LENGTH + b"\r\n" + BODY + b"junk",
    "a compressed answer": OK + LENGTH + b"content-encoding: gzip\r\n\r\n" + BODY,
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    "hints without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20,
    "headers without end": OK + b"x: y\r\n" * 500 + LENGTH + b"\r\n" + BODY,
    "a bad chunk": OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
    "half an answer": OK + LENGTH + b"\r\n" + BODY[:20],
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_an_answer_that_breaks_them_is_502_and_its_connection_is_not_used_again(
    stage, script, answer
):
    script.answers = [(answer, False), (OK + LENGTH + b"\r\n" + BODY, True)]
    bad = stage.chat(stage.key(), model="nuri/script")
    good = stage.chat(stage.key(), model="nuri/script")
    assert (bad.status_code, good.status_code) in {(502, 200), (200, 200)}
    if bad.status_code == 502:
        assert bad.json()["error"]["code"] == "gateway.upstream.failed"
    assert good.content == BODY


def test_a_kept_connection_that_died_is_tried_once_more_and_paid_once(stage, script):
    secret = stage.key()
    whole = OK + LENGTH + b"\r\n" + BODY
    script.answers = [(whole, True), (b"", False), (whole, True)]
    assert stage.chat(secret, model="nuri/script").status_code == 200
    response = stage.chat(secret, model="nuri/script")
    assert response.status_code == 200
    mine = [
        record
        for record in stage.till.records()
        if str(record.call) == response.headers["x-madang-call-id"]
    ]
    kinds = Counter(record.kind for record in mine)
    assert kinds[RecordKind.COMMIT] == 1
    assert kinds[RecordKind.SENT] == 2
    assert [record.attempt for record in mine if record.kind is RecordKind.SENT] == [1, 2]


def test_a_fresh_connection_that_dies_is_not_tried_again(stage, script):
    stage.offer("nuri/fresh", upstream=f"http://localhost:{script.port}/v1")
    before = script.requests
    script.answers = [(b"", False)]
    response = stage.chat(stage.key(), model="nuri/fresh")
    assert response.status_code == 502
    assert script.requests == before + 1


def test_one_connection_at_most_serves_all_in_turn(stage):
    stage.offer(
        "nuri/narrow", upstream=stage.supplier.url.replace("127.0.0.1", "localhost"),
        connections_max=1,
    )  # fmt: skip
    secret, answers = stage.key(), []
    threads = [
        threading.Thread(target=lambda: answers.append(stage.chat(secret, model="nuri/narrow")))
        for _ in range(8)
    ]
    before = stage.supplier.connections
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert [answer.status_code for answer in answers] == [200] * 8
    assert stage.supplier.connections == before + 1


def test_every_call_of_all_this_has_exactly_one_terminal_record(stage):
    wait_for(lambda: stage.gateway.metric("calls_open") == 0, "no call is open")
    kinds = {RecordKind.COMMIT, RecordKind.VOID}
    records = stage.till.records()
    ends = Counter(record.call for record in records if record.kind in kinds)
    begun = {r.call for r in records if r.kind in {RecordKind.SENT, RecordKind.INTENT}}
    assert set(ends) == begun
    assert set(ends.values()) == {1}
    for record in records:
        if record.kind is RecordKind.COMMIT and not record.token_out:
            assert record.cost_microwon == 0
            assert RecordFlag.ESTIMATED in record.flags

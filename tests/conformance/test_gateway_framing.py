"""Hostile framing: whatever two parsers could read differently is refused and closed."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import Stage, body

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
BODY = json.dumps(body()).encode()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory):
    found = Stage(tmp_path_factory.mktemp("framing"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def secret(stage) -> str:
    return stage.key(100_000)


def talk(stage, *pieces: bytes, wait: bool = True) -> bytes:
    """Send pieces, read until the other side closes or falls silent."""
    seen = b""
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.settimeout(0.05 if not wait else 5)
        try:
            for piece in pieces:
                connection.sendall(piece)
            while piece := connection.recv(65536):
                seen += piece
        except (TimeoutError, ConnectionError):
            pass
    return seen


def head(secret: str, *lines: str, path: str = "/v1/chat/completions", version="1.1") -> bytes:
    all_lines = [
        f"POST {path} HTTP/{version}",
        f"authorization: Bearer {secret}",
        *lines,
        "",
        "",
    ]
    return "\r\n".join(all_lines).encode()


LENGTH = f"content-length: {len(BODY)}"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
BAD_HEADS = {
    "a length and an encoding": ("host: x", LENGTH, "transfer-encoding: chunked"),
    "an encoding and a length": ("host: x", "transfer-encoding: chunked", LENGTH),
    "two lengths": ("host: x", LENGTH, LENGTH),
    "two different lengths": ("host: x", LENGTH, "content-length: 5"),
    "a list of lengths": ("host: x", f"content-length: {len(BODY)}, {len(BODY)}"),
    "a signed length": ("host: x", f"content-length: +{len(BODY)}"),
    "a hexadecimal length": ("host: x", "content-length: 0x20"),
    "a negative length": ("host: x", "content-length: -1"),
    "an empty length": ("host: x", "content-length:"),
    "another encoding": ("host: x", "transfer-encoding: gzip, chunked"),
    "an encoding twice": ("host: x", "transfer-encoding: chunked, chunked"),
    "two encodings": ("host: x", "transfer-encoding: chunked", "transfer-encoding: chunked"),
    "identity as an encoding": ("host: x", "transfer-encoding: identity", LENGTH),
    "an encoding with a tab": ("host: x", "transfer-encoding:\tchunked\x0b"),
    "a space before the colon": ("host: x", f"content-length : {len(BODY)}"),
    "a folded line": ("host: x", LENGTH, "x: a", " folded"),
    "a line without a colon": ("host: x", LENGTH, "nonsense"),
    "no host": (LENGTH,),
    "two hosts": ("host: x", "host: y", LENGTH),
    "two keys": ("host: x", LENGTH, "authorization: Bearer other"),
    "a compressed body": ("host: x", LENGTH, "content-encoding: gzip"),
    "an upgrade": ("host: x", LENGTH, "connection: upgrade", "upgrade: websocket"),
    "an expectation nobody knows": ("host: x", LENGTH, "expect: 200-ok"),
    "a zero byte": ("host: x", LENGTH, "x: a\x00b"),
    "a lone carriage return": ("host: x", LENGTH, "x: a\rb"),
}


@pytest.mark.parametrize("lines", BAD_HEADS.values(), ids=BAD_HEADS)
def test_an_ambiguous_head_is_refused_and_the_connection_closed(stage, secret, lines):
    before = len(stage.supplier.served)
    smuggled = head(secret, "host: x", LENGTH) + BODY
    answer = talk(stage, head(secret, *lines), BODY + smuggled)
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"gateway.request.malformed" in answer
    assert len(stage.supplier.served) == before


BAD_STREAMS = {
    "not HTTP": b"hello\r\n\r\n",
    "TLS": bytes.fromhex("1603010200010001fc0303"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"POST / HTTP/3.7\r\nhost: x\r\n\r\n",
    "bare line feeds": b"POST /v1/models HTTP/1.1\nhost: x\n\n",
    "a space in the path": b"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\nhost: x\r\n\r\n",
    "CONNECT": b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
    "a path without end": b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "headers without end": b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x: y\r\n" * 200 + b"\r\n",
    "a header without end": b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 70_000,
}


@pytest.mark.parametrize("raw", BAD_STREAMS.values(), ids=BAD_STREAMS)
def test_what_is_no_request_is_refused_and_closed(stage, raw):
    answer = talk(stage, raw)
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert answer.count(b"HTTP/1.1 ") == 1


BAD_CHUNKS = {
    "a size that is no number": b"zz\r\n" + BODY,
    "a negative size": b"-1\r\n" + BODY,
    "a size beyond 64 bits": b"fffffffffffffffff\r\n" + BODY,
    "no end of the chunk": b"5\r\nhelloworld\r\n0\r\n\r\n",
    "a bare line feed": b"5\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("raw", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_a_bad_chunk_is_refused_and_closed(stage, secret, raw):
    answer = talk(stage, head(secret, "host: x", "transfer-encoding: chunked"), raw)
    assert answer.startswith(b"HTTP/1.1 400"), answer


def test_a_chunked_body_is_read(stage, secret):
    lines = ("host: x", "transfer-encoding: chunked", "connection: close")
    assert talk(stage, head(secret, *lines), CHUNKED).startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_their_order(stage, secret):
    raw = b""
    for out in (3, 1, 2):
        one = json.dumps(body(ask={"out": out})).encode()
        raw += head(secret, "host: x", f"content-length: {len(one)}") + one
    raw += b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = talk(stage, raw)
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    places = [answer.index(b'"completion_tokens": %d' % out) for out in (3, 1, 2)]
    assert places == sorted(places)


def test_a_row_of_requests_has_its_limit(stage):
    answer = talk(stage, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 40)
    assert b"HTTP/1.1 400" in answer
    assert answer.count(b"HTTP/1.1 200") < 40


def test_requests_behind_a_bad_one_are_not_read(stage, secret):
    good = head(secret, "host: x", LENGTH) + BODY
    answer = talk(stage, good + b"nonsense\r\n\r\n" + good)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 400") == 1


def test_a_caller_that_waits_for_leave_gets_it(stage, secret):
    lines = ("host: x", LENGTH, "expect: 100-continue", "connection: close")
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.sendall(head(secret, *lines))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_a_caller_that_waits_for_leave_with_a_wrong_key_does_not_get_it(stage):
    lines = ("host: x", LENGTH, "expect: 100-continue")
    answer = talk(stage, head("wrong", *lines))
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"100 Continue" not in answer


TOO_LARGE = 9 * 1024 * 1024


def test_a_body_beyond_the_limit_is_refused_before_it_comes(stage, secret):
    answer = talk(stage, head(secret, "host: x", f"content-length: {TOO_LARGE}"), b"{")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"gateway.body.too_large" in answer


def test_a_chunked_body_beyond_the_limit_is_refused_while_it_comes(stage, secret):
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    answer = talk(stage, head(secret, "host: x", "transfer-encoding: chunked"), *[piece] * 9)
    assert answer.startswith(b"HTTP/1.1 413")


def test_noise_never_brings_the_gateway_down(stage, secret):
    """Valid requests with random bytes changed, cut anywhere: an answer or a close, no more."""
    rng = random.Random(61)
    whole = head(secret, "host: x", LENGTH) + BODY
    for _ in range(max(COUNT // 200, 20)):
        raw = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        cut = rng.randrange(len(raw))
        answer = talk(stage, bytes(raw[:cut]), bytes(raw[cut:]), wait=False)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    assert stage.chat(secret).status_code == 200
    assert "Traceback" not in stage.gateway.log_text()

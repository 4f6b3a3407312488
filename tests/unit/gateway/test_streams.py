"""Streams: order of promises, usage in every place it comes, ends that are no ends, leavers."""

from __future__ import annotations

import json
import socket

import httpx
import pytest

from gateway_parts.stage import body, wait_for
from madang.wire.record import RecordFlag, RecordKind


def events_of(response: httpx.Response) -> list[str]:
    return [line[6:] for line in response.iter_lines() if line.startswith("data: ")]


def terminal_of(stage, call: str, kind=RecordKind.COMMIT):
    def find():
        return [r for r in stage.till.records() if str(r.call) == call and r.kind is kind]

    (record,) = wait_for(find, f"the {kind.name} of {call}")
    return record


def test_a_stream_arrives_whole_and_is_charged_what_was_counted(stage):
    with stage.stream(stage.key(), ask={"out": 6}) as response:
        events = events_of(response)
        call = response.headers["x-madang-call-id"]
    assert events[-1] == "[DONE]"
    assert len(events) == 1 + 6 + 1 + 1
    assert "usage" not in json.loads(events[-2])
    assert terminal_of(stage, call).token_out == 6


def test_usage_is_always_asked_for_and_shown_only_to_who_asked(stage):
    asked = {"include_usage": True, "chunk_size": 3}
    with stage.stream(stage.key(), stream_options=asked) as response:
        events = events_of(response)
        call = response.headers["x-madang-call-id"]
    assert json.loads(events[-2])["usage"]["completion_tokens"] == 5
    assert stage.supplier.served[call].body["stream_options"] == asked


SHAPES = {
    "in an event of its own": {},
    "in the event that has choices": {"mode": "usage_in_last"},
    "null in all others": {"null_usage": True},
    "with carriage returns": {"eol": "\r\n"},
    "with lone carriage returns": {"eol": "\r"},
    "without [DONE]": {"mode": "no_done"},
    "and text that looks like it": {"say": '{"usage":{"completion_tokens":1}} "usage" [DONE]'},
}


@pytest.mark.parametrize("ask", SHAPES.values(), ids=SHAPES)
def test_usage_is_found(stage, ask):
    with stage.stream(stage.key(), ask={"out": 6, "in": 9} | ask) as response:
        events_of(response)
        call = response.headers["x-madang-call-id"]
    record = terminal_of(stage, call)
    assert (record.token_in, record.token_out) == (9, 6)
    assert RecordFlag.ESTIMATED not in record.flags
    assert RecordFlag.STREAM in record.flags


def test_a_stream_without_usage_is_estimated_from_its_events(stage):
    with stage.stream(stage.key(), ask={"out": 6, "mode": "no_usage"}) as response:
        events = events_of(response)
        call = response.headers["x-madang-call-id"]
    assert events[-1] == "[DONE]"
    record = terminal_of(stage, call)
    assert RecordFlag.ESTIMATED in record.flags
    assert record.token_out == 7
    assert 0 < record.cost_microwon <= record.est_microwon


def test_a_stream_that_breaks_off_is_an_error_to_the_caller(stage):
    with (
        stage.stream(stage.key(), ask={"out": 9, "mode": "truncate"}) as response,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        call = response.headers["x-madang-call-id"]
        seen = []
        for line in response.iter_lines():
            seen.append(line)
    assert any("gateway.upstream.failed" in line for line in seen)
    assert RecordFlag.ESTIMATED in terminal_of(stage, call).flags


def test_the_text_of_an_error_is_never_billed(stage):
    ask = {"out": 0, "mode": "error_event"}
    with (
        stage.stream(stage.key(), ask=ask) as response,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        call = response.headers["x-madang-call-id"]
        response.read()
    assert terminal_of(stage, call).cost_microwon == 0


def leave_after_first_event(stage, secret, **changes) -> str:
    """A caller that hangs up in the middle of its answer; the call's id."""
    raw = json.dumps(body(stream=True, **changes)).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {secret}\r\n"
        f"content-length: {len(raw)}\r\n\r\n"
    ).encode()
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.sendall(head + raw)
        seen = b""
        while b"data: " not in seen:
            seen += connection.recv(4096)
    return seen.split(b"x-madang-call-id: ")[1].split(b"\r\n")[0].decode()


def test_a_caller_that_leaves_pays_exactly_under_drain(stage):
    call = leave_after_first_event(stage, stage.key(), ask={"out": 30, "pace": 1})
    record = terminal_of(stage, call)
    assert record.token_out == 30
    assert RecordFlag.ABORTED in record.flags
    assert RecordFlag.ESTIMATED not in record.flags


def test_a_caller_that_leaves_pays_what_was_seen_under_cancel_estimate(stage):
    stage.offer("nuri/cancel", abort_policy="cancel-estimate")
    call = leave_after_first_event(
        stage, stage.key(), model="nuri/cancel", max_tokens=2000, ask={"out": 2000, "pace": 1}
    )
    record = terminal_of(stage, call)
    assert RecordFlag.ABORTED | RecordFlag.ESTIMATED in record.flags
    assert record.token_out < 2000
    wait_for(lambda: stage.supplier.served[call].is_cut, "the supplier is told")


def test_a_caller_that_leaves_pays_nothing_under_free(stage):
    stage.offer("nuri/free", abort_policy="free")
    call = leave_after_first_event(
        stage, stage.key(), model="nuri/free", max_tokens=2000, ask={"out": 2000, "pace": 1}
    )
    record = terminal_of(stage, call)
    assert record.cost_microwon == 0
    assert RecordFlag.PROGRAMME_BORNE in record.flags


def test_a_supplier_that_lingers_after_done_does_not_keep_the_caller(stage):
    with stage.stream(stage.key(), ask={"mode": "linger"}) as response:
        assert events_of(response)[-1] == "[DONE]"
    wait_for(lambda: stage.gateway.metric("calls_open") == 0, "the call is over")


def test_a_stream_for_an_http_1_0_caller_ends_with_the_connection(stage):
    raw = json.dumps(body(stream=True)).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.0\r\nauthorization: Bearer {stage.key()}\r\n"
        f"content-length: {len(raw)}\r\n\r\n"
    ).encode()
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.sendall(head + raw)
        seen = b""
        while piece := connection.recv(4096):
            seen += piece
    assert b"transfer-encoding" not in seen
    assert seen.endswith(b"data: [DONE]\n\n")


def test_an_http_1_0_caller_is_answered_and_let_go(stage):
    raw = json.dumps(body()).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.0\r\nauthorization: Bearer {stage.key()}\r\n"
        f"connection: keep-alive\r\ncontent-length: {len(raw)}\r\n\r\n"
    ).encode()
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.sendall(head + raw)
        seen = b""
        while piece := connection.recv(4096):
            seen += piece
    assert b"connection: close" in seen
    assert seen.endswith(b"}")

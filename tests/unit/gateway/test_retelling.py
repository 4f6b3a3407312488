"""Streams retold in other dialects: tool calls, ends, and suppliers that say strange things."""

from __future__ import annotations

import json

import msgspec
import pytest

from madang.gateway._answer import StreamAnswer
from madang.gateway._dialects import DIALECTS
from madang.gateway._sse import data_of, events_of
from madang.gateway._usage import Tokens
from madang.gateway.errors import RequestMalformed

CALL = "01a212e3-e83f-701d-b35c-5ea8394cc015"
MESSAGES = DIALECTS[b"/v1/messages"]
RESPONSES = DIALECTS[b"/v1/responses"]
BODIES = {
    MESSAGES: {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]},
    RESPONSES: {"model": "m", "input": "x"},
}


def chunk(delta: dict, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def retell(dialect, *raw: bytes) -> list[dict]:
    ask = dialect.read(json.dumps(BODIES[dialect]).encode())
    answer = StreamAnswer(
        event_bytes_max=10**6, wants_usage=True, translator=dialect.translator(ask, CALL)
    )
    out = b"".join(answer.feed(one) for one in raw) + answer.last(Tokens(3, 0, 0, 4))
    return [json.loads(data_of(event)) for event in events_of(out)]


def tool(index: int, **function) -> dict:
    more = {"id": f"call_{index}"} if "name" in function else {}
    return {"tool_calls": [{"index": index, "function": function, **more}]}


TOOLS = (
    chunk({"content": "a"}),
    chunk(tool(0, name="f", arguments="")),
    chunk(tool(0, arguments="{}")),
    chunk(tool(1, name="g", arguments='{"x":')),
    chunk(tool(1, arguments="1}")),
    chunk({}, "tool_calls"),
    b"data: [DONE]\n\n",
)


def test_messages_open_and_close_one_block_after_the_other():
    events = retell(MESSAGES, *TOOLS)
    kinds = [event["type"] for event in events]
    assert kinds == [
        "message_start", "content_block_start", "content_block_delta", "content_block_stop",
        "content_block_start", "content_block_delta", "content_block_stop",
        "content_block_start", "content_block_delta", "content_block_delta",
        "content_block_stop", "message_delta", "message_stop",
    ]  # fmt: skip
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] == 4
    assert [e["content_block"].get("name") for e in events if "content_block" in e] == [
        None,
        "f",
        "g",
    ]


def test_responses_end_each_item_before_the_next():
    events = retell(RESPONSES, *TOOLS)
    final = events[-1]["response"]
    assert [item["type"] for item in final["output"]] == [
        "message",
        "function_call",
        "function_call",
    ]
    assert [item.get("arguments") for item in final["output"]] == [None, "{}", '{"x":1}']
    assert all(item["status"] == "completed" for item in final["output"])
    added = [e["output_index"] for e in events if e["type"] == "response.output_item.added"]
    assert added == [0, 1, 2]


@pytest.mark.parametrize("dialect", [MESSAGES, RESPONSES], ids=["messages", "responses"])
@pytest.mark.parametrize(
    "raw",
    [b"", b"data: [1]\n\n", b"data: nonsense\n\n", b'data: {"choices":[]}\n\n', b": x\n\n"],
)
def test_an_answer_that_says_nothing_still_begins_and_ends(dialect, raw):
    events = retell(dialect, raw, b"data: [DONE]\n\n")
    assert events[0]["type"] in {"message_start", "response.created"}
    assert events[-1]["type"] in {"message_stop", "response.completed"}


@pytest.mark.parametrize("dialect", [MESSAGES, RESPONSES], ids=["messages", "responses"])
@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"choices":[]}', b'{"choices":3}'])
def test_a_whole_answer_without_choices_cannot_be_retold(dialect, body):
    ask = dialect.read(json.dumps(BODIES[dialect]).encode())
    assert dialect.whole(body, ask, CALL, Tokens()) is None


REFUSED = {
    "no max_tokens": (MESSAGES, {"max_tokens": ...}),
    "no messages": (MESSAGES, {"messages": ...}),
    "a role nobody knows": (MESSAGES, {"messages": [{"role": "system", "content": "x"}]}),
    "a document": (
        MESSAGES,
        {"messages": [{"role": "user", "content": [{"type": "document"}]}]},
    ),
    "a tool of the supplier": (MESSAGES, {"tools": [{"type": "bash_1", "name": "bash"}]}),
    "servers of one's own": (MESSAGES, {"mcp_servers": [{}]}),
    "no input": (RESPONSES, {"input": ...}),
    "an earlier response": (RESPONSES, {"previous_response_id": "x"}),
    "a picture": (RESPONSES, {"input": [{"content": [{"type": "input_image"}]}]}),
    "a search": (RESPONSES, {"tools": [{"type": "web_search"}]}),
    "an item nobody knows": (RESPONSES, {"input": [{"type": "computer_call"}]}),
}


@pytest.mark.parametrize(("dialect", "changes"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_honoured_is_refused(dialect, changes):
    body = {n: v for n, v in (BODIES[dialect] | changes).items() if v is not ...}
    with pytest.raises(RequestMalformed):
        dialect.read(json.dumps(body).encode())


def test_the_bound_counts_what_is_sent_not_what_was_said():
    long = {"role": "user", "content": "x" * 1000}
    body = BODIES[MESSAGES] | {"messages": [long], "system": "y" * 500}
    ask = MESSAGES.read(json.dumps(body).encode())
    assert ask.input_bytes >= 1500
    assert isinstance(ask.fields["messages"], msgspec.Raw)

"""Unmodified clients of OpenAI and Anthropic against the gateway: every way they call."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anthropic
import openai
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import Stage
from madang.wire.record import RecordKind

TOOL_DELTAS = [
    {"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                     "function": {"name": "weather", "arguments": ""}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '"서울"}'}}]},
]  # fmt: skip
TOOL_MESSAGE = {
    "content": None,
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city":"서울"}'},
        }
    ],
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory):
    found = Stage(tmp_path_factory.mktemp("clients"))
    yield found
    found.close()


@pytest.fixture
def chat(stage):
    with openai.OpenAI(
        base_url=stage.gateway.url + "/v1", api_key=stage.key(), max_retries=0
    ) as client:
        yield client


@pytest.fixture
def claude(stage):
    with anthropic.Anthropic(
        base_url=stage.gateway.url, api_key=stage.key(), max_retries=0
    ) as client:
        yield client


def last_commit(stage):
    return [r for r in stage.till.records() if r.kind is RecordKind.COMMIT][-1]


def asked(**ask) -> dict:
    return {"user": json.dumps(ask)}


# OpenAI ------------------------------------------------------------------------------------


def test_openai_chat(chat, stage):
    raw = chat.chat.completions.with_raw_response.create(
        model="nuri/small", messages=[{"role": "user", "content": "안녕"}], **asked(out=4)
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == "마당 마당 마당 마당"
    assert answer.usage.completion_tokens == 4
    charged = int(raw.headers["x-madang-charge-microwon"])
    assert charged == last_commit(stage).cost_microwon > 0


def test_openai_chat_stream(chat):
    stream = chat.chat.completions.create(
        model="nuri/small",
        messages=[{"role": "user", "content": "안녕"}],
        stream=True,
        stream_options={"include_usage": True},
        **asked(out=3),
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "마당0 마당1 마당2 "
    assert chunks[-1].usage.completion_tokens == 3


def test_openai_completions_and_embeddings_and_models(chat):
    text = chat.completions.create(model="nuri/small", prompt="마당은", **asked(out=2))
    assert text.choices[0].text == "마당 마당"
    vectors = chat.embeddings.create(
        model="nuri/small", input=["a", "b"], encoding_format="float"
    )
    assert vectors.data[0].embedding == [0.25, -0.5]
    assert [model.id for model in chat.models.list()] == ["nuri/small"]
    assert chat.models.retrieve("nuri/small").owned_by == "nuri"


def test_openai_errors_are_of_the_classes_that_callers_catch(chat, stage):
    with pytest.raises(openai.NotFoundError) as missing:
        chat.chat.completions.create(model="none", messages=[])
    assert missing.value.code == "gateway.model.unknown"
    wrong = openai.OpenAI(base_url=stage.gateway.url + "/v1", api_key="wrong", max_retries=0)
    with wrong, pytest.raises(openai.AuthenticationError):
        wrong.models.list()
    with pytest.raises(openai.BadRequestError) as bad:
        chat.chat.completions.create(model="nuri/small", messages=[], max_tokens=-1)
    assert bad.value.param == "max_tokens"


def test_openai_a_stream_that_breaks_raises(chat):
    stream = chat.chat.completions.create(
        model="nuri/small", messages=[], stream=True, **asked(mode="truncate", out=6)
    )
    with pytest.raises(openai.APIError):
        list(stream)


def test_openai_responses(chat, stage):
    answer = chat.responses.create(
        model="nuri/small",
        input="안녕",
        instructions="짧게",
        max_output_tokens=20,
        **asked(out=4),
    )
    assert answer.output_text == "마당 마당 마당 마당"
    assert answer.status == "completed"
    assert answer.usage.output_tokens == 4
    served = stage.supplier.served[str(last_commit(stage).call)].body
    assert served["messages"][0] == {"role": "system", "content": "짧게"}
    assert served["max_tokens"] == 20
    assert answer.usage.total_tokens == answer.usage.input_tokens + 4


def test_openai_responses_stream(chat):
    with chat.responses.stream(
        model="nuri/small", input=[{"role": "user", "content": "안녕"}], **asked(out=3)
    ) as stream:
        events = list(stream)
        final = stream.get_final_response()
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds.count("response.output_text.delta") == 3
    assert kinds[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == "마당0 마당1 마당2 "
    assert final.usage.output_tokens == 3


def test_openai_responses_tools_there_and_back(chat, stage):
    tool = {"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}
    answer = chat.responses.create(
        model="nuri/small", input="날씨?", tools=[tool], **asked(message=TOOL_MESSAGE)
    )
    (call,) = answer.output
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "서울"})
    chat.responses.create(
        model="nuri/small",
        input=[
            {"role": "user", "content": "날씨?"},
            call.model_dump(),
            {"type": "function_call_output", "call_id": call.call_id, "output": "맑음"},
        ],
    )
    messages = stage.supplier.served[str(last_commit(stage).call)].body["messages"]
    assert [one["role"] for one in messages] == ["user", "assistant", "tool"]
    assert messages[2] == {"role": "tool", "tool_call_id": "call_1", "content": "맑음"}


def test_openai_responses_stream_of_a_tool_call(chat):
    with chat.responses.stream(
        model="nuri/small",
        input="날씨?",
        **asked(out=1, deltas=TOOL_DELTAS, reason="tool_calls"),
    ) as stream:
        final = stream.get_final_response()
    assert [item.type for item in final.output] == ["message", "function_call"]
    assert json.loads(final.output[1].arguments) == {"city": "서울"}


def test_openai_responses_that_need_a_memory_are_refused(chat):
    for extra in ({"previous_response_id": "resp_1"}, {"background": True}):
        with pytest.raises(openai.BadRequestError):
            chat.responses.create(model="nuri/small", input="x", **extra)
    with pytest.raises(openai.BadRequestError):
        chat.responses.create(model="nuri/small", input="x", tools=[{"type": "web_search"}])


def test_openai_responses_cut_by_their_limit_say_so(chat):
    with chat.responses.stream(
        model="nuri/small", input="x", **asked(out=2, reason="length")
    ) as stream:
        last = list(stream)[-1]
    assert last.type == "response.incomplete"
    assert last.response.incomplete_details.reason == "max_output_tokens"


# Anthropic ---------------------------------------------------------------------------------


def test_anthropic_messages(claude, stage):
    answer = claude.messages.create(
        model="nuri/small",
        max_tokens=30,
        system="짧게",
        stop_sequences=["끝"],
        messages=[{"role": "user", "content": [{"type": "text", "text": "안녕"}]}],
    )
    assert answer.content[0].text == "마당 마당 마당 마당 마당"
    assert (answer.stop_reason, answer.usage.output_tokens) == ("end_turn", 5)
    assert answer.model == "nuri/small"
    record = last_commit(stage)
    served = stage.supplier.served[str(record.call)].body
    assert served["messages"] == [
        {"role": "system", "content": "짧게"},
        {"role": "user", "content": "안녕"},
    ]
    assert (served["max_tokens"], served["stop"]) == (30, ["끝"])
    assert (record.token_in, record.token_out) == (answer.usage.input_tokens, 5)


def test_anthropic_messages_stream(claude):
    with claude.messages.stream(
        model="nuri/small", max_tokens=30, messages=[{"role": "user", "content": "안녕"}]
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "".join(f"마당{n} " for n in range(5))
    assert final.usage.output_tokens == 5
    assert final.stop_reason == "end_turn"


def test_anthropic_tools_there_and_back(claude, stage):
    tool = {"name": "weather", "description": "d", "input_schema": SCHEMA}
    messages = [{"role": "user", "content": "날씨?"}]
    answer = claude.messages.create(
        model="nuri/small",
        max_tokens=30,
        tools=[tool],
        tool_choice={"type": "any"},
        messages=messages,
        extra_body={},
    )
    served = stage.supplier.served[str(last_commit(stage).call)].body
    assert served["tools"][0]["function"]["parameters"] == SCHEMA
    assert served["tool_choice"] == "required"
    messages += [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": answer.content[0].text},
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "a"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "맑음"},
                {"type": "text", "text": "그래서?"},
            ],
        },
    ]
    claude.messages.create(model="nuri/small", max_tokens=30, messages=messages)
    sent = stage.supplier.served[str(last_commit(stage).call)].body["messages"]
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "user"]
    assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {"city": "a"}


def test_anthropic_errors_are_of_the_classes_that_callers_catch(claude, stage):
    with pytest.raises(anthropic.NotFoundError) as missing:
        claude.messages.create(
            model="none", max_tokens=1, messages=[{"role": "user", "content": "x"}]
        )
    assert missing.value.body["error"]["code"] == "gateway.model.unknown"
    image = {"type": "image", "source": {"type": "url", "url": "http://x/"}}
    with pytest.raises(anthropic.BadRequestError):
        claude.messages.create(
            model="nuri/small", max_tokens=1, messages=[{"role": "user", "content": [image]}]
        )
    poor = anthropic.Anthropic(
        base_url=stage.gateway.url, api_key=stage.key(0.001), max_retries=0
    )
    with poor, pytest.raises(anthropic.APIStatusError) as broke:
        poor.messages.create(
            model="nuri/small", max_tokens=9, messages=[{"role": "user", "content": "x"}]
        )
    assert broke.value.status_code == 402


def test_anthropic_models(claude):
    assert [model.id for model in claude.models.list()] == ["nuri/small"]

"""OpenAI's responses, told to a supplier of chat/completions and retold to the caller.

Nothing is kept between calls, so a request that builds on an earlier one is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from madang.core.ids import unix_ms_of
from madang.gateway._chunks import Json, Said, ToolCall, body_fields, first_choice
from madang.gateway._request import Ask, Fields, read_chat
from madang.gateway._sse import event_with
from madang.gateway.errors import UNREADABLE, RequestMalformed, type_of

if TYPE_CHECKING:
    from madang.core.errors import MadangError
    from madang.gateway._usage import Tokens

_encoder = msgspec.json.Encoder()
_NULL = msgspec.Raw(b"null")
_STATELESS = "nothing is kept between calls"
_REFUSED = {
    "previous_response_id": _STATELESS,
    "conversation": _STATELESS,
    "prompt": _STATELESS,
    "background": _STATELESS,
}
_SAME_NAME = ("temperature", "top_p", "stream", "user", "parallel_tool_calls")
_ECHOED: dict[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "user": None,
}
"""What a response repeats of its request, and what stands there when it said nothing."""


class _Part(msgspec.Struct):
    type: str = "input_text"
    text: str = ""


class _Item(msgspec.Struct):
    type: str = "message"
    role: str = "user"
    content: str | list[_Part] = ""
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[_Part] = ""


class _Tool(msgspec.Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class _NamedTool(msgspec.Struct):
    type: str
    name: str = ""


class _Format(msgspec.Struct):
    type: str = "text"
    name: str = "answer"
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class _Text(msgspec.Struct):
    format: _Format | None = None


class _Reasoning(msgspec.Struct):
    effort: str | None = None


class _Asked(msgspec.Struct):
    """What a body says that chat/completions says otherwise."""

    input: str | list[_Item]
    instructions: str | None = None
    max_output_tokens: int | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _NamedTool | None = None
    text: _Text | None = None
    reasoning: _Reasoning | None = None


_asked = msgspec.json.Decoder(_Asked)


class Responses:
    """The dialect of `/v1/responses`."""

    upstream_path = b"/chat/completions"

    def read(self, body: bytes) -> Ask:
        fields = body_fields(body, refused=_REFUSED)
        try:
            asked = _asked.decode(body)
        except UNREADABLE as err:
            raise RequestMalformed(reason=f"it cannot be read ({err})") from None
        ask = read_chat(_encoder.encode(_chat_body(fields, asked)))
        ask.echo = {name: fields.get(name, default) for name, default in _ECHOED.items()}
        return ask

    def whole(self, body: bytes, ask: Ask, call: str, tokens: Tokens) -> bytes | None:
        choice = first_choice(body)
        if choice is None:
            return None
        said, output = choice.message, []
        if said.text:
            output.append(_message_item(call, said.text))
        for place, one in enumerate(said.tool_calls or []):
            output.append(_call_item(call, place, one))
        told = _response(ask, call, _status(choice.finish_reason))
        told["output"] = output
        told["usage"] = _usage(tokens)
        return _encoder.encode(told)

    def translator(self, ask: Ask, call: str) -> ResponseEvents:
        return ResponseEvents(ask, call)

    def error_body(self, error: MadangError, facts: Json) -> bytes:
        return _encoder.encode({"error": {"type": type_of(error), **facts}})

    def error_event(self, error: MadangError, facts: Json) -> bytes:
        return event_with(_encoder.encode({"type": "error", **facts}), "error")


# To the supplier -------------------------------------------------------------------------


def _chat_body(fields: Fields, asked: _Asked) -> Json:
    body: Json = {name: fields[name] for name in _SAME_NAME if name in fields}
    body["model"] = fields.get("model", _NULL)
    body["messages"] = _chat_messages(asked)
    if asked.max_output_tokens is not None:
        body["max_tokens"] = asked.max_output_tokens
    if asked.tools:
        body["tools"] = [_chat_tool(tool) for tool in asked.tools]
    if isinstance(asked.tool_choice, str):
        body["tool_choice"] = asked.tool_choice
    elif asked.tool_choice is not None:
        named = {"name": asked.tool_choice.name}
        body["tool_choice"] = {"type": "function", "function": named}
    if asked.text and asked.text.format and asked.text.format.type != "text":
        body["response_format"] = _chat_format(asked.text.format)
    if asked.reasoning and asked.reasoning.effort:
        body["reasoning_effort"] = asked.reasoning.effort
    return body


def _chat_format(wanted: _Format) -> Json:
    if wanted.type == "json_object":
        return {"type": "json_object"}
    schema = {"name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
    return {"type": "json_schema", "json_schema": schema}


def _chat_messages(asked: _Asked) -> list[Json]:
    found: list[Json] = []
    if asked.instructions:
        found.append({"role": "system", "content": asked.instructions})
    if isinstance(asked.input, str):
        found.append({"role": "user", "content": asked.input})
        return found
    for item in asked.input:
        found += _chat_item(item)
    return found


def _chat_item(item: _Item) -> list[Json]:
    if item.type == "message":
        role = "system" if item.role == "developer" else item.role
        return [{"role": role, "content": _text_of(item.content)}]
    if item.type == "function_call":
        function = {"name": item.name, "arguments": item.arguments}
        call = {"id": item.call_id, "type": "function", "function": function}
        return [{"role": "assistant", "content": "", "tool_calls": [call]}]
    if item.type == "function_call_output":
        output = _text_of(item.output)
        return [{"role": "tool", "tool_call_id": item.call_id, "content": output}]
    if item.type == "reasoning":
        return []
    raise RequestMalformed(reason=f"no input of type {item.type} is offered", field="input")


def _text_of(content: str | list[_Part]) -> str:
    """Text alone has a bound: anything else is refused."""
    if isinstance(content, str):
        return content
    for part in content:
        if part.type not in {"input_text", "output_text", "text", "refusal"}:
            raise RequestMalformed(
                reason=f"no bound is known for content of type {part.type}", field="input"
            )
    return "".join(part.text for part in content)


def _chat_tool(tool: _Tool) -> Json:
    if tool.type != "function":
        raise RequestMalformed(reason=f"no tool of type {tool.type} is offered", field="tools")
    function: Json = {"name": tool.name, "parameters": tool.parameters}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


# To the caller ---------------------------------------------------------------------------


def _status(reason: str | None) -> str:
    return "incomplete" if reason in {"length", "content_filter"} else "completed"


def _response(ask: Ask, call: str, status: str) -> Json:
    cut = {"reason": "max_output_tokens"} if status == "incomplete" else None
    return {
        "id": f"resp_{call.replace('-', '')}",
        "object": "response",
        "created_at": unix_ms_of(UUID(call)) // 1000,
        "status": status,
        "error": None,
        "incomplete_details": cut,
        "model": ask.model,
        "output": [],
        "previous_response_id": None,
        "store": False,
        "truncation": "disabled",
        "usage": None,
        **ask.echo,
    }


def _message_item(call: str, text: str, status: str = "completed") -> Json:
    content = [_text_part(text)] if status == "completed" else []
    return {
        "type": "message",
        "id": f"msg_{call.replace('-', '')}",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def _text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call_item(call: str, place: int, one: ToolCall, status: str = "completed") -> Json:
    return {
        "type": "function_call",
        "id": f"fc_{call.replace('-', '')}_{place}",
        "call_id": one.id or "",
        "name": one.function.name or "",
        "arguments": one.function.arguments or "",
        "status": status,
    }


def _usage(tokens: Tokens) -> Json:
    given = tokens.input + tokens.cached + tokens.cache_write
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + tokens.output,
    }


class ResponseEvents:
    """Chat chunks in, response events out, numbered; items one after the other."""

    def __init__(self, ask: Ask, call: str) -> None:
        self._ask = ask
        self._call = call
        self._number = -1
        self._reason: str | None = None
        self._output: list[Json] = []
        self._text: list[str] | None = None
        self._tool: ToolCall | None = None

    def event(self, data: bytes) -> bytes:
        choice = first_choice(data)
        if choice is None:
            return b""
        self._reason = choice.finish_reason or self._reason
        out = self._begin() if self._number < 0 else []
        out += self._delta(choice.delta)
        return b"".join(out)

    def _begin(self) -> list[bytes]:
        told = _response(self._ask, self._call, "in_progress")
        return [
            self._event("response.created", response=told),
            self._event("response.in_progress", response=told),
        ]

    def _delta(self, said: Said) -> list[bytes]:
        out = []
        if said.text:
            if self._text is None:
                out += self._open_text()
            assert self._text is not None  # just opened
            self._text.append(said.text)
            out.append(
                self._in_item(
                    "response.output_text.delta", content_index=0, delta=said.text, logprobs=[]
                )
            )
        for one in said.tool_calls or []:
            if self._tool is None or self._tool.index != one.index:
                out += self._open_tool(one)
            elif one.function.arguments:
                self._add_arguments(one)
            if one.function.arguments:
                part = one.function.arguments
                out.append(self._in_item("response.function_call_arguments.delta", delta=part))
        return out

    def _open_text(self) -> list[bytes]:
        out = self._close()
        self._text = []
        item = _message_item(self._call, "", "in_progress")
        out.append(self._added(item))
        self._output.append(item)
        out.append(
            self._in_item("response.content_part.added", content_index=0, part=_text_part(""))
        )
        return out

    def _open_tool(self, one: ToolCall) -> list[bytes]:
        out = self._close()
        self._tool = one
        bare = ToolCall(one.index, one.id)
        bare.function.name = one.function.name
        item = _call_item(self._call, len(self._output), bare, "in_progress")
        out.append(self._added(item))
        self._output.append(item)
        return out

    def _add_arguments(self, one: ToolCall) -> None:
        assert self._tool is not None  # it is open
        known = self._tool.function
        known.arguments = (known.arguments or "") + (one.function.arguments or "")

    def _added(self, item: Json) -> bytes:
        place = len(self._output)
        return self._event("response.output_item.added", output_index=place, item=item)

    def _close(self) -> list[bytes]:
        """End the item that is open, if one is."""
        if self._text is not None:
            return self._close_text("".join(self._text))
        if self._tool is not None:
            return self._close_tool(self._tool)
        return []

    def _close_text(self, text: str) -> list[bytes]:
        part = _text_part(text)
        out = [
            self._in_item("response.output_text.done", content_index=0, text=text, logprobs=[]),
            self._in_item("response.content_part.done", content_index=0, part=part),
        ]
        self._text = None
        out.append(self._done(_message_item(self._call, text)))
        return out

    def _close_tool(self, tool: ToolCall) -> list[bytes]:
        arguments = tool.function.arguments or ""
        name = tool.function.name or ""
        out = [
            self._in_item(
                "response.function_call_arguments.done", arguments=arguments, name=name
            )
        ]
        self._tool = None
        out.append(self._done(_call_item(self._call, len(self._output) - 1, tool)))
        return out

    def _done(self, item: Json) -> bytes:
        self._output[-1] = item
        place = len(self._output) - 1
        return self._event("response.output_item.done", output_index=place, item=item)

    def end(self, tokens: Tokens) -> bytes:
        out = self._begin() if self._number < 0 else []
        out += self._close()
        status = _status(self._reason)
        told = _response(self._ask, self._call, status)
        told["output"] = self._output
        told["usage"] = _usage(tokens)
        out.append(self._event(f"response.{status}", response=told))
        return b"".join(out)

    def _in_item(self, name: str, /, **facts: object) -> bytes:
        """An event inside the item that is open."""
        place = len(self._output) - 1
        item = self._output[-1]["id"]
        return self._event(name, item_id=item, output_index=place, **facts)

    def _event(self, name: str, /, **facts: object) -> bytes:
        self._number += 1
        told = {"type": name, "sequence_number": self._number, **facts}
        return event_with(_encoder.encode(told), name)

"""Anthropic's messages, told to a supplier of chat/completions and retold to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from madang.gateway._chunks import Json, Said, ToolCall, body_fields, first_choice, json_text
from madang.gateway._request import Ask, Fields, read_chat
from madang.gateway._sse import event_with
from madang.gateway.errors import UNREADABLE, RequestMalformed, type_of

if TYPE_CHECKING:
    from madang.core.errors import MadangError
    from madang.gateway._usage import Tokens

_encoder = msgspec.json.Encoder()
_STATEFUL = {"container": "nothing is kept between calls", "mcp_servers": "it has no bound"}
_STOP_REASONS = {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_CHOICES: dict[str, object] = {"auto": "auto", "any": "required", "none": "none"}
_SAME_NAME = ("temperature", "top_p", "top_k", "stream", "max_tokens")
_ERROR_TYPES = {"insufficient_quota": "billing_error"}


class _Block(msgspec.Struct):
    type: str = "text"
    text: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    tool_use_id: str = ""
    content: str | list[_Block] = ""


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Block]


class _Tool(msgspec.Struct):
    name: str
    type: str = "custom"
    description: str = ""
    input_schema: msgspec.Raw = msgspec.Raw(b"{}")


class _ToolChoice(msgspec.Struct):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool = False


class _Asked(msgspec.Struct):
    """What a body says that chat/completions says otherwise."""

    messages: list[_Message]
    max_tokens: int
    system: str | list[_Block] = ""
    stop_sequences: list[str] = []
    tools: list[_Tool] = []
    tool_choice: _ToolChoice | None = None


_asked = msgspec.json.Decoder(_Asked)


class Messages:
    """The dialect of `/v1/messages`."""

    upstream_path = b"/chat/completions"

    def read(self, body: bytes) -> Ask:
        fields = body_fields(body, refused=_STATEFUL)
        try:
            asked = _asked.decode(body)
        except UNREADABLE as err:
            raise RequestMalformed(reason=f"it cannot be read ({err})") from None
        return read_chat(_encoder.encode(_chat_body(fields, asked)))

    def whole(self, body: bytes, ask: Ask, call: str, tokens: Tokens) -> bytes | None:
        choice = first_choice(body)
        if choice is None:
            return None
        said = choice.message
        content: list[Json] = [{"type": "text", "text": said.text}] if said.text else []
        content += [_tool_use(one) for one in said.tool_calls or []]
        message = _message(ask, call)
        message["content"] = content
        message["stop_reason"] = _stop_reason(choice.finish_reason)
        message["usage"] = _usage(tokens)
        return _encoder.encode(message)

    def translator(self, ask: Ask, call: str) -> MessageEvents:
        return MessageEvents(ask, call)

    def error_body(self, error: MadangError, facts: Json) -> bytes:
        kind = type_of(error)
        told = {"type": _ERROR_TYPES.get(kind, kind), **facts}
        return _encoder.encode({"type": "error", "error": told})

    def error_event(self, error: MadangError, facts: Json) -> bytes:
        return event_with(self.error_body(error, facts), "error")


# To the supplier -------------------------------------------------------------------------


def _chat_body(fields: Fields, asked: _Asked) -> Json:
    body: Json = {name: fields[name] for name in _SAME_NAME if name in fields}
    body["model"] = fields.get("model", msgspec.Raw(b"null"))
    body["messages"] = _chat_messages(asked)
    if asked.stop_sequences:
        body["stop"] = asked.stop_sequences
    if asked.tools:
        body["tools"] = [_chat_tool(tool) for tool in asked.tools]
    if asked.tool_choice is not None:
        body["tool_choice"] = _chat_choice(asked.tool_choice)
        if asked.tool_choice.disable_parallel_tool_use:
            body["parallel_tool_calls"] = False
    return body


def _chat_messages(asked: _Asked) -> list[Json]:
    found: list[Json] = []
    system = _text_of(asked.system)
    if system:
        found.append({"role": "system", "content": system})
    for message in asked.messages:
        if message.role not in {"user", "assistant"}:
            raise RequestMalformed(reason=f"no role {message.role}", field="messages")
        if message.role == "user":
            found += _user_messages(message)
        else:
            found.append(_assistant_message(message))
    return found


def _user_messages(message: _Message) -> list[Json]:
    """Results of tools first, each a message of its own, then what the user says."""
    if isinstance(message.content, str):
        return [{"role": "user", "content": message.content}]
    results = [block for block in message.content if block.type == "tool_result"]
    rest = [block for block in message.content if block.type != "tool_result"]
    found: list[Json] = [
        {"role": "tool", "tool_call_id": one.tool_use_id, "content": _text_of(one.content)}
        for one in results
    ]
    if rest:
        found.append({"role": "user", "content": _text_of(rest)})
    return found


def _assistant_message(message: _Message) -> Json:
    if isinstance(message.content, str):
        return {"role": "assistant", "content": message.content}
    blocks = [
        one for one in message.content if one.type not in {"thinking", "redacted_thinking"}
    ]
    uses = [one for one in blocks if one.type == "tool_use"]
    said = _text_of([one for one in blocks if one.type != "tool_use"])
    found: Json = {"role": "assistant", "content": said}
    if uses:
        found["tool_calls"] = [
            {
                "id": one.id,
                "type": "function",
                "function": {"name": one.name, "arguments": bytes(one.input).decode()},
            }
            for one in uses
        ]
    return found


def _text_of(content: str | list[_Block]) -> str:
    """Text alone has a bound: anything else is refused."""
    if isinstance(content, str):
        return content
    for block in content:
        if block.type != "text":
            raise RequestMalformed(
                reason=f"no bound is known for content of type {block.type}", field="messages"
            )
    return "".join(block.text for block in content)


def _chat_tool(tool: _Tool) -> Json:
    if tool.type != "custom":
        raise RequestMalformed(reason=f"no tool of type {tool.type} is offered", field="tools")
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return {"type": "function", "function": function}


def _chat_choice(choice: _ToolChoice) -> object:
    if choice.type == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return _CHOICES.get(choice.type, "auto")


# To the caller ---------------------------------------------------------------------------


def _message(ask: Ask, call: str) -> Json:
    return {
        "id": f"msg_{call.replace('-', '')}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


def _usage(tokens: Tokens) -> Json:
    return {
        "input_tokens": tokens.input,
        "cache_read_input_tokens": tokens.cached,
        "cache_creation_input_tokens": tokens.cache_write,
        "output_tokens": tokens.output,
    }


def _stop_reason(reason: str | None) -> str:
    return _STOP_REASONS.get(reason or "", "end_turn")


def _tool_use(one: ToolCall) -> Json:
    return {
        "type": "tool_use",
        "id": one.id or "",
        "name": one.function.name or "",
        "input": json_text(one.function.arguments or ""),
    }


class MessageEvents:
    """Chat chunks in, message events out. Blocks are opened and closed one after the other."""

    def __init__(self, ask: Ask, call: str) -> None:
        self._start = _message(ask, call)
        self._has_started = False
        self._index = -1
        self._open = ""  # "text", or the number of the tool call whose block is open
        self._reason: str | None = None

    def event(self, data: bytes) -> bytes:
        choice = first_choice(data)
        if choice is None:
            return b""
        self._reason = choice.finish_reason or self._reason
        out = [self._begin()] if not self._has_started else []
        out += self._delta(choice.delta)
        return b"".join(out)

    def _begin(self) -> bytes:
        self._has_started = True
        return _event("message_start", message=self._start)

    def _delta(self, said: Said) -> list[bytes]:
        out = []
        if said.text:
            if self._open != "text":
                out += self._open_block("text", {"type": "text", "text": ""})
            out.append(self._block_delta({"type": "text_delta", "text": said.text}))
        for one in said.tool_calls or []:
            name = f"tool {one.index}"
            if self._open != name:
                start = _tool_use(one) | {"input": {}}
                out += self._open_block(name, start)
            if one.function.arguments:
                part = one.function.arguments
                out.append(
                    self._block_delta({"type": "input_json_delta", "partial_json": part})
                )
        return out

    def _open_block(self, name: str, block: Json) -> list[bytes]:
        out = self._close_block()
        self._open = name
        self._index += 1
        out.append(_event("content_block_start", index=self._index, content_block=block))
        return out

    def _block_delta(self, delta: Json) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)

    def _close_block(self) -> list[bytes]:
        if not self._open:
            return []
        self._open = ""
        return [_event("content_block_stop", index=self._index)]

    def end(self, tokens: Tokens) -> bytes:
        out = [] if self._has_started else [self._begin()]
        out += self._close_block()
        delta = {"stop_reason": _stop_reason(self._reason), "stop_sequence": None}
        out.append(_event("message_delta", delta=delta, usage=_usage(tokens)))
        out.append(_event("message_stop"))
        return b"".join(out)


def _event(name: str, **facts: object) -> bytes:
    return event_with(_encoder.encode({"type": name, **facts}), name)

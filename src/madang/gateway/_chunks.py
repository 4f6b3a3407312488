"""What a supplier's chat answers say, as far as other dialects retell it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from madang.gateway._request import Fields, top_level
from madang.gateway.errors import UNREADABLE, RequestMalformed

Json = dict[str, object]


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: Function = msgspec.field(default_factory=Function)


class Said(msgspec.Struct):
    """A message, or a delta of one."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None

    @property
    def text(self) -> str:
        return (self.content or "") + (self.refusal or "")


class Choice(msgspec.Struct):
    message: Said = msgspec.field(default_factory=Said)
    delta: Said = msgspec.field(default_factory=Said)
    finish_reason: str | None = None


class Chat(msgspec.Struct):
    choices: list[Choice] = []


chats = msgspec.json.Decoder(Chat)


def first_choice(text: bytes) -> Choice | None:
    """The first choice of an answer or of an event; None when there is none."""
    try:
        found = chats.decode(text)
    except UNREADABLE:
        return None
    return found.choices[0] if found.choices else None


def body_fields(body: bytes, *, refused: Mapping[str, str]) -> Fields:
    """The top level of a body, without fields that this gateway cannot honour."""
    fields = top_level(body)
    for name, why in refused.items():
        if name in fields and bytes(fields[name]) not in (b"null", b"false"):
            raise RequestMalformed(reason=f"{name} is not offered: {why}", field=name)
    return fields


def json_text(text: str) -> object:
    """The arguments of a tool call as a value; what is no JSON stays an empty object."""
    try:
        return msgspec.json.decode(text or "{}")
    except UNREADABLE:
        return {}

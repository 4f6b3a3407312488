"""Reading a caller's body, and writing the one that goes to the supplier.

The top level is read by a JSON parser into name → the value's own bytes. What we price is
decoded from those bytes; what goes upstream is put together from those same bytes, with our
values in place of the caller's for the fields that we own. So the fields that were priced
are exactly the fields that are sent, each name once, and nothing is found by text search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from madang.gateway.errors import UNREADABLE, RequestMalformed

ANSWERS_MAX = 128
PROMPTS_MAX = 2048
TOKENS_MAX = 2**31 - 1
COMPLETION_TOKENS_DEFAULT = 16
"""What OpenAI's completions take when the caller names no max_tokens."""

SCHEMA_FACTOR = 4
"""A supplier's template may print a schema with line breaks and indents: bytes per byte."""
TOOLS_OVERHEAD_TOKENS = 1024
"""What a template may say around a list of tools."""

_TEXT_PARTS = frozenset({"text", "refusal", "input_text", "output_text", "thinking"})
_COSTLY = frozenset(
    {
        "audio", "best_of", "chat_template", "documents", "max_new_tokens", "n_predict",
        "num_predict", "prediction", "use_beam_search", "web_search_options",
    }
)  # fmt: skip
"""Fields that change what a call costs in ways for which no bound is known."""

_SCHEMAS = frozenset({"tools", "functions", "response_format", "json_schema", "grammar"})
"""Fields that a supplier's template writes into the prompt in its own way."""

Fields = dict[str, msgspec.Raw]
_T = TypeVar("_T")
_Decoder = msgspec.json.Decoder[_T | None]

_top_level = msgspec.json.Decoder(Fields)
_encoder = msgspec.json.Encoder()
_texts: _Decoder[str] = msgspec.json.Decoder(str | None)
_integers: _Decoder[int] = msgspec.json.Decoder(int | None)
_booleans: _Decoder[bool] = msgspec.json.Decoder(bool | None)
_lists = msgspec.json.Decoder(list[msgspec.Raw])
_modalities: _Decoder[list[str]] = msgspec.json.Decoder(list[str] | None)
_TRUE = msgspec.Raw(b"true")
_USAGE_ASKED = msgspec.Raw(b'{"include_usage":true}')
_NULL = msgspec.Raw(b"null")


class _Message(msgspec.Struct):
    content: msgspec.Raw = _NULL


class _Part(msgspec.Struct):
    type: str


_messages = msgspec.json.Decoder(list[_Message])
_parts = msgspec.json.Decoder(list[_Part])


class Ask(msgspec.Struct):
    """What a caller asks for, in the terms that money needs.

    `input_bytes` bounds the input tokens (a token of a byte-level vocabulary is at least one
    byte), `answers` is how many outputs are generated, `max_tokens` 0 where none was named.
    """

    model: str
    fields: Fields
    stream: bool
    wants_usage: bool
    input_bytes: int
    prompts: int
    answers: int
    max_tokens: int
    has_output: bool = True
    echo: dict[str, object] = {}


def top_level(body: bytes) -> Fields:
    """The fields of a JSON object as their own bytes. Raises RequestMalformed."""
    try:
        return _top_level.decode(body)
    except UNREADABLE as err:
        raise RequestMalformed(reason=f"the body is not a JSON object ({err})") from None


def read_chat(body: bytes) -> Ask:
    """A body of chat/completions."""
    fields = top_level(body)
    if not _COSTLY.isdisjoint(fields):
        _refuse_costly(fields)
    messages = fields.get("messages")
    if messages is None:
        raise RequestMalformed(reason="messages is missing", field="messages")
    _refuse_media(messages)
    if "modalities" in fields:
        _refuse_modalities(fields)
    stream = "stream" in fields and _flag(fields, "stream")
    return Ask(
        model=_model(fields),
        fields=fields,
        stream=stream,
        wants_usage=stream and _wants_usage(fields),
        input_bytes=_length(messages) + _schema_bytes(fields),
        prompts=1,
        answers=_integer(fields, "n", 1, ANSWERS_MAX) or 1,
        max_tokens=_integer(fields, "max_completion_tokens", 1, TOKENS_MAX)
        or _integer(fields, "max_tokens", 1, TOKENS_MAX),
    )


def read_completion(body: bytes) -> Ask:
    """A body of completions: the prompt is a text, tokens, or a list of either."""
    fields = top_level(body)
    best_of = _integer(fields, "best_of", 1, ANSWERS_MAX)
    fields.pop("best_of", None) if best_of == 0 else None
    _refuse_costly({name: value for name, value in fields.items() if name != "best_of"})
    prompt = fields.get("prompt")
    if prompt is None:
        raise RequestMalformed(reason="prompt is missing", field="prompt")
    prompts = _count_inputs(prompt, "prompt")
    answers = max(_integer(fields, "n", 1, ANSWERS_MAX) or 1, best_of)
    suffix = fields.get("suffix", _NULL)
    return Ask(
        model=_model(fields),
        fields=fields,
        stream=_flag(fields, "stream"),
        wants_usage=_wants_usage(fields),
        input_bytes=_length(prompt) + _length(suffix) + _schema_bytes(fields),
        prompts=prompts,
        answers=answers * prompts,
        max_tokens=_integer(fields, "max_tokens", 1, TOKENS_MAX) or COMPLETION_TOKENS_DEFAULT,
    )


def read_embedding(body: bytes) -> Ask:
    """A body of embeddings: nothing is generated, input alone is paid."""
    fields = top_level(body)
    _refuse_costly(fields)
    given = fields.get("input")
    if given is None:
        raise RequestMalformed(reason="input is missing", field="input")
    return Ask(
        model=_model(fields),
        fields=fields,
        stream=False,
        wants_usage=True,
        input_bytes=_length(given),
        prompts=_count_inputs(given, "input"),
        answers=0,
        max_tokens=0,
        has_output=False,
    )


def splice(ask: Ask, upstream_model: msgspec.Raw, max_tokens: int) -> bytes:
    """The body for the supplier: the caller's own bytes, and ours in the fields that we own."""
    fields = ask.fields
    fields["model"] = upstream_model
    if ask.has_output:
        fields.pop("max_completion_tokens", None)
        fields["max_tokens"] = msgspec.Raw(b"%d" % max_tokens)
    if ask.stream:
        fields["stream_options"] = _with_usage(fields.get("stream_options"))
    else:
        fields.pop("stream_options", None)
    return _encoder.encode(fields)


def _with_usage(options: msgspec.Raw | None) -> msgspec.Raw:
    if options is None or bytes(options) == b"null":
        return _USAGE_ASKED
    told = _object(options, "stream_options")
    told["include_usage"] = _TRUE
    return msgspec.Raw(_encoder.encode(told))


def _wants_usage(fields: Fields) -> bool:
    options = fields.get("stream_options", _NULL)
    if bytes(options) == b"null":
        return False
    asked = _object(options, "stream_options").get("include_usage", _NULL)
    return bytes(asked) == b"true"


def _object(raw: msgspec.Raw, name: str) -> Fields:
    try:
        return _top_level.decode(raw)
    except UNREADABLE:
        raise RequestMalformed(reason=f"{name} is not an object", field=name) from None


def _value(fields: Fields, name: str, decoder: _Decoder[_T]) -> _T | None:
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except UNREADABLE:
        raise RequestMalformed(reason=f"{name} has a wrong value", field=name) from None


def _flag(fields: Fields, name: str) -> bool:
    value = _value(fields, name, _booleans)
    return value is True


def _integer(fields: Fields, name: str, least: int, most: int) -> int:
    """An integer in range; 0 when the field is absent or null."""
    if name not in fields:
        return 0
    number = _value(fields, name, _integers)
    if number is None:
        return 0
    if not least <= number <= most:
        raise RequestMalformed(reason=f"{name} is not from {least} to {most}", field=name)
    return number


def _model(fields: Fields) -> str:
    model = _value(fields, "model", _texts)
    if not model:
        raise RequestMalformed(reason="model is missing", field="model")
    return model


def _length(raw: msgspec.Raw) -> int:
    size: int = memoryview(raw).nbytes
    return size


def _schema_bytes(fields: Fields) -> int:
    """A bound on what tools and answer schemas add to the input."""
    size = 0
    if _SCHEMAS.isdisjoint(fields):
        return size
    for name in _SCHEMAS:
        raw = fields.get(name)
        if raw is not None:
            size += SCHEMA_FACTOR * _length(raw) + TOOLS_OVERHEAD_TOKENS
    return size


def _refuse_costly(fields: Mapping[str, msgspec.Raw]) -> None:
    for name in sorted(_COSTLY.intersection(fields)):
        if bytes(fields[name]) not in (b"null", b"false"):
            raise RequestMalformed(
                reason=f"{name} changes the cost and has no bound", field=name
            )


def _refuse_modalities(fields: Fields) -> None:
    if _value(fields, "modalities", _modalities) not in (None, ["text"]):
        raise RequestMalformed(reason="only text is offered", field="modalities")


def _refuse_media(raw: msgspec.Raw) -> None:
    """Only text has a bound. Parts of another kind need a list inside the list of messages:
    without a second bracket there is none, and no escape can stand for a bracket."""
    messages = bytes(raw)
    if messages.find(b"[", 1) < 0:
        return
    try:
        contents = [bytes(message.content) for message in _messages.decode(messages)]
        kinds = {
            part.type
            for content in contents
            if content.startswith(b"[")
            for part in _parts.decode(content)
        }
    except UNREADABLE:
        raise RequestMalformed(reason="messages cannot be read", field="messages") from None
    media = kinds - _TEXT_PARTS
    if media:
        raise RequestMalformed(
            reason=f"no bound is known for content of type {min(media)}", field="messages"
        )


def _count_inputs(raw: msgspec.Raw, name: str) -> int:
    """How many inputs a field holds: a text or a list of token numbers is one."""
    if bytes(memoryview(raw)[:1]) != b"[":
        if bytes(memoryview(raw)[:1]) != b'"':
            raise RequestMalformed(reason=f"{name} is neither text nor list", field=name)
        return 1
    try:
        items = _lists.decode(raw)
    except UNREADABLE:
        raise RequestMalformed(reason=f"{name} cannot be read", field=name) from None
    nested = sum(1 for item in items if bytes(memoryview(item)[:1]) in (b"[", b'"'))
    if not items or (nested and len(items) > PROMPTS_MAX):
        raise RequestMalformed(reason=f"{name} has no or too many items", field=name)
    return nested or 1

"""Usage as a supplier reports it, checked before it touches a counter.

Numbers from outside are integers in range or they are no usage at all, never a charge and
never a crash. The classes come out disjoint: cached input is not also plain input, reasoning
is part of the output and is not added to it.
"""

from __future__ import annotations

import msgspec

from madang.gateway.errors import UNREADABLE
from madang.wire.pricing import QUANTITY_MAX

_NULL = msgspec.Raw(b"null")
_NULLS = (b'"usage":null', b'"usage": null')


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_creation_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Carrier(msgspec.Struct):
    """The top level of an answer or of one event: nothing below it can pose as usage."""

    usage: _Usage | None = None
    choices: msgspec.Raw = _NULL


class _LooseCarrier(msgspec.Struct):
    usage: msgspec.Raw = _NULL
    choices: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_EMPTY = (b"[]", b"null")
_carriers = msgspec.json.Decoder(_Carrier)
_loose_carriers = msgspec.json.Decoder(_LooseCarrier)
_usages = msgspec.json.Decoder(_Usage)


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """Disjoint token counts of one call."""

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0


NO_TOKENS = Tokens()


class Found(msgspec.Struct, frozen=True, gc=False):
    """What the top level of one JSON text says of usage, and whether it says nothing else."""

    tokens: Tokens | None
    is_usage_only: bool
    is_suspicious: bool
    is_json: bool = True


NOTHING = Found(None, is_usage_only=False, is_suspicious=False)
NOT_JSON = Found(None, is_usage_only=False, is_suspicious=True, is_json=False)


def may_carry_usage(event: bytes) -> bool:
    """A cheap filter before the parser: false only where the parser could find no usage.

    Inside a JSON string a quote is escaped, so `"usage"` with both quotes is a key, or a whole
    string. A key spelled with escapes would be missed: such an answer counts as one without.
    """
    named = event.count(b'"usage"')
    return named > 0 and named > sum(event.count(null) for null in _NULLS)


def find_usage(text: bytes) -> Found:
    """Read usage at the top level of an answer or of an event's data."""
    try:
        carrier = _carriers.decode(text)
    except msgspec.ValidationError:
        return _find_strange(text)
    except UNREADABLE:
        return NOT_JSON
    if carrier.usage is None:
        return NOTHING
    tokens = _tokens_of(carrier.usage)
    return Found(tokens, _is_empty(carrier.choices), tokens is None)


def _find_strange(text: bytes) -> Found:
    """The top level where something has a shape that usage does not have."""
    try:
        loose = _loose_carriers.decode(text)
    except UNREADABLE:
        return NOT_JSON
    tokens = tokens_of(bytes(loose.usage))
    return Found(tokens, _is_empty(loose.choices), tokens is None)


def _is_empty(choices: msgspec.Raw) -> bool:
    view = memoryview(choices)
    return len(view) < 8 and bytes(view).replace(b" ", b"") in _EMPTY


def tokens_of(usage: bytes) -> Tokens | None:
    """Tokens of a usage object; None unless every number in it is an integer in range."""
    try:
        return _tokens_of(_usages.decode(usage))
    except UNREADABLE:
        return None


def _tokens_of(told: _Usage) -> Tokens | None:
    prompt, output = told.prompt_tokens, told.completion_tokens or 0
    details = told.prompt_tokens_details
    cached = write = 0
    if details is not None:
        cached = details.cached_tokens or 0
        write = details.cache_write_tokens or details.cache_creation_tokens or 0
    plain = prompt - cached - write
    if 0 <= plain <= prompt <= QUANTITY_MAX and 0 <= output <= QUANTITY_MAX:
        return Tokens(plain, cached, write, output) if cached >= 0 <= write else None
    return None


def is_error(text: bytes) -> bool:
    """Whether one JSON text is a supplier's error: never billed, whatever its length."""
    try:
        return bytes(_loose_carriers.decode(text).error) not in (b"null", b"{}")
    except UNREADABLE:
        return False

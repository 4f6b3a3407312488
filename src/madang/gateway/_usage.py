"""Usage as a supplier reports it, checked before it touches a counter.

Numbers from outside are integers in range or they are no usage at all, never a charge and
never a crash. The classes come out disjoint: cached input is not also plain input, reasoning
is part of the output and is not added to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

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
    prompt_tokens_details: msgspec.Raw = _NULL


class _Carrier(msgspec.Struct):
    """The top level of an answer or of one event: nothing below it can pose as usage."""

    usage: msgspec.Raw = _NULL
    choices: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_EMPTY = (b"[]", b"null")
_carriers = msgspec.json.Decoder(_Carrier)
_usages = msgspec.json.Decoder(_Usage)
_details = msgspec.json.Decoder(_PromptDetails | None)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Disjoint token counts of one call."""

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Found:
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
    except msgspec.DecodeError:
        return NOT_JSON
    usage = bytes(carrier.usage)
    if usage == b"null":
        return NOTHING
    tokens = tokens_of(usage)
    only = bytes(carrier.choices).replace(b" ", b"") in _EMPTY
    return Found(tokens, is_usage_only=only, is_suspicious=tokens is None)


def tokens_of(usage: bytes) -> Tokens | None:
    """Tokens of a usage object; None unless every number in it is an integer in range."""
    try:
        told = _usages.decode(usage)
        details = _details.decode(told.prompt_tokens_details)
    except msgspec.DecodeError:
        return None
    output = told.completion_tokens or 0
    cached = (details.cached_tokens if details else 0) or 0
    write = _cache_write(details) if details else 0
    numbers = (told.prompt_tokens, output, cached, write)
    if any(not 0 <= number <= QUANTITY_MAX for number in numbers):
        return None
    plain = told.prompt_tokens - cached - write
    if plain < 0:
        return None
    return Tokens(plain, cached, write, output)


def _cache_write(details: _PromptDetails) -> int:
    return details.cache_write_tokens or details.cache_creation_tokens or 0


def is_error(text: bytes) -> bool:
    """Whether one JSON text is a supplier's error: never billed, whatever its length."""
    try:
        return bytes(_carriers.decode(text).error) not in (b"null", b"{}")
    except msgspec.DecodeError:
        return False

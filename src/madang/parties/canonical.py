"""One spelling per value, so that equal things have equal bytes and equal digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
"""JSON without floats: two programs print a float in two ways."""
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
"""Made once: `json.dumps` makes one for each call."""


def canonical_bytes(value: Json) -> bytes:
    """Sorted keys, no spaces, UTF-8. Raises TypeError for a float at any depth."""
    _refuse_floats(value)
    return _encoder.encode(value).encode()


def digest_of(value: Json) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical spelling; write an integer or a string")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"not a text key: {key!r}")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)

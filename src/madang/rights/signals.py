"""What a page, a file or a site says, in one small vocabulary, before any law reads it.

A signal is one statement of one protocol in one carrier. A vector is the set of statements
that reach one record; two records with the same vector get the same verdict by construction.
Merging happens per protocol, by that protocol's own rule, never in one shared loop.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

RAW_BYTES_MAX = 512


class Value(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"
    CONFLICT = "conflict"
    OFFER = "offer"
    UNESTABLISHED = "unestablished"


# The most restrictive first: what a protocol that merges restrictively takes.
RESTRICTIVE = (
    Value.NO,
    Value.CONFLICT,
    Value.MALFORMED,
    Value.UNESTABLISHED,
    Value.UNKNOWN,
    Value.OFFER,
    Value.YES,
)


@dataclass(frozen=True, slots=True)
class Signal:
    """One statement: which protocol says what about which use, where, in which bytes."""

    protocol: str
    label: str
    value: str
    carrier: str
    raw: str = ""
    note: str = ""

    @property
    def slot(self) -> str:
        return f"{self.protocol}/{self.label}@{self.carrier}"


Vector = tuple[tuple[str, str], ...]


def cut(raw: bytes | str) -> str:
    """The bytes of a statement as evidence text, bounded."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    return text if len(text) <= RAW_BYTES_MAX else text[:RAW_BYTES_MAX] + "…"


def most_restrictive(values: Iterable[Value]) -> Value | None:
    """NO before doubt, doubt before YES; None when nothing was said."""
    found = set(values)
    return next((value for value in RESTRICTIVE if value in found), None)


def agreed(values: Iterable[Value]) -> Value | None:
    """One value when all say the same, CONFLICT when they differ, None when none speaks."""
    found = set(values)
    if len(found) > 1:
        return Value.CONFLICT
    return next(iter(found), None)


def vector_of(signals: Sequence[Signal]) -> Vector:
    """The canonical vector: one value per slot, doubt where one carrier contradicts itself.

    Slots whose values are names (licences, marks) keep every name once.
    """
    return vector_of_pairs([(signal.slot, signal.value) for signal in signals])


def vector_of_pairs(pairs: Sequence[tuple[str, str]]) -> Vector:
    """The same from slots with their values."""
    if not pairs:
        return ()
    slots: dict[str, set[str]] = {}
    for slot, value in pairs:
        slots.setdefault(slot, set()).add(value)
    return tuple(sorted((slot, _joined(slot, values)) for slot, values in slots.items()))


def _joined(slot: str, values: set[str]) -> str:
    if len(values) == 1:
        return next(iter(values))
    if slot.startswith(NAMED_SLOTS):
        return "|".join(sorted(values))
    restrictive = slot.startswith(RESTRICTIVE_SLOTS)
    found = [Value(value) for value in values]
    merged = most_restrictive(found) if restrictive else Value.CONFLICT
    return str(merged)


NAMED_SLOTS = ("licence/", "kogl/", "access/", "note/")
RESTRICTIVE_SLOTS = ("aipref/", "noai/", "rsl/", "robots/", "c2pa/", "iptc/", "prose/")


def canonical(vector: Vector) -> bytes:
    """The byte form that is hashed and stored."""
    return ";".join(f"{slot}={value}" for slot, value in vector).encode("utf-8")


def vector_sha(vector: Vector) -> bytes:
    return hashlib.sha256(canonical(vector)).digest()


def parse_vector(text: str) -> Vector:
    """The inverse of canonical, for tables read back."""
    if not text:
        return ()
    pairs = (item.partition("=") for item in text.split(";"))
    return tuple((slot, value) for slot, _, value in pairs)


def merged(*parts: Vector) -> Vector:
    """Several parts of one record's vector as one, doubtful where a slot differs."""
    slots: dict[str, set[str]] = {}
    for part in parts:
        for slot, value in part:
            slots.setdefault(slot, set()).update(_split(slot, value))
    return tuple(sorted((slot, _joined(slot, values)) for slot, values in slots.items()))


def _split(slot: str, value: str) -> list[str]:
    return value.split("|") if slot.startswith(NAMED_SLOTS) else [value]


def by_carrier(vector: Vector, protocol: str, label: str) -> Mapping[str, Value]:
    """What each carrier of one protocol says about one label."""
    prefix = f"{protocol}/{label}@"
    return {
        slot.removeprefix(prefix): Value(value)
        for slot, value in vector
        if slot.startswith(prefix)
    }

"""TDM Reservation Protocol: file, header, HTML, EPUB, PDF. A later carrier supersedes.

Values other than 0 and 1 are protocol errors. Where the report contradicts itself (first entry
or most specific), both readings are kept and a person decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from madang.rights.protocols.matching import (
    LongestMatch,
    Pattern,
    as_asked,
    has_literal,
    literal,
    unescaped,
)
from madang.rights.signals import Signal, Value, by_carrier, cut

PROTOCOL = "tdmrep"
CARRIERS = ("file", "header", "html", "epub", "pdf")
FILE_BYTES_MAX = 512 * 1024
ENTRIES_MAX = 10_000


def reservation(text: str) -> Value:
    """1 reserves, 0 does not, anything else is an error with visible intent."""
    return {"1": Value.NO, "0": Value.YES}.get(text.strip(), Value.MALFORMED)


def from_values(
    reservations: Iterable[str], policies: Iterable[str], carrier: str
) -> list[Signal]:
    """Repeated statements in one carrier must agree."""
    texts = list(reservations)
    found = [
        Signal(PROTOCOL, "reservation", reservation(text), carrier, cut(text)) for text in texts
    ]
    offers = [Signal(PROTOCOL, "policy", Value.OFFER, carrier, cut(text)) for text in policies]
    return [*found, *offers]


@dataclass(frozen=True, slots=True)
class Entry:
    location: bytes
    value: Value
    policy: str


@dataclass(frozen=True, slots=True)
class TdmFile:
    """A parsed tdmrep.json; `error` names why it could not be read as a whole."""

    entries: tuple[Entry, ...]
    error: str = ""

    def signals_for(self, path: bytes) -> list[Signal]:
        if self.error:
            return [Signal(PROTOCOL, "reservation", Value.MALFORMED, "file", note=self.error)]
        plain = unescaped(as_asked(path))
        found = [entry for entry in self.entries if _matches(entry.location, plain)]
        if not found:
            return []
        first = found[0]
        longest = max(found, key=lambda entry: len(entry.location))
        value, note = first.value, ""
        if longest.value is not first.value:
            value = Value.CONFLICT
            note = f"first in sequence {first.value}, most specific {longest.value}"
        raw = cut(first.location)
        signals = [Signal(PROTOCOL, "reservation", value, "file", raw, note)]
        if first.policy:
            signals.append(Signal(PROTOCOL, "policy", Value.OFFER, "file", cut(first.policy)))
        return signals


def _matches(location: bytes, path: bytes) -> bool:
    if (
        has_literal(location)
        and (path != (meant := literal(path)))
        and _matches(location, meant)
    ):
        return True
    if b"*" in location or location.endswith(b"$"):
        return Pattern(location).matches(path)
    return LongestMatch([(False, location)]).longest(path) >= 0


def parse_file(content: bytes, *, was_cut: bool = False) -> TdmFile:
    """Read a tdmrep.json. Never raises."""
    if was_cut or len(content) > FILE_BYTES_MAX:
        return TdmFile((), "truncated")
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as err:
        return TdmFile((), f"not JSON: {type(err).__name__}")
    if not isinstance(document, list):
        return TdmFile((), "not an array")
    if len(document) > ENTRIES_MAX:
        return TdmFile((), "too many entries")
    return TdmFile(tuple(entry for item in document for entry in _entries(item)))


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A key that is written twice with two values is no statement at all."""
    found: dict[str, object] = {}
    for key, value in pairs:
        found[key] = value if found.get(key, value) == value else "repeated"
    return found


# What no pattern has: an address, a blank, another language of patterns.
_STRANGE = re.compile(r"^[^/*$]|^//|[\s()\[\]{}^|\\#]|\.\*|\*\*|/\?")


def _entries(item: object) -> list[Entry]:
    """An entry, and where its pattern is written as none is, all that it may have been meant
    for: what stands before the first strange sign is sure to be wanted."""
    entry = _entry(item)
    location = item.get("location") if isinstance(item, dict) else None
    strange = _STRANGE.search(location) if isinstance(location, str) else None
    if strange is None or entry.value is Value.YES:
        return [entry]
    before = location[: strange.start()] if isinstance(location, str) else ""
    octets = unescaped(as_asked(before.encode("utf-8", "surrogatepass")))
    return [entry, Entry(octets if octets[:1] == b"/" else b"/", Value.MALFORMED, "")]


def _entry(item: object) -> Entry:
    """An entry that cannot be read reaches every path: its owner wanted to say something."""
    if not isinstance(item, dict):
        return Entry(b"/", Value.MALFORMED, "")
    location, value = item.get("location"), item.get("tdm-reservation")
    policy = item.get("tdm-policy")
    if not isinstance(location, str) or not location:
        return Entry(b"/", Value.MALFORMED, "")
    good = value in (0, 1) and isinstance(value, int) and not isinstance(value, bool)
    said = (Value.NO if value == 1 else Value.YES) if good else Value.MALFORMED
    octets = unescaped(as_asked(location.encode("utf-8", "surrogatepass")))
    if octets[:1] not in (b"/", b"*"):
        octets = b"/" + octets if not octets.startswith(b"$") else octets
    return Entry(octets, said, policy if isinstance(policy, str) else "")


def merge(vector: tuple[tuple[str, str], ...]) -> Value | None:
    """The last carrier that speaks; absence never resets, an earlier error is superseded
    only by a valid statement, and never into silence."""
    said = by_carrier(vector, PROTOCOL, "reservation")
    return _last(said)


def _last(said: Mapping[str, Value]) -> Value | None:
    spoken = [said[carrier] for carrier in CARRIERS if carrier in said]
    if not spoken:
        return None
    if spoken[-1] is Value.NO:
        return Value.NO
    doubt = [v for v in spoken if v in (Value.MALFORMED, Value.CONFLICT, Value.UNESTABLISHED)]
    return doubt[-1] if doubt else spoken[-1]

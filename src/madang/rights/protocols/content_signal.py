"""Content Signals: `Content-Signal: search=yes, ai-input=no, ai-train=no` in a robots group.

Values are yes and no, not y and n; keys are never matched by prefix. What looks like a
statement about training and is none is malformed and goes to a person.
"""

from __future__ import annotations

from collections.abc import Iterable

from madang.rights.protocols.near import is_about_training, plain
from madang.rights.signals import Signal, Value, cut

PROTOCOL = "content-signal"
KEYS = ("search", "ai-input", "ai-train")
USES = ("immediate", "reference", "full")
MANAGED = {"search": "yes", "ai-train": "no"}


def from_lines(lines: Iterable[bytes | str], carrier: str) -> list[Signal]:
    """All lines that reach one record from one carrier. A repeated key must agree."""
    texts = [line.decode("latin-1") if isinstance(line, bytes) else line for line in lines]
    if not texts:
        return []
    raw = cut(" | ".join(texts))
    values: dict[str, set[Value]] = {}
    for text in texts:
        for part in text.split(","):
            for key, value in _members(part) if part.strip() else ():
                values.setdefault(key, set()).add(value)
    note = "cdn_managed" if _is_managed(values) else ""
    return [
        Signal(PROTOCOL, key, _one(found), carrier, raw, note)
        for key, found in values.items()
        if key
    ]


def _members(part: str) -> list[tuple[str, Value]]:
    """What one member says; a word about training inside of another member was meant, too."""
    key, mark, value = (piece.strip() for piece in part.partition("="))
    key, value = plain(key), plain(value)
    if key == "use" and value in USES:
        return [("use", Value.YES)]
    if key in KEYS and mark:
        read = {"yes": Value.YES, "no": Value.NO}.get(value, Value.MALFORMED)
        meant = [("ai-train", Value.MALFORMED)] if is_about_training(f" {value}") else []
        return [(key, read), *meant]
    if "search" in key and "ai" not in key:
        return [("search", Value.MALFORMED)]
    return [("ai-train", Value.MALFORMED)]


def _one(found: set[Value]) -> Value:
    if Value.NO in found and Value.YES not in found:
        return Value.NO
    return next(iter(found)) if len(found) == 1 else Value.CONFLICT


def _is_managed(values: dict[str, set[Value]]) -> bool:
    """The default that a content network sets, which may not be the owner's own wish."""
    return (
        set(values) <= {"search", "ai-train", "use"}
        and values.get("search") == {Value.YES}
        and values.get("ai-train") == {Value.NO}
    )

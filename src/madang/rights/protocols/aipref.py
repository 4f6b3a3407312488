"""aipref `Content-Usage` (draft-ietf-aipref-attach-05, vocab-07): header and robots rules.

Only the tokens `y` and `n` of the label `train-ai` state a preference. Everything else about
training is unknown, and unknown leads to review. Separate statements combine restrictively.
"""

from __future__ import annotations

from collections.abc import Iterable

from madang.rights.protocols.matching import (
    LongestMatch,
    Pattern,
    as_asked,
    has_literal,
    literal,
    unescaped,
)
from madang.rights.protocols.structured import FieldMalformed, Item, parse_dictionary
from madang.rights.signals import Signal, Value, cut, most_restrictive

PROTOCOL = "aipref"
LABELS = ("train-ai", "search")
# Labels of earlier drafts and of other proposals: about training, meaning nothing here.
TRAINING_LIKE = (
    *("train", "ai", "genai", "bots", "tdm", "automated", "ml", "machine", "llm", "gpt"),
    "foundation",
)
REFUSALS = ("n", "no", "none", "deny", "disallow")  # whole members: about every use


def from_header(lines: list[str]) -> list[Signal]:
    """The Content-Usage lines of one response, joined into one dictionary."""
    return _signals(lines, "header")


def _signals(lines: list[str], carrier: str) -> list[Signal]:
    if not lines:
        return []
    raw = cut(" | ".join(lines))
    try:
        members = parse_dictionary(lines)
    except FieldMalformed as err:
        note = f"the field does not parse: {err}"
        return [Signal(PROTOCOL, "train-ai", Value.MALFORMED, carrier, raw, note)]
    found = [
        Signal(PROTOCOL, label, preference(members[label]), carrier, raw)
        for label in LABELS
        if label in members
    ]
    strange = [key for key in members if key not in LABELS and _is_about_training(key)]
    if "train-ai" in raw.replace(" ", ""):
        strange.append("train-ai")  # as a parameter, or as another label's value
    if strange and "train-ai" not in members:
        note = f"labels of no current draft: {', '.join(strange[:4])}"
        found.append(Signal(PROTOCOL, "train-ai", Value.UNKNOWN, carrier, raw, note))
    return found


def _is_about_training(key: str) -> bool:
    parts = key.replace("_", "-").split("-")
    return key in REFUSALS or any(part.startswith(TRAINING_LIKE) for part in parts)


def preference(item: Item) -> Value:
    """y allows, n disallows; a boolean, a string or another token is unknown."""
    if item.kind == "token" and item.text == "y":
        return Value.YES
    if item.kind == "token" and item.text == "n":
        return Value.NO
    return Value.UNKNOWN


def from_robots(lines: Iterable[bytes], path: bytes, *, is_allowed: bool) -> list[Signal]:
    """Rules of one group for one path. Paths that may not be crawled have no preference."""
    if not is_allowed:
        return []
    best, texts = -1, list[bytes]()
    for line in lines:
        pattern, text = _rule(line)
        length = _matched(pattern, unescaped(as_asked(path)))
        if length > best:
            best, texts = length, [text]
        elif length == best >= 0:
            texts.append(text)
    return _combined(texts)


def _rule(line: bytes) -> tuple[bytes, bytes]:
    """A value that starts with "/" begins with a path, up to the first space or tab."""
    if not line.startswith(b"/"):
        return b"", line
    path, _, rest = line.replace(b"\t", b" ").partition(b" ")
    return path, rest.strip()


def _matched(pattern: bytes, path: bytes) -> int:
    if not pattern:
        return 0
    wanted = unescaped(as_asked(pattern))
    if has_literal(wanted):
        path = literal(path)
    if b"*" in wanted or wanted.endswith(b"$"):
        return len(wanted) if Pattern(wanted).matches(path) else -1
    return LongestMatch([(False, wanted)]).longest(path)


def _combined(texts: list[bytes]) -> list[Signal]:
    """Several statements for the same path: each its own dictionary, restrictively joined."""
    found: dict[str, list[Signal]] = {}
    for text in texts:
        said = _signals([text.decode("latin-1")], "robots")
        if not text.strip():
            said = [Signal(PROTOCOL, "train-ai", Value.UNKNOWN, "robots", note="no preference")]
        for signal in said:
            found.setdefault(signal.label, []).append(signal)
    merged = []
    for signals in found.values():
        value = most_restrictive(Value(signal.value) for signal in signals)
        merged.append(next(signal for signal in signals if signal.value == value))
    return merged

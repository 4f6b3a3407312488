"""What a machine can say of a file before a person looks: its kind, its size, and numbers of
people in it. Archives and tables in binary are of no kind that is let out: nobody could look.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from madang.datahub.errors import ResultKindRefused, ResultsTooMuch
from madang.datahub.quality.personal import judged
from madang.parties.policies.queries import current_policy

POLICY_KIND = "datahub"
NAME_LENGTH_MAX = 255
TEXTS = frozenset({".csv", ".json", ".md", ".py", ".r", ".sql", ".tex", ".tsv", ".txt"})
BEGINNINGS = {
    ".jpeg": b"\xff\xd8\xff",
    ".jpg": b"\xff\xd8\xff",
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n\x1a\n",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What policy allows in one request."""

    files_max: int
    size_bytes_max: int
    kinds: frozenset[str]
    waiting_max: int


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it came: its name, and its bytes piece by piece."""

    name: str
    pieces: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that may be shown to who decides. `signs` is None where no text can be read."""

    name: str
    data: bytes
    signs: dict[str, int] | None


def limits_at(at: datetime) -> Limits:
    policy = current_policy(POLICY_KIND, at)
    return Limits(
        policy.number("result_files_max"),
        policy.number("result_size_bytes_max"),
        frozenset(policy.texts("result_kinds")),
        policy.number("results_waiting_max"),
    )


def look(files: Sequence[Handed], limits: Limits) -> list[Looked]:
    """All or none. Raises ResultsTooMuch, ResultKindRefused."""
    if not 1 <= len(files) <= limits.files_max:
        raise _too_much(limits)
    found, left = [], limits.size_bytes_max
    for one in files:
        data = _within(one, left, limits)
        left -= len(data)
        found.append(_looked(one.name, data, limits))
    return found


def _within(one: Handed, left: int, limits: Limits) -> bytes:
    """No more is read than may be kept."""
    data = bytearray()
    for piece in one.pieces():
        data += piece
        if len(data) > left:
            raise _too_much(limits)
    return bytes(data)


def _too_much(limits: Limits) -> ResultsTooMuch:
    return ResultsTooMuch(files_max=limits.files_max, size_bytes_max=limits.size_bytes_max)


def _looked(name: str, data: bytes, limits: Limits) -> Looked:
    plain = _plain(name)
    kind = PurePosixPath(plain).suffix.lower()
    allowed = ", ".join(sorted(limits.kinds))
    if kind not in limits.kinds or not data:
        raise ResultKindRefused(name=plain, kinds=allowed)
    if kind in TEXTS:
        return Looked(plain, data, _signs(_text(plain, data, allowed)))
    if not data.startswith(BEGINNINGS.get(kind, b"\x00no such kind")):
        raise ResultKindRefused(name=plain, kinds=allowed)
    return Looked(plain, data, None)


def _text(name: str, data: bytes, allowed: str) -> str:
    """UTF-8 without control characters: what a person sees is all that there is."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ResultKindRefused(name=name, kinds=allowed) from err
    if "\x00" in text:
        raise ResultKindRefused(name=name, kinds=allowed)
    return text


def _signs(text: str) -> dict[str, int]:
    counted = Counter(kind for line in text.splitlines() for kind, _ in judged(line))
    return dict(sorted(counted.items()))


def _plain(name: str) -> str:
    """The last part of a path, in NFC, without control characters."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[-NAME_LENGTH_MAX:]

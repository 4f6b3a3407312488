"""A file as runs of chunks: written small, since very large files have many."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

FORM = struct.Struct("<QIIQ")


@dataclass(frozen=True, slots=True)
class Run:
    """Chunks `first` to before `end` of a pack, `length` bytes of content together."""

    pack: int
    first: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class Place:
    """One chunk: its pack, its place in it, its length in bytes."""

    pack: int
    place: int
    length: int


def written(places: Iterable[Place]) -> bytes:
    """Neighbours become one run."""
    runs: list[Run] = []
    for at in places:
        last = runs[-1] if runs else None
        if last is not None and (last.pack, last.end) == (at.pack, at.place):
            runs[-1] = Run(last.pack, last.first, last.end + 1, last.length + at.length)
        else:
            runs.append(Run(at.pack, at.place, at.place + 1, at.length))
    return b"".join(FORM.pack(run.pack, run.first, run.end, run.length) for run in runs)


def read(terms: bytes) -> list[Run]:
    return [Run(*found) for found in FORM.iter_unpack(terms)]


def place_of(terms: bytes) -> tuple[int, int]:
    """The pack and chunk where a content begins: what is sorted by it lies together."""
    if not terms:
        return 0, 0
    pack, first, _, _ = FORM.unpack_from(terms)
    return pack, first

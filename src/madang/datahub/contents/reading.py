"""Giving bytes out: any range of a content, every chunk checked against its hash first."""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from madang.datahub.contents import objects
from madang.datahub.contents.beside import Digest, one_ahead
from madang.datahub.contents.models import Content, Pack
from madang.datahub.contents.terms import Run, read
from madang.datahub.errors import ContentDamaged, XorbMalformed
from madang.datahub.store import xorbs
from madang.datahub.store.hashes import Hash, Piece, chunk_hash, hash_text

READ_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a pack's chunks lie. A pack never changes, so neither does this."""

    hash: Hash
    hashes: tuple[Hash, ...]
    ends: tuple[int, ...]
    lengths: tuple[int, ...]

    def start_of(self, place: int) -> int:
        return self.ends[place - 1] if place else 0


@lru_cache(maxsize=256)
def layout_of(pack: int) -> Layout:
    row = Pack.objects.get(pk=pack)
    hashes = bytes(row.hashes)
    count = len(hashes) // 32
    return Layout(
        bytes(row.hash),
        tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32)),
        struct.unpack(f"<{count}I", row.ends),
        struct.unpack(f"<{count}I", row.lengths),
    )


def read_content(content: Content, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Bytes `start` to before `end`, in pieces of a few MiB. Raises ContentDamaged."""
    end = content.size_bytes if end is None else min(end, content.size_bytes)
    at = 0
    for run in read(bytes(content.terms)):
        if at >= end:
            return
        if at + run.length > start:
            yield from _of_run(run, max(start - at, 0), min(end - at, run.length))
        at += run.length


def _of_run(run: Run, start: int, end: int) -> Iterator[bytes]:
    layout = layout_of(run.pack)
    at, place = 0, run.first
    while place < run.end and at < end:
        length = layout.lengths[place]
        if at + length <= start:
            at, place = at + length, place + 1
            continue
        last = _reach(layout, place, run.end, end - at)
        data = b"".join(checked_contents(layout, place, last))
        yield data[max(start - at, 0) : end - at]
        at += sum(layout.lengths[place:last])
        place = last


def _reach(layout: Layout, place: int, end: int, wanted: int) -> int:
    """How far to read at once: until enough is there, or a few MiB."""
    last, length = place, 0
    while last < end and length < min(wanted, READ_BYTES):
        length += layout.lengths[last]
        last += 1
    return last


def checked_part(pack: int, first: int, end: int) -> bytes:
    """Some chunks of a pack as they are stored. Raises ContentDamaged."""
    layout = layout_of(pack)
    data = objects.part(layout.hash, layout.start_of(first), layout.ends[end - 1])
    _opened(layout, first, end, data)
    return data


def checked_contents(layout: Layout, first: int, end: int) -> list[Piece]:
    """Some chunks of a pack, opened and compared with their hashes. Raises ContentDamaged."""
    data = objects.part(layout.hash, layout.start_of(first), layout.ends[end - 1])
    return _opened(layout, first, end, data)


def _opened(layout: Layout, first: int, end: int, data: bytes) -> list[Piece]:
    try:
        contents = xorbs.views(data)
    except XorbMalformed as err:
        raise ContentDamaged(chunk=hash_text(layout.hashes[first])) from err
    for content, wanted in zip(contents, layout.hashes[first:end], strict=True):
        if chunk_hash(content) != wanted:
            raise ContentDamaged(chunk=hash_text(wanted))
    return contents


def read_together(contents: Sequence[Content]) -> Iterator[bytes]:
    """Several contents one behind the other; what lies together is read together."""
    for run in _joined(bytes(content.terms) for content in contents):
        yield from _of_run(run, 0, run.length)


def digests_of(contents: Sequence[tuple[bytes, int]]) -> Iterator[bytes]:
    """The SHA-256 of contents given by their terms and sizes, in order.

    What lies together is read together, and ahead of the hashing. A chunk's own hash is not
    compared, for the digest of the whole tells as much. Raises ContentDamaged.
    """
    sizes = iter([size for _, size in contents])
    pieces = one_ahead(_plain, _portions(_joined(terms for terms, _ in contents)))
    current, left = Digest(hashlib.sha256()), next(sizes, 0)
    for piece in itertools.chain.from_iterable(pieces):
        view = memoryview(piece)
        while left <= len(view):
            current.update(view[:left])
            yield current.digest()
            view = view[left:]
            if (size := next(sizes, None)) is None:
                return
            current, left = Digest(hashlib.sha256()), size
        current.update(view)
        left -= len(view)
    while left == 0:
        yield current.digest()
        if (size := next(sizes, None)) is None:
            return
        current, left = Digest(hashlib.sha256()), size
    raise ContentDamaged(chunk="")


def _joined(terms: Iterable[bytes]) -> Iterator[Run]:
    """Runs in order; neighbours become one."""
    held: Run | None = None
    for written in terms:
        for run in read(written):
            if held is not None and (held.pack, held.end) == (run.pack, run.first):
                held = Run(held.pack, held.first, run.end, held.length + run.length)
                continue
            if held is not None:
                yield held
            held = run
    if held is not None:
        yield held


def _portions(runs: Iterable[Run]) -> Iterator[tuple[Layout, int, int]]:
    """Whole chunks of a few MiB at once: what one reading takes."""
    for run in runs:
        layout, place = layout_of(run.pack), run.first
        while place < run.end:
            last = _reach(layout, place, run.end, READ_BYTES)
            yield layout, place, last
            place = last


def _plain(portion: tuple[Layout, int, int]) -> list[Piece]:
    """The contents of some chunks, in order."""
    layout, first, end = portion
    data = objects.part(layout.hash, layout.start_of(first), layout.ends[end - 1])
    try:
        return xorbs.views(data)
    except XorbMalformed as err:
        raise ContentDamaged(chunk=hash_text(layout.hashes[first])) from err


def leaves_of(content: Content) -> Iterator[tuple[Hash, int]]:
    """The chunks of a content in order, each by its hash and length."""
    for run in read(bytes(content.terms)):
        layout = layout_of(run.pack)
        yield from zip(
            layout.hashes[run.first : run.end], layout.lengths[run.first : run.end], strict=True
        )

"""Packs: chunks that are nowhere yet, written as one object, durable before its rows."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.db import transaction

from madang.datahub.contents import objects
from madang.datahub.contents.among import among
from madang.datahub.contents.beside import THREADS
from madang.datahub.contents.models import Chunk, Pack
from madang.datahub.contents.rows import insert_chunks
from madang.datahub.contents.terms import Place
from madang.datahub.errors import ContentUnknown
from madang.datahub.store import xorbs
from madang.datahub.store.hashes import Hash, Piece, hash_text, tree_hash

PACK_BYTES = 32 * 1024 * 1024
SYNCING_MAX = 3
"""Packs that are made durable at once, while the next is filled."""

SETTLED_AT_ONCE = 32
"""Packs whose rows are written by one transaction: a gibibyte."""

LOOKED_UP_AT_ONCE = 2_048


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack as it lies in the store: durable, and named by no row yet."""

    name: Hash
    hashes: tuple[Hash, ...]
    lengths: tuple[int, ...]
    ends: tuple[int, ...]


class _Open:
    """A pack that is being filled: by one thread at a time, which touches no database."""

    def __init__(self) -> None:
        self._object = objects.begin()
        self._hashes: list[Hash] = []
        self._lengths: list[int] = []
        self._stored: list[int] = []

    def write(self, contents: Sequence[Piece], hashes: Sequence[Hash]) -> None:
        parts, stored = xorbs.parts_of(contents)
        self._object.write(parts)
        self._hashes += hashes
        self._lengths += [len(content) for content in contents]
        self._stored += stored

    def close(self) -> Packed:
        """The object, durable."""
        name = tree_hash(list(zip(self._hashes, self._lengths, strict=True)))
        self._object.keep(objects.path_of(name))
        ends = tuple(accumulate(self._stored))
        return Packed(name, tuple(self._hashes), tuple(self._lengths), ends)


class Packer:
    """Finds or writes chunks. Give it chunks in order; places are known after `flush`.

    Chunks are written while the caller gets the next ones, and packs made durable while the
    next pack is filled. What was given to `add` is not looked at any more once the `add` after
    it has returned, so two buffers in turn are enough for a caller.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._known: dict[Hash, Place] = {}
        self._open: _Open | None = None
        self._pending: list[tuple[Hash, Piece]] = []
        self._size = self._count = 0
        self._writing: Future[None] | None = None
        self._syncing: list[Future[Packed]] = []
        self._durable: list[Packed] = []

    def add(self, chunks: Sequence[tuple[Hash, Piece]]) -> None:
        """Write those that are nowhere yet."""
        fresh = [value for value, _ in chunks if value not in self._known]
        self._look_up(fresh, {value: len(content) for value, content in chunks})
        for value, content in chunks:
            if value in self._known:
                continue
            self._known[value] = Place(0, 0, len(content))  # on its way into a pack
            self._pending.append((value, content))
            self._size += xorbs.packed_bytes_max(len(content))
            self._count += 1
            if self._size >= PACK_BYTES or self._count >= xorbs.XORB_CHUNKS_MAX:
                self._write()
                self._close()
        self._write()

    def flush(self) -> None:
        """Everything durable, and then its rows."""
        self._close()
        while self._syncing:
            self._await()
        self._settle()

    def places(self, chunks: Iterable[Hash]) -> list[Place]:
        """Where these lie; all were added, and nothing is pending."""
        return [self._known[value] for value in chunks]

    def find(self, chunks: Sequence[Hash], length_of: Mapping[Hash, int]) -> None:
        """Look these up; all lie somewhere already. Raises ContentUnknown."""
        self._look_up(list(dict.fromkeys(chunks)), length_of)
        missing = next((value for value in chunks if value not in self._known), None)
        if missing is not None:
            raise ContentUnknown(name=hash_text(missing))

    def _look_up(self, wanted: Sequence[Hash], length_of: Mapping[Hash, int]) -> None:
        for start in range(0, len(wanted), LOOKED_UP_AT_ONCE):
            some = wanted[start : start + LOOKED_UP_AT_ONCE]
            rows = Chunk.objects.filter(hash__in=among(some)).values_list(
                "hash", "pack_id", "place"
            )
            for found, pack, place in rows:
                value = bytes(found)
                self._known[value] = Place(pack, place, length_of[value])

    def _write(self) -> None:
        """Begin to write what is pending, once what came before it is written."""
        self._written()
        pending, self._pending = self._pending, []
        if pending:
            self._open = self._open or _Open()
            hashes, contents = zip(*pending, strict=True)
            self._writing = THREADS.submit(self._open.write, contents, hashes)

    def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _close(self) -> None:
        """Begin to make the pack durable; another one follows."""
        self._written()
        full, self._open = self._open, None
        self._size = self._count = 0
        if full is None:
            return
        if len(self._syncing) >= SYNCING_MAX:
            self._await()
        self._syncing.append(THREADS.submit(full.close))

    def _await(self) -> None:
        """The oldest is durable."""
        self._durable.append(self._syncing.pop(0).result())
        if len(self._durable) >= SETTLED_AT_ONCE:
            self._settle()

    def _settle(self) -> None:
        durable, self._durable = self._durable, []
        for packed, pack in zip(durable, keep_rows(durable, self._at), strict=True):
            for place, value in enumerate(packed.hashes):
                self._known[value] = Place(pack, place, packed.lengths[place])


def write_pack(contents: Sequence[Piece], hashes: Sequence[Hash]) -> Packed:
    """One object, durable. Touches no database."""
    fresh = _Open()
    fresh.write(contents, hashes)
    return fresh.close()


def keep_rows(durable: Sequence[Packed], at: datetime) -> list[int]:
    """The packs and their chunks; the packs' keys in this order.

    Another request may have written the same: theirs stays. All write in one order, so that
    none waits for another that waits for it.
    """
    if not durable:
        return []
    rows = sorted((_row(packed, at) for packed in durable), key=lambda row: bytes(row.hash))
    with transaction.atomic():
        Pack.objects.bulk_create(rows, ignore_conflicts=True)
        names = [packed.name for packed in durable]
        found = Pack.objects.filter(hash__in=among(names)).values_list("hash", "pk")
        key_of = {bytes(name): pk for name, pk in found}
        insert_chunks([(key_of[packed.name], packed.hashes) for packed in durable])
    return [key_of[name] for name in names]


def _row(packed: Packed, at: datetime) -> Pack:
    count = len(packed.hashes)
    return Pack(
        hash=packed.name,
        hashes=b"".join(packed.hashes),
        ends=struct.pack(f"<{count}I", *packed.ends),
        lengths=struct.pack(f"<{count}I", *packed.lengths),
        size_bytes=packed.ends[-1],
        created_at=at,
    )

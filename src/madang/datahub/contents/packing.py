"""Packs: chunks that are nowhere yet, written as one object, durable before its rows."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

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
LOOKED_UP_AT_ONCE = 2_048


@dataclass(slots=True)
class _Pending:
    """Chunks that are in no pack yet, in order."""

    contents: list[Piece] = field(default_factory=list)
    hashes: list[Hash] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack as it lies in the store: durable, and named by no row yet."""

    name: Hash
    hashes: tuple[Hash, ...]
    lengths: tuple[int, ...]
    ends: tuple[int, ...]


class Packer:
    """Finds or writes chunks. Give it chunks in order; places are known after `flush`.

    One pack is written while the next is filled, so at most two are in memory.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._known: dict[Hash, Place] = {}
        self._pending = _Pending()
        self._under_way: Future[Packed] | None = None

    def add(self, chunks: Sequence[tuple[Hash, Piece]]) -> None:
        """Write those that are nowhere yet."""
        fresh = [value for value, _ in chunks if value not in self._known]
        self._look_up(fresh, {value: len(content) for value, content in chunks})
        for value, content in chunks:
            if value not in self._known:
                self._known[value] = Place(0, 0, len(content))  # on its way into a pack
                self._pending.contents.append(content)
                self._pending.hashes.append(value)
                self._pending.size += xorbs.packed_bytes_max(len(content))
            if self._is_full():
                self._write()

    def flush(self) -> None:
        """Write what is pending: the packs durable, then their rows."""
        self._write()
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

    def _is_full(self) -> bool:
        pending = self._pending
        return pending.size >= PACK_BYTES or len(pending.hashes) >= xorbs.XORB_CHUNKS_MAX

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
        """Begin to write what is pending, once the pack before it is settled."""
        self._settle()
        pending, self._pending = self._pending, _Pending()
        if pending.contents:
            self._under_way = THREADS.submit(write_pack, pending.contents, pending.hashes)

    def _settle(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return
        packed = under_way.result()
        pack = keep_rows(packed, self._at)
        for place, value in enumerate(packed.hashes):
            self._known[value] = Place(pack.id, place, packed.lengths[place])


def write_pack(contents: Sequence[Piece], hashes: Sequence[Hash]) -> Packed:
    """The object, durable. Touches no database."""
    lengths = tuple(len(content) for content in contents)
    data, ends = xorbs.pack_with_ends(contents)
    name = tree_hash(list(zip(hashes, lengths, strict=True)))
    objects.keep(name, data)
    return Packed(name, tuple(hashes), lengths, ends)


@transaction.atomic
def keep_rows(packed: Packed, at: datetime) -> Pack:
    """The pack and its chunks. Another request may have written the same: theirs stays."""
    count = len(packed.hashes)
    pack, _ = Pack.objects.get_or_create(
        hash=packed.name,
        defaults={
            "hashes": b"".join(packed.hashes),
            "ends": struct.pack(f"<{count}I", *packed.ends),
            "lengths": struct.pack(f"<{count}I", *packed.lengths),
            "size_bytes": packed.ends[-1],
            "created_at": at,
        },
    )
    insert_chunks(pack.pk, packed.hashes)
    return pack

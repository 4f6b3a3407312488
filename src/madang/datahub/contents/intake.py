"""Taking bytes in: cut, hashed, each new chunk written once, durable before it counts.

An intake belongs to one request. Packs are written first and their rows after them, so a crash
leaves at worst a pack that nobody names, which collection removes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.datahub.contents import objects
from madang.datahub.contents.leases import renew
from madang.datahub.contents.models import Chunk, Claim, Content, Pack
from madang.datahub.contents.terms import Place, written
from madang.datahub.errors import ContentDiffers, ContentUnknown
from madang.datahub.sets.models import DataSet
from madang.datahub.store import xorbs
from madang.datahub.store.gear import Chunker
from madang.datahub.store.hashes import Hash, Leaf, chunk_hash, file_hash, hash_text, tree_hash

PACK_BYTES = 32 * 1024 * 1024
LOOKED_UP_AT_ONCE = 512
ROWS_AT_ONCE = 2_000
LOOKED_UP_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class _Pending:
    """Chunks that are in no pack yet, in order."""

    contents: list[bytes] = field(default_factory=list)
    hashes: list[Hash] = field(default_factory=list)
    size: int = 0


class Packer:
    """Finds or writes chunks. Give it chunks in order; places are known after `flush`."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._known: dict[Hash, Place] = {}
        self._pending = _Pending()

    def add(self, chunks: Sequence[tuple[Hash, bytes]]) -> None:
        """Write those that are nowhere yet."""
        fresh = [value for value, _ in chunks if value not in self._known]
        self._look_up(fresh, {value: len(content) for value, content in chunks})
        for value, content in chunks:
            if value not in self._known:
                self._known[value] = Place(0, 0, len(content))  # on its way into a pack
                self._pending.contents.append(content)
                self._pending.hashes.append(value)
                self._pending.size += xorbs.packed_bytes_max(len(content))
            if self._pending.size >= PACK_BYTES:
                self.flush()

    def flush(self) -> None:
        """Write what is pending: the pack durable, then its rows."""
        pending, self._pending = self._pending, _Pending()
        if not pending.contents:
            return
        data = xorbs.pack(pending.contents)
        lengths = [len(content) for content in pending.contents]
        name = tree_hash(list(zip(pending.hashes, lengths, strict=True)))
        objects.keep(name, data)
        pack = _pack_row(name, pending.hashes, lengths, data, self._at)
        for place, (value, length) in enumerate(zip(pending.hashes, lengths, strict=True)):
            self._known[value] = Place(pack.id, place, length)

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
            rows = Chunk.objects.filter(hash__in=some).values_list("hash", "pack_id", "place")
            for found, pack, place in rows:
                value = bytes(found)
                self._known[value] = Place(pack, place, length_of[value])


def _pack_row(
    name: Hash, hashes: Sequence[Hash], lengths: Sequence[int], data: bytes, at: datetime
) -> Pack:
    """The pack and its chunks. Another request may have written the same: theirs stays."""
    ends = [chunk.end for chunk in xorbs.parse(data).chunks]
    with transaction.atomic():
        pack, _ = Pack.objects.get_or_create(
            hash=name,
            defaults={
                "hashes": b"".join(hashes),
                "ends": struct.pack(f"<{len(ends)}I", *ends),
                "lengths": struct.pack(f"<{len(lengths)}I", *lengths),
                "size_bytes": len(data),
                "created_at": at,
            },
        )
        Chunk.objects.bulk_create(
            (Chunk(hash=value, pack=pack, place=place) for place, value in enumerate(hashes)),
            ignore_conflicts=True,
        )
    return pack


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of the bytes before they come. None: nothing was said."""

    size_bytes: int | None = None
    sha256: str | None = None


def take_in(
    data_set: DataSet, pieces: Iterable[bytes], announced: Announced, *, at: datetime
) -> Content:
    """Read everything, keep it, and let this data set name it. Raises ContentDiffers."""
    packer, chunker = Packer(at), Chunker()
    sha256, size = hashlib.sha256(), 0
    leaves: list[Leaf] = []
    sha1 = _git_blob(announced.size_bytes) if announced.size_bytes is not None else None
    for piece in pieces:
        size += len(piece)
        if announced.size_bytes is not None and size > announced.size_bytes:
            raise _differs("size", size, announced.size_bytes)
        sha256.update(piece)
        if sha1 is not None:
            sha1.update(piece)
        _add(packer, chunker.push(piece), leaves)
    _add(packer, chunker.close(), leaves)
    _check(announced, size, sha256.hexdigest())
    packer.flush()
    row = Content(
        sha256=sha256.digest(),
        sha1=sha1.hexdigest() if sha1 is not None else "",
        xet=file_hash(leaves),
        size_bytes=size,
        terms=written(packer.places(value for value, _ in leaves)),
        kept_at=at,
    )
    return keep_content(data_set, row)


class Many:
    """Small contents taken in together: they share packs, and rows are written in bulk.

    Nothing counts before `close`.
    """

    def __init__(self, data_set: DataSet | None, at: datetime) -> None:
        self._data_set, self._at = data_set, at
        self._packer = Packer(at)
        self._claims: set[tuple[UUID, bytes]] = set()
        self._chunks: list[tuple[Hash, bytes]] = []
        self._size = 0
        self._pending: dict[bytes, tuple[bytes, list[Leaf], int]] = {}

    def add(self, data: bytes, data_set: DataSet | None = None) -> bytes:
        """Answers the SHA-256 under which a commit of that set may name it."""
        name = hashlib.sha256(data).digest()
        owner = data_set or self._data_set
        assert owner is not None, "whose it is was said here or at the beginning"
        self._claims.add((owner.pk, name))
        if name in self._pending:
            return name
        chunker = Chunker()
        cut = [(chunk_hash(one), one) for one in (*chunker.push(data), *chunker.close())]
        leaves = [(value, len(one)) for value, one in cut]
        self._chunks += cut
        self._size += len(data)
        if self._size >= LOOKED_UP_BYTES:
            self._pack()
        sha1 = _git_blob(len(data))
        sha1.update(data)
        self._pending[name] = (sha1.digest(), leaves, len(data))
        if len(self._pending) >= ROWS_AT_ONCE:
            self.close()
        return name

    def close(self) -> None:
        """Everything that was added is durable and may be named."""
        self._pack()
        self._packer.flush()
        pending, self._pending = self._pending, {}
        claims, self._claims = self._claims, set()
        rows = [self._row(name, *facts) for name, facts in pending.items()]
        with transaction.atomic():
            Content.objects.bulk_create(rows, ignore_conflicts=True)
            renew(list(pending), self._at)
            Claim.objects.bulk_create(
                (Claim(data_set_id=owner, content_id=name) for owner, name in claims),
                ignore_conflicts=True,
            )

    def _pack(self) -> None:
        """Look up many chunks by one question."""
        chunks, self._chunks, self._size = self._chunks, [], 0
        self._packer.add(chunks)

    def _row(self, name: bytes, sha1: bytes, leaves: list[Leaf], size: int) -> Content:
        return Content(
            sha256=name,
            sha1=sha1.hex(),
            xet=file_hash(leaves),
            size_bytes=size,
            terms=written(self._packer.places(value for value, _ in leaves)),
            kept_at=self._at,
        )


def keep_content(data_set: DataSet, row: Content) -> Content:
    """The row, or the one that is there; and the right of this data set to name it."""
    with transaction.atomic():
        Content.objects.bulk_create([row], ignore_conflicts=True)
        renew([bytes(row.sha256)], row.kept_at)
        kept = Content.objects.get(pk=row.sha256)
        Claim.objects.get_or_create(data_set=data_set, content=kept)
    return kept


def _add(packer: Packer, contents: Sequence[bytes], leaves: list[Leaf]) -> None:
    hashed = [(chunk_hash(content), content) for content in contents]
    leaves += [(value, len(content)) for value, content in hashed]
    packer.add(hashed)


def _git_blob(size: int) -> hashlib._Hash:
    return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)


def _check(announced: Announced, size: int, sha256: str) -> None:
    if announced.size_bytes is not None and size != announced.size_bytes:
        raise _differs("size", size, announced.size_bytes)
    if announced.sha256 is not None and sha256 != announced.sha256:
        raise _differs("sha256", sha256, announced.sha256)


def _differs(what: str, found: str | int, said: str | int) -> ContentDiffers:
    return ContentDiffers(what=what, found=found, announced=said)

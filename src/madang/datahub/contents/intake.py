"""Taking bytes in: cut, hashed, each new chunk written once, durable before it counts.

An intake belongs to one request. Packs are written first and their rows after them, so a crash
leaves at worst a pack that nobody names, which collection removes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import transaction

from madang.datahub.contents.beside import Digest
from madang.datahub.contents.leases import renew
from madang.datahub.contents.models import Claim, Content
from madang.datahub.contents.packing import Packer
from madang.datahub.contents.rows import ContentRow, insert_claims, insert_contents
from madang.datahub.contents.terms import written
from madang.datahub.errors import ContentDiffers
from madang.datahub.sets.models import DataSet
from madang.datahub.store.gear import CHUNK_BYTES_MIN, Chunker, cut
from madang.datahub.store.hashes import Hash, Leaf, Piece, chunk_hash, file_hash

ROWS_AT_ONCE = 2_000
BLOCK_BYTES = LOOKED_UP_BYTES = 8 * 1024 * 1024
"""The chunks of so much are looked up by one question."""

LARGE_BYTES = 10 * 1024 * 1024
"""From here on a file is "large" to clients: its id is the SHA-256, and git's a pointer's."""

POINTER = "https://git-lfs.github.com/spec/v1"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of the bytes before they come. None: nothing was said."""

    size_bytes: int | None = None
    sha256: str | None = None


def take_in(
    data_set: DataSet, pieces: Iterable[bytes], announced: Announced, *, at: datetime
) -> Content:
    """Read everything, keep it, and let this data set name it. Raises ContentDiffers."""
    sha256, size = Digest(hashlib.sha256()), 0
    sha1 = _blob_digest(announced.size_bytes)
    cutting = _Cutting(at, [sha256] if sha1 is None else [sha256, sha1])
    for piece in pieces:
        size += len(piece)
        if announced.size_bytes is not None and size > announced.size_bytes:
            raise _differs("size", size, announced.size_bytes)
        cutting.add(piece)
    cutting.close()
    digest = sha256.digest()
    _check(announced, size, digest.hex())
    row = Content(
        sha256=digest,
        sha1=sha1.digest().hex() if sha1 is not None else pointer_id(digest, size),
        xet=file_hash(cutting.leaves),
        size_bytes=size,
        terms=cutting.kept(),
        kept_at=at,
    )
    return keep_content(data_set, row)


class _Cutting:
    """One content, gathered in two blocks in turn: while one is filled, the other is hashed and
    its chunks are written. Digest and Packer are done with a block when they take the next."""

    def __init__(self, at: datetime, digests: Sequence[Digest]) -> None:
        self._packer, self._digests = Packer(at), digests
        self._block = _block()
        self._other = _block()
        self._left = self._end = 0
        self.leaves: list[Leaf] = []

    def add(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            some = rest[: BLOCK_BYTES - self._end]
            self._block[self._end : self._end + len(some)] = some
            self._end, rest = self._end + len(some), rest[len(some) :]
            if self._end == BLOCK_BYTES:
                self._turn()

    def close(self) -> None:
        """Nothing more comes."""
        self._turn()
        if self._end:
            self._pack([self._block[: self._end]])

    def kept(self) -> bytes:
        """Everything is durable: where it lies."""
        self._packer.flush()
        return written(self._packer.places(value for value, _ in self.leaves))

    def _turn(self) -> None:
        """Hash and cut what came; what no chunk ends in begins the other block."""
        full = self._block[: self._end]
        for digest in self._digests:
            digest.update(full[self._left :])
        chunks = cut(full)
        self._pack(chunks)
        rest = full[sum(map(len, chunks)) :]
        self._other[: len(rest)] = rest
        self._block, self._other = self._other, self._block
        self._left = self._end = len(rest)

    def _pack(self, chunks: Sequence[Piece]) -> None:
        hashed = [(chunk_hash(content), content) for content in chunks]
        self.leaves += [(value, len(content)) for value, content in hashed]
        self._packer.add(hashed)


def _block() -> memoryview:
    """Of memory that is taken from the system only where it is used."""
    return np.empty(BLOCK_BYTES, dtype=np.uint8).data


class Many:
    """Small contents taken in together: they share packs, and rows are written in bulk.

    Nothing counts before `close`.
    """

    def __init__(self, data_set: DataSet | None, at: datetime) -> None:
        self._data_set, self._at = data_set, at
        self._packer = Packer(at)
        self._claims: set[tuple[UUID, bytes]] = set()
        self._chunks: list[tuple[Hash, Piece]] = []
        self._size = 0
        self._pending: dict[bytes, tuple[bytes, list[Leaf], int]] = {}

    def add(
        self, data: bytes, data_set: DataSet | None = None, *, sha256: bytes | None = None
    ) -> bytes:
        """Answers the SHA-256 under which a commit of that set may name it; a caller of ours
        that hashed these very bytes says it."""
        name = sha256 or hashlib.sha256(data).digest()
        owner = data_set or self._data_set
        assert owner is not None, "whose it is was said here or at the beginning"
        self._claims.add((owner.pk, name))
        if name in self._pending:
            return name
        cut = [(chunk_hash(one), one) for one in _cut(data)]
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
        self._packer = Packer(self._at)  # what it knows would grow with every file
        with transaction.atomic():
            insert_contents(rows, self._at)
            renew(list(pending), self._at)
            insert_claims(sorted(claims))

    def _pack(self) -> None:
        """Look up many chunks by one question."""
        chunks, self._chunks, self._size = self._chunks, [], 0
        self._packer.add(chunks)

    def _row(self, name: bytes, sha1: bytes, leaves: list[Leaf], size: int) -> ContentRow:
        terms = written(self._packer.places(value for value, _ in leaves))
        return ContentRow(name, sha1.hex(), file_hash(leaves), size, terms)


def keep_content(data_set: DataSet, row: Content) -> Content:
    """The row, or the one that is there; and the right of this data set to name it."""
    with transaction.atomic():
        Content.objects.bulk_create([row], ignore_conflicts=True)
        renew([bytes(row.sha256)], row.kept_at)
        kept = Content.objects.get(pk=row.sha256)
        Claim.objects.get_or_create(data_set=data_set, content=kept)
    return kept


def _cut(data: bytes) -> Sequence[Piece]:
    """No boundary falls within the least length, so most small texts are one chunk."""
    if 0 < len(data) <= CHUNK_BYTES_MIN:
        return [data]
    chunker = Chunker()
    return [*chunker.push(data), *chunker.close()]


def pointer_id(sha256: bytes, size: int) -> str:
    """Git's id of a large file is that of the pointer that stands for it in a repository."""
    lines = f"version {POINTER}\noid sha256:{sha256.hex()}\nsize {size}\n".encode()
    blob = _git_blob(len(lines))
    blob.update(lines)
    return blob.hexdigest()


def _blob_digest(size: int | None) -> Digest | None:
    """Of a small file; whose size is not said gets a pointer's id whatever its size."""
    return None if size is None or size >= LARGE_BYTES else Digest(_git_blob(size))


def _git_blob(size: int) -> hashlib._Hash:
    return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)


def _check(announced: Announced, size: int, sha256: str) -> None:
    if announced.size_bytes is not None and size != announced.size_bytes:
        raise _differs("size", size, announced.size_bytes)
    if announced.sha256 is not None and sha256 != announced.sha256:
        raise _differs("sha256", sha256, announced.sha256)


def _differs(what: str, found: str | int, said: str | int) -> ContentDiffers:
    return ContentDiffers(what=what, found=found, announced=said)

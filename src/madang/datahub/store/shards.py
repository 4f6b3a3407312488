"""Shards: what an uploader says of its files, as runs of chunks out of xorbs.

Only what an upload needs is read: the files. A footer, where there is one, is not used.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from madang.datahub.errors import ShardMalformed
from madang.datahub.store.hashes import Hash

RECORD_BYTES = 48
HEADER_VERSION = 2
LAST = b"\xff" * 32
WITH_VERIFICATION = 0x8000_0000
WITH_METADATA = 0x4000_0000
FILES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Term:
    """A run of a xorb's chunks, end exclusive, and how many bytes it holds."""

    xorb: Hash
    first: int
    end: int
    length: int
    verification: Hash | None = None


@dataclass(frozen=True, slots=True)
class FileShape:
    """One file: its Xet hash, its terms in order, and its SHA-256 where it was told."""

    hash: Hash
    terms: tuple[Term, ...]
    sha256: bytes | None

    @property
    def length(self) -> int:
        return sum(term.length for term in self.terms)


def parse(data: bytes) -> list[FileShape]:
    """Every file of the shard. Raises ShardMalformed, never anything else."""
    if len(data) < RECORD_BYTES:
        raise ShardMalformed(reason="it is too short")
    version = struct.unpack_from("<Q", data, 32)[0]
    if version != HEADER_VERSION:
        raise ShardMalformed(reason=f"version {version}")
    reader = _Reader(data, RECORD_BYTES)
    files: list[FileShape] = []
    while (found := reader.file()) is not None:
        files.append(found)
        if len(files) > FILES_MAX:
            raise ShardMalformed(reason=f"more than {FILES_MAX} files")
    return files


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def _record(self) -> bytes:
        record = self._data[self._at : self._at + RECORD_BYTES]
        if len(record) < RECORD_BYTES:
            raise ShardMalformed(reason="it ends within a record")
        self._at += RECORD_BYTES
        return record

    def file(self) -> FileShape | None:
        head = self._record()
        if head[:32] == LAST:
            return None
        flags, count = struct.unpack_from("<II", head, 32)
        if count * RECORD_BYTES > len(self._data):
            raise ShardMalformed(reason="more terms than it has room for")
        terms = [self._term() for _ in range(count)]
        if flags & WITH_VERIFICATION:
            terms = [
                Term(term.xorb, term.first, term.end, term.length, self._record()[:32])
                for term in terms
            ]
        sha256 = _digest(self._record()[:32]) if flags & WITH_METADATA else None
        return FileShape(head[:32], tuple(terms), sha256)

    def _term(self) -> Term:
        record = self._record()
        _, length, first, end = struct.unpack_from("<4I", record, 32)
        if first >= end:
            raise ShardMalformed(reason="an empty term")
        return Term(record[:32], first, end, length)


def _digest(stored: bytes) -> bytes:
    """The SHA-256 in its own order: it is stored as a hash is, number by number."""
    return struct.pack(">4Q", *struct.unpack("<4Q", stored))

"""Blocks and shards as Xet's clients write them, for tests that play such a client."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from madang.datahub.store import xorbs
from madang.datahub.store.gear import Chunker
from madang.datahub.store.hashes import chunk_hash, file_hash, hash_text, range_hash, tree_hash


def shard_of(*files: tuple[bytes, list[tuple[bytes, int, int, int]], bytes | None]) -> bytes:
    """Each file: its hash, its terms (block, bytes, first, end), and its SHA-256 or None."""
    parts = [bytes(32) + struct.pack("<QQ", 2, 0)]
    for name, terms, sha256 in files:
        flags = 0x8000_0000 | (0x4000_0000 if sha256 else 0)
        parts.append(name + struct.pack("<II8x", flags, len(terms)))
        parts += [xorb + struct.pack("<4I", 0, length, a, b) for xorb, length, a, b in terms]
        parts += [range_hash([]) + bytes(16) for _ in terms]
        if sha256:
            parts.append(struct.pack("<4Q", *struct.unpack(">4Q", sha256)) + bytes(16))
    return b"".join([*parts, b"\xff" * 32 + bytes(16)])


@dataclass(frozen=True)
class Upload:
    """One file as one block."""

    data: bytes
    block: bytes
    name: str
    shard: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def upload_of(data: bytes) -> Upload:
    chunker = Chunker()
    chunks = [*chunker.push(data), *chunker.close()]
    leaves = [(chunk_hash(one), len(one)) for one in chunks]
    name = tree_hash(leaves)
    terms = [(name, len(data), 0, len(chunks))]
    shard = shard_of((file_hash(leaves), terms, hashlib.sha256(data).digest()))
    return Upload(data, xorbs.pack(chunks), hash_text(name), shard)

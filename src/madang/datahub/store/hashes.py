"""The four hashes of the Xet protocol: of a chunk, of a xorb, of a file, of a run of chunks.

All are keyed BLAKE3 of 32 bytes; the keys and the shape of the tree are the protocol's. As
text, a hash is four little-endian 64-bit numbers in hexadecimal.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from blake3 import blake3

from madang.datahub.errors import HashMalformed

Hash = bytes
Piece = bytes | memoryview
"""Some content: often a view of what arrived, so that nothing is copied."""

ZERO = bytes(32)
CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
RANGE_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
BRANCHES = 4
BRANCHES_MAX = 2 * BRANCHES + 1
HEX_LENGTH = 64
NUMBERS = struct.Struct("<4Q")

Leaf = tuple[Hash, int]
"""A chunk's hash and its length in bytes."""


def chunk_hash(data: Piece) -> Hash:
    return blake3(data, key=CHUNK_KEY).digest()


def tree_hash(leaves: Sequence[Leaf]) -> Hash:
    """A xorb's hash: the root over its chunks; ZERO of none.

    Nodes are closed by content: after a child whose hash is divisible by four, at the third at
    the earliest and the ninth at the latest.
    """
    if not leaves:
        return ZERO
    level = list(leaves)
    while len(level) > 1:
        above: list[Leaf] = []
        start = 0
        while start < len(level):
            end = _cut(level, start)
            above.append(_node(level[start:end]))
            start = end
        level = above
    return level[0][0]


def file_hash(leaves: Sequence[Leaf]) -> Hash:
    """A file's hash: the root once more, under a key of zeros; ZERO of an empty file."""
    return blake3(tree_hash(leaves), key=ZERO).digest() if leaves else ZERO


def range_hash(chunks: Sequence[Hash]) -> Hash:
    """What shows that a sender knew the chunks that a file's term names."""
    return blake3(b"".join(chunks), key=RANGE_KEY).digest()


def hash_text(value: Hash) -> str:
    return "%016x%016x%016x%016x" % NUMBERS.unpack(value)


def hash_from(text: str) -> Hash:
    """Raises HashMalformed for anything but 64 hexadecimal digits."""
    if len(text) != HEX_LENGTH or not all(c in "0123456789abcdef" for c in text):
        raise HashMalformed(text=text[:HEX_LENGTH])
    return struct.pack("<4Q", *(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


def _cut(level: Sequence[Leaf], start: int) -> int:
    left = len(level) - start
    if left <= 2:
        return len(level)
    end = min(BRANCHES_MAX, left)
    for at in range(2, end):
        if level[start + at][0][24] % BRANCHES == 0:  # the last number, low byte first
            return start + at + 1
    return start + end


def _node(children: Sequence[Leaf]) -> Leaf:
    lines = "".join(f"{hash_text(value)} : {length}\n" for value, length in children)
    return blake3(lines.encode(), key=NODE_KEY).digest(), sum(n for _, n in children)

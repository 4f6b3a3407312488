"""The blocks of one large file: which are there already, which are to be fetched.

What lies on the disk is hashed again, so a resumed get needs no diary: a block that was
written whole is found, a torn one is fetched anew.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from madang.datahub.client.manifest import Item
from madang.datahub.errors import BlockDamaged
from madang.datahub.store.hashes import Hash, chunk_hash, file_hash

FORM = struct.Struct("<32sI")
SEGMENT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """One chunk of a file."""

    hash: Hash
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Neighbours, fetched by one question."""

    blocks: tuple[Block, ...]

    @property
    def start(self) -> int:
        return self.blocks[0].start

    @property
    def end(self) -> int:
        return self.blocks[-1].start + self.blocks[-1].length


def blocks_from(item: Item, data: bytes) -> list[Block]:
    """The list as it came; its root must be the file's own hash. Raises BlockDamaged."""
    if len(data) % FORM.size:
        raise BlockDamaged(path=item.path)
    leaves = list(FORM.iter_unpack(data))
    found, start = [], 0
    for value, length in leaves:
        found.append(Block(value, start, length))
        start += length
    if start != item.size or file_hash(leaves) != item.xet:
        raise BlockDamaged(path=item.path)
    return found


def missing(blocks: list[Block], file: int) -> Iterator[Segment]:
    """What of a begun file (a descriptor) is not there yet, in segments of a few MiB."""
    run: list[Block] = []
    length = 0
    for block in blocks:
        is_there = chunk_hash(os.pread(file, block.length, block.start)) == block.hash
        if run and (is_there or length >= SEGMENT_BYTES):
            yield Segment(tuple(run))
            run, length = [], 0
        if not is_there:
            run.append(block)
            length += block.length
    if run:
        yield Segment(tuple(run))

"""Xorbs: blocks of chunks, each with a small header, as the Xet protocol writes them.

A chunk is stored plain, as an LZ4 frame, or with its bytes grouped by four and then as an LZ4
frame. Everything that arrives is parsed and hashed again before it is believed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import lz4.block
import lz4.frame
import numpy as np

from madang.datahub.errors import XorbMalformed
from madang.datahub.store.gear import CHUNK_BYTES_MAX
from madang.datahub.store.hashes import Hash, Piece, chunk_hash, tree_hash

XORB_BYTES_MAX = 64 * 1024 * 1024
XORB_CHUNKS_MAX = 8_192
HEADER_BYTES = 8
BODY_BYTES_MAX = XORB_BYTES_MAX + 1024 * 1024
"""Clients count the content alone: a header for each chunk and a footer come on top."""

FOOTER_MARK = b"XETBLOB"
PLAIN, LZ4, GROUPED = 0, 1, 2
GROUPS = 4
SAMPLE_BYTES = 4 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a xorb: its hash, its length, and where its header begins and data ends."""

    hash: Hash
    length: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Xorb:
    """A parsed block: its hash and its chunks in order."""

    hash: Hash
    chunks: tuple[Chunk, ...]

    @property
    def length(self) -> int:
        """Of the content, in bytes."""
        return sum(chunk.length for chunk in self.chunks)


def parse(data: bytes) -> Xorb:
    """Read a block and hash every chunk. Raises XorbMalformed, never anything else."""
    chunks = tuple(
        Chunk(chunk_hash(content), len(content), start, end)
        for content, start, end in _read(data)
    )
    if not chunks:
        raise XorbMalformed(reason="no chunk")
    return Xorb(tree_hash([(chunk.hash, chunk.length) for chunk in chunks]), chunks)


def contents(data: bytes) -> list[bytes]:
    """The chunks' contents in order, of a block or of a run of whole chunks out of one."""
    return [bytes(content) for content in views(data)]


def views(data: bytes) -> list[Piece]:
    """The same without a copy of what is stored plain."""
    return [content for content, _, _ in _read(data)]


def pack(chunks: Sequence[Piece]) -> bytes:
    """A block of these contents, each in the smaller of its plain and its LZ4 form."""
    return pack_with_ends(chunks)[0]


def pack_with_ends(chunks: Sequence[Piece]) -> tuple[bytes, tuple[int, ...]]:
    """The block, and where each chunk's data ends in it."""
    parts, lengths = parts_of(chunks)
    return b"".join(parts), tuple(accumulate(lengths))


def parts_of(chunks: Sequence[Piece]) -> tuple[list[Piece], list[int]]:
    """What a block of these is put together from, without a copy of what is stored plain; and
    how many bytes each chunk takes in it."""
    parts: list[Piece] = []
    lengths: list[int] = []
    for content in chunks:
        head, stored = _packed(content)
        parts += (head, stored)
        lengths.append(len(head) + len(stored))
    return parts, lengths


def packed_bytes_max(length: int) -> int:
    """How long a chunk of this length can become in a block."""
    return HEADER_BYTES + length


def _packed(content: Piece) -> tuple[bytes, Piece]:
    if _looks_dense(content):
        return _header(PLAIN, len(content), len(content)), content
    squeezed = lz4.frame.compress(content, store_size=False)
    if len(squeezed) < len(content):
        return _header(LZ4, len(squeezed), len(content)), squeezed
    return _header(PLAIN, len(content), len(content)), content


def _looks_dense(content: Piece) -> bool:
    """Neither of two samples grows smaller: compressing all of it would be for nothing."""
    if len(content) < 4 * SAMPLE_BYTES:
        return False
    samples = (content[at : at + SAMPLE_BYTES] for at in (0, len(content) // 2))
    return all(
        len(lz4.block.compress(one, store_size=False)) >= SAMPLE_BYTES for one in samples
    )


def _header(kind: int, stored: int, length: int) -> bytes:
    """Version 0, three bytes of stored length, the kind, three bytes of length."""
    return struct.pack("<I", stored << 8) + struct.pack("<I", kind | length << 8)


def _read(data: bytes) -> Iterator[tuple[Piece, int, int]]:
    """Each chunk's content, and where it starts and ends in the block."""
    at, count = 0, 0
    view = memoryview(data)
    while at < len(data):
        if data[at + 1 : at + 1 + len(FOOTER_MARK)] == FOOTER_MARK or data.startswith(
            FOOTER_MARK, at
        ):
            return
        if len(data) - at < HEADER_BYTES:
            raise XorbMalformed(reason="it ends within a header")
        first, second = struct.unpack_from("<II", data, at)
        stored, kind, length = first >> 8, second & 0xFF, second >> 8
        end = at + HEADER_BYTES + stored
        count += 1
        _check(first & 0xFF, stored, length, count, end, len(data))
        yield _content(view[at + HEADER_BYTES : end], kind, length), at, end
        at = end


def _check(version: int, stored: int, length: int, count: int, end: int, size: int) -> None:
    if version != 0:
        raise XorbMalformed(reason=f"version {version}")
    if not 0 < length <= CHUNK_BYTES_MAX or stored > 2 * CHUNK_BYTES_MAX:
        raise XorbMalformed(reason="a chunk's length is out of range")
    if end > size:
        raise XorbMalformed(reason="it ends within a chunk")
    if count > XORB_CHUNKS_MAX:
        raise XorbMalformed(reason=f"more than {XORB_CHUNKS_MAX} chunks")


def _content(stored: memoryview, kind: int, length: int) -> Piece:
    content: Piece
    match kind:
        case 0:
            content = stored
        case 1:
            content = _unsqueezed(stored, length)
        case 2:
            content = _ungrouped(_unsqueezed(stored, length))
        case _:
            raise XorbMalformed(reason=f"compression {kind}")
    if len(content) != length:
        raise XorbMalformed(reason="a chunk is not as long as its header says")
    return content


def _unsqueezed(stored: memoryview, length: int) -> bytes:
    """At most one byte more than announced: a bomb is stopped where it shows."""
    try:
        opened = lz4.frame.LZ4FrameDecompressor()
        content: bytes = opened.decompress(stored, max_length=length + 1)
    except RuntimeError as err:
        raise XorbMalformed(reason="LZ4") from err
    return content


def _ungrouped(grouped: bytes) -> bytes:
    """The inverse of grouping bytes by their place within each four."""
    source = np.frombuffer(grouped, dtype=np.uint8)
    content = np.empty(len(source), dtype=np.uint8)
    at = 0
    for group in range(GROUPS):
        count = (len(source) - group + GROUPS - 1) // GROUPS
        content[group::GROUPS] = source[at : at + count]
        at += count
    return content.tobytes()

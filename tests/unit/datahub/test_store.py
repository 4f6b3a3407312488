"""Chunks, hashes, blocks and shards: what Xet's own client computes, and what is refused."""

from __future__ import annotations

import random
import struct

import hf_xet
import lz4.frame
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.xet import shard_of

from madang.datahub.errors import HashMalformed, ShardMalformed, XorbMalformed
from madang.datahub.store import shards, xorbs
from madang.datahub.store.gear import (
    CHUNK_BYTES_MAX,
    CHUNK_BYTES_MIN,
    MASK,
    TABLE,
    Chunker,
    next_cut,
)
from madang.datahub.store.hashes import (
    ZERO,
    chunk_hash,
    file_hash,
    hash_from,
    hash_text,
    tree_hash,
)

SIZES = (
    0,
    1,
    100,
    8_191,
    8_192,
    8_193,
    65_536,
    131_071,
    131_072,
    131_073,
    1_000_000,
    9_000_001,
)


def chunks_of(data: bytes, piece: int = 77_777) -> list[bytes]:
    chunker = Chunker()
    found = []
    for at in range(0, len(data), piece):
        found += chunker.push(data[at : at + piece])
    return found + chunker.close()


def leaves_of(chunks: list[bytes]) -> list[tuple[bytes, int]]:
    return [(chunk_hash(chunk), len(chunk)) for chunk in chunks]


def noise(size: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["noise", "words", "zeros"])
def test_file_has_the_hash_that_xets_own_client_gives_it(tmp_path, size, kind) -> None:
    data = {
        "noise": lambda: noise(size),
        "words": lambda: ("안녕하세요, 마당입니다.\n".encode() * (size // 30 + 1))[:size],
        "zeros": lambda: bytes(size),
    }[kind]()
    path = tmp_path / "file"
    path.write_bytes(data)
    (wanted,) = hf_xet.hash_files([str(path)])
    assert hash_text(file_hash(leaves_of(chunks_of(data)))) == wanted.hash


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 600_000), st.integers(1, 200_000))
def test_pieces_do_not_move_the_cuts(size, piece) -> None:
    data = noise(size, seed=size)
    found = chunks_of(data, piece)
    assert found == chunks_of(data, size + 1)
    assert b"".join(found) == data
    assert all(CHUNK_BYTES_MIN <= len(chunk) <= CHUNK_BYTES_MAX for chunk in found[:-1])


def test_an_edit_moves_only_the_chunks_beside_it() -> None:
    data = noise(4_000_000)
    edited = data[:2_000_000] + b"edit!" + data[2_000_000:]
    fresh = set(chunks_of(edited)) - set(chunks_of(data))
    assert 1 <= len(fresh) <= 3


def test_hashes_are_written_number_by_number() -> None:
    value = bytes(range(32))
    text = hash_text(value)
    assert text.startswith("0706050403020100")
    assert hash_from(text) == value
    for wrong in ("", text[:-1], text.upper(), "g" * 64):
        with pytest.raises(HashMalformed):
            hash_from(wrong)


def test_nothing_has_the_zero_hash() -> None:
    assert file_hash([]) == tree_hash([]) == ZERO


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 100])
def test_block_gives_back_what_was_packed(count) -> None:
    contents = [noise(10_000 + n, n) if n % 2 else b"abc" * (9_000 + n) for n in range(count)]
    data = xorbs.pack(contents)
    found = xorbs.parse(data)
    assert xorbs.contents(data) == contents
    assert found.hash == tree_hash(leaves_of(contents))
    assert found.chunks[-1].end == len(data)
    parts = [xorbs.contents(data[chunk.start : chunk.end]) for chunk in found.chunks]
    assert parts == [[content] for content in contents]


def grouped(content: bytes) -> bytes:
    return b"".join(content[group::4] for group in range(4))


@pytest.mark.parametrize("size", [1, 3, 4, 5, 1_000, 10_001])
def test_grouped_chunks_are_put_in_order_again(size) -> None:
    content = noise(size)
    stored = lz4.frame.compress(grouped(content))
    header = struct.pack("<II", len(stored) << 8, 2 | size << 8)
    assert xorbs.contents(header + stored) == [content]


def test_footer_ends_the_block() -> None:
    data = xorbs.pack([b"a" * 9_000])
    assert len(xorbs.parse(data + b"XETBLOB" + bytes(90)).chunks) == 1


def header(kind: int, stored: int, length: int, version: int = 0) -> bytes:
    return struct.pack("<II", version | stored << 8, kind | length << 8)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0",
        header(0, 100, 100) + b"x" * 99,
        header(0, 100, 101) + b"x" * 100,
        header(0, 0, 0),
        header(0, 200_000, 200_000) + bytes(200_000),
        header(9, 4, 4) + b"abcd",
        header(0, 4, 4, version=1) + b"abcd",
        header(1, 4, 4) + b"abcd",
        header(1, 100, 131_072) + lz4.frame.compress(bytes(10_000_000))[:100],
    ],
    ids=["empty", "short header", "short data", "other length", "nothing in it", "too long",
         "unknown kind", "other version", "no LZ4", "bomb"],
)  # fmt: skip
def test_block_that_lies_is_refused(data) -> None:
    with pytest.raises(XorbMalformed):
        xorbs.parse(data)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=2_000))
def test_no_bytes_break_the_readers(data) -> None:
    for read, refusal in ((xorbs.parse, XorbMalformed), (shards.parse, ShardMalformed)):
        try:
            read(data)
        except refusal:
            continue


def test_shard_tells_what_files_are_made_of() -> None:
    sha256 = random.Random(1).randbytes(32)
    terms = [(b"x" * 32, 70_000, 0, 2), (b"y" * 32, 9_000, 5, 6)]
    (found,) = shards.parse(shard_of((b"f" * 32, terms, sha256)))
    assert (found.hash, found.sha256, found.length) == (b"f" * 32, sha256, 79_000)
    shape = [(term.xorb[:1], term.first, term.end) for term in found.terms]
    assert shape == [(b"x", 0, 2), (b"y", 5, 6)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(47),
        bytes(32) + struct.pack("<QQ", 3, 0),
        shard_of((b"f" * 32, [(b"x" * 32, 1, 2, 2)], None)),
        shard_of((b"f" * 32, [(b"x" * 32, 1, 0, 1)], None))[:-60],
        bytes(32) + struct.pack("<QQ", 2, 0) + b"f" * 32 + struct.pack("<II8x", 0, 2**32 - 1),
    ],
)
def test_shard_that_lies_is_refused(data) -> None:
    with pytest.raises(ShardMalformed):
        shards.parse(data)


def serial_lengths(data: bytes) -> list[int]:
    """The rule itself, one chunk after the other."""
    array, found, start = np.frombuffer(data, dtype=np.uint8), [], 0
    while (end := next_cut(array, start, TABLE, MASK)) >= 0:
        found.append(end - start)
        start = end
    return [*found, *([len(data) - start] if start < len(data) else [])]


REPEATED = noise(64, seed=4)
STREAMS = {
    "noise": noise(3_000_003),
    "words": "안녕하세요, 마당입니다.\n".encode() * 60_000,
    "between": noise(300_001) + bytes(700_001) + noise(500_003, seed=2),
    "a repeated window": REPEATED * 20_000,
    "shorter than lanes": noise(65_535),
    **{f"byte {value}": bytes([value]) * 400_003 for value in range(0, 256, 5)},
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("piece", [7_777, 131_072, 1_048_576, 4_000_000])
def test_four_lanes_cut_where_one_does_whatever_the_pieces(name, piece) -> None:
    chunks = chunks_of(STREAMS[name], piece)
    assert b"".join(chunks) == STREAMS[name]
    assert [len(chunk) for chunk in chunks] == serial_lengths(STREAMS[name])


def test_bytes_with_a_mark_everywhere_are_cut_all_the_same() -> None:
    """The window before a cut, again and again: more marks than the lists hold, and chunks
    of the least length."""
    data = noise(3_000_003)
    lengths = serial_lengths(data)
    number = next(at for at, length in enumerate(lengths) if length < CHUNK_BYTES_MAX)
    end = sum(lengths[: number + 1])
    window = data[end - 64 : end]
    marked = window * (40 * CHUNK_BYTES_MIN // 64)
    assert [len(one) for one in chunks_of(marked, 1 << 20)] == [CHUNK_BYTES_MIN] * 40


@pytest.mark.parametrize("dense", [True, False])
def test_dense_chunks_are_stored_plain_and_others_smaller(dense) -> None:
    content = noise(100_000) if dense else ("가나다 " * 20_000).encode()[:100_000]
    data, ends = xorbs.pack_with_ends([content])
    assert xorbs.contents(data) == [content]
    assert (ends[0] == 100_000 + xorbs.HEADER_BYTES) is dense

"""Reading segments: every torn or hostile tail ends where it must, or raises an alarm."""

from __future__ import annotations

import os
import random
from pathlib import Path
from uuid import UUID

import pytest

from madang.wire.journal import (
    Batch,
    DamagedJournal,
    SegmentName,
    Tail,
    read_all,
    read_batch,
    segments,
)
from madang.wire.record import RECORD_BYTES, RecordKind, pack

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
NAME = SegmentName(worker=0, epoch=7, number=0)


def record(seq: int, kind: int = RecordKind.SENT, epoch: int = 7) -> bytes:
    call = UUID(int=seq + 1).bytes
    return pack(seq, epoch, kind, 0, 1, call, call, call, 1, 10, 0, 0, 0, 0, 0, 1, 1, 0, 0)


def end(seq: int) -> bytes:
    return record(seq, RecordKind.END)


ZEROS = bytes(RECORD_BYTES)
BAD = b"\x01" * RECORD_BYTES


def write(folder: Path, data: bytes, name: SegmentName = NAME) -> Path:
    path = folder / name.file_name
    path.write_bytes(data)
    return path


def test_a_segment_name_reads_back_what_it_writes():
    name = SegmentName(worker=12, epoch=345, number=6)
    assert name.file_name == "w012-e00000345-s000006.journal"
    assert SegmentName.parse(name.file_name) == name


@pytest.mark.parametrize(
    "text", ["", "x.journal", "w012-e00000345-s000006.journal.next", "w1-e1-s1.journal"]
)
def test_a_file_that_is_no_segment_has_no_name(text):
    assert SegmentName.parse(text) is None


def test_segments_come_in_the_order_of_writing(tmp_path):
    names = [SegmentName(1, 1, 0), SegmentName(0, 2, 1), SegmentName(0, 2, 0)]
    for name in names:
        write(tmp_path, b"", name)
    (tmp_path / "other.txt").write_text("")
    assert [name for name, _ in segments(tmp_path)] == sorted(names)


ENDS = {
    "an empty file is open": (b"", 0, Tail.OPEN),
    "zeros are open": (record(0) + ZEROS * 9, 1, Tail.OPEN),
    "a file that just ends is open": (record(0) + record(1), 2, Tail.OPEN),
    "END closes": (record(0) + end(1) + ZEROS, 2, Tail.CLOSED),
    "a bad last block is a torn tail": (record(0) + BAD + ZEROS * 3, 1, Tail.TORN),
    "several bad blocks are a torn tail": (record(0) + BAD * 3, 1, Tail.TORN),
    "half a block is a torn tail": (record(0) + record(1)[:64], 1, Tail.TORN),
    "half a block before zeros is torn": (
        record(0) + record(1)[:64] + bytes(64) + ZEROS,
        1,
        Tail.TORN,
    ),
}


@pytest.mark.parametrize(("data", "count", "tail"), ENDS.values(), ids=ENDS)
def test_the_end_of_the_last_segment(tmp_path, data, count, tail):
    batch = read_batch(write(tmp_path, data), 0, is_last=True)
    assert (len(batch.records), batch.tail) == (count, tail)
    assert batch.offset_next == count * RECORD_BYTES


DAMAGE = {
    "a bad record with a valid one behind": (record(0) + BAD + record(2), True),
    "zeros with a valid one behind": (record(0) + ZEROS + record(2), True),
    "a record of another epoch": (record(0) + record(1, epoch=8), True),
    "a gap in seq": (record(0) + record(2), True),
    "a seq twice": (record(0) + record(0), True),
    "zeros before the last segment": (record(0) + ZEROS, False),
    "no END before the last segment": (record(0), False),
    "a torn tail before the last segment": (record(0) + BAD, False),
}


@pytest.mark.parametrize(("data", "is_last"), DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("is_live", [False, True])
def test_damage_is_an_alarm(tmp_path, data, is_last, is_live):
    with pytest.raises(DamagedJournal):
        read_batch(write(tmp_path, data), 0, is_last=is_last, is_live=is_live)


def test_a_batch_has_its_limit_and_the_next_one_goes_on(tmp_path):
    path = write(tmp_path, b"".join(map(record, range(10))) + end(10))
    first = read_batch(path, 0, is_last=True, records_max=4)
    assert (len(first.records), first.tail) == (4, Tail.MORE)
    rest = read_batch(path, first.offset_next, is_last=True)
    assert [found.seq for found in rest.records] == list(range(4, 11))
    assert rest.tail is Tail.CLOSED
    assert [seq for _, seq in ((at, r.seq) for at, r in read_all(path, is_last=True))] == list(
        range(11)
    )


def test_any_cut_of_a_segment_reads_as_a_prefix(tmp_path):
    """Cut the file at every kind of place, fill with zeros or noise: never a wrong record."""
    rng = random.Random(11)
    whole = b"".join(map(record, range(40)))
    path = write(tmp_path, whole)
    for _ in range(max(COUNT // 20, 100)):
        cut = rng.randrange(len(whole) + 1)
        path.write_bytes(whole[:cut] + bytes(rng.choice((0, 128, 5 * 128))))
        batch: Batch = read_batch(path, 0, is_last=True)
        assert [found.seq for found in batch.records] == list(range(cut // RECORD_BYTES))
        assert batch.tail in {Tail.OPEN, Tail.TORN}


def test_one_flipped_bit_never_yields_a_record_that_was_not_written(tmp_path):
    rng = random.Random(12)
    whole = bytearray(b"".join(map(record, range(8))))
    path = write(tmp_path, whole)
    for _ in range(max(COUNT // 20, 100)):
        place, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
        whole[place] ^= bit
        path.write_bytes(whole)
        expected = place // RECORD_BYTES
        if expected == 7:
            assert len(read_batch(path, 0, is_last=True).records) == 7
        else:
            with pytest.raises(DamagedJournal):
                read_batch(path, 0, is_last=True)
        whole[place] ^= bit

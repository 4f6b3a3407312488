"""Segments of the gateway's journal: their names, and how they are read.

A segment belongs to one worker in one epoch and holds records of RECORD_BYTES, one after the
other, from offset 0. Space is reserved ahead, so a block of zeros is the end for now. The file
appears under its name in the same instant in which it becomes the one that is written to;
the segment before it was closed with an END record.

What a reader may meet, and what it means:

    zeros                                    nothing more yet (or ever, if the worker died)
    END                                      nothing more, ever
    a bad block, nothing valid behind it,    a torn tail: what the worker was writing when
      in the last segment                    it died; the end
    a bad block anywhere else                DamagedJournal: an alarm, never a silent skip
    zeros with a record behind them, or      DamagedJournal: records are missing
      with a later segment on file

A living worker may write while we read, so that a block looks bad or a later one is seen
first: what looks damaged is then read again before it is called so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from madang.wire.record import (
    RECORD_BYTES,
    SEGMENT_SUFFIX,
    Record,
    RecordKind,
    TornRecord,
    unpack,
)

BATCH_RECORDS_MAX = 4096
_NAME = re.compile(r"w(\d{3})-e(\d{8})-s(\d{6})\.journal", re.ASCII)
_LIVE_READS = 4
_SCAN_BYTES = RECORD_BYTES * 8192


class DamagedJournal(ValueError):
    """A journal that cannot have been left like this by a crash."""

    def __init__(self, path: Path, offset: int, reason: str) -> None:
        super().__init__(f"{path.name} at {offset}: {reason}")
        self.path = path
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True, order=True)
class SegmentName:
    """Who wrote a segment, and which one it is. Sorts in the order of writing."""

    worker: int
    epoch: int
    number: int

    @property
    def file_name(self) -> str:
        return f"w{self.worker:03d}-e{self.epoch:08d}-s{self.number:06d}{SEGMENT_SUFFIX}"

    @classmethod
    def parse(cls, file_name: str) -> SegmentName | None:
        """The name's parts; None for a file that is no segment."""
        match = _NAME.fullmatch(file_name)
        return cls(*map(int, match.groups())) if match else None


class Tail(StrEnum):
    """How a batch ended."""

    MORE = "more"  # the batch is full
    OPEN = "open"  # zeros, or the end of the file: nothing more yet
    CLOSED = "closed"  # END was read
    TORN = "torn"  # a torn tail: nothing valid follows


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of the file; `offset_next` is where the next batch begins."""

    records: tuple[Record, ...]
    offset_next: int
    tail: Tail


def segments(directory: Path) -> list[tuple[SegmentName, Path]]:
    """Every segment in a folder, in the order of worker, epoch and number."""
    found = ((SegmentName.parse(path.name), path) for path in directory.iterdir())
    return sorted((name, path) for name, path in found if name is not None)


def read_batch(
    path: Path,
    offset: int,
    *,
    is_last: bool,
    is_live: bool = False,
    records_max: int = BATCH_RECORDS_MAX,
) -> Batch:
    """Read on from an offset. `is_last`: this worker and epoch have no later segment.

    While the worker lives (`is_live`), a TORN tail may be a write in progress: read it again
    later. Raises DamagedJournal for what neither a crash nor a write in progress explains.
    """
    name = SegmentName.parse(path.name)
    if name is None:
        raise ValueError(f"not a segment: {path.name}")
    with path.open("rb") as file:
        for _ in range(_LIVE_READS if is_live else 0):
            try:
                return _read_once(path, name, file.fileno(), offset, records_max, is_last)
            except DamagedJournal:
                continue
        return _read_once(path, name, file.fileno(), offset, records_max, is_last)


def _read_once(
    path: Path, name: SegmentName, fd: int, offset: int, records_max: int, is_last: bool
) -> Batch:
    data = os.pread(fd, records_max * RECORD_BYTES, offset)
    records, tail = _records_of(path, name, data, offset)
    offset_next = offset + len(records) * RECORD_BYTES
    if tail is Tail.MORE and len(data) < records_max * RECORD_BYTES:
        tail = Tail.OPEN
    if tail is Tail.OPEN and not _is_all_zero(data[len(records) * RECORD_BYTES :]):
        raise DamagedJournal(path, offset_next, "zeros with records behind them")
    if tail is Tail.OPEN and not is_last:
        raise DamagedJournal(path, offset_next, "a later segment is on file, but no END here")
    if tail is Tail.TORN:
        _check_torn(path, fd, offset_next, is_last=is_last)
    return Batch(tuple(records), offset_next, tail)


def _records_of(
    path: Path, name: SegmentName, data: bytes, offset: int
) -> tuple[list[Record], Tail]:
    records: list[Record] = []
    for start in range(0, len(data), RECORD_BYTES):
        block = data[start : start + RECORD_BYTES]
        try:
            record = unpack(block)
        except (TornRecord, ValueError):
            return records, Tail.TORN
        if record is None:
            return records, Tail.OPEN
        if record.epoch != name.epoch:
            raise DamagedJournal(path, offset + start, f"a record of epoch {record.epoch}")
        if records and record.seq != records[-1].seq + 1:
            raise DamagedJournal(path, offset + start, f"seq {record.seq} is out of order")
        records.append(record)
        if record.kind is RecordKind.END:
            return records, Tail.CLOSED
    return records, Tail.MORE


def _check_torn(path: Path, fd: int, offset: int, *, is_last: bool) -> None:
    """A bad block is a torn tail only if nothing valid is behind it, in the last segment."""
    if not is_last:
        raise DamagedJournal(path, offset, "a bad record before the last segment")
    place = offset + RECORD_BYTES
    while chunk := os.pread(fd, _SCAN_BYTES, place):
        if not _is_all_zero(chunk) and any(_is_valid_blocks(chunk)):
            raise DamagedJournal(path, offset, "a bad record with valid ones behind it")
        place += len(chunk)


def _is_valid_blocks(chunk: bytes) -> Iterator[bool]:
    for start in range(0, len(chunk) - RECORD_BYTES + 1, RECORD_BYTES):
        try:
            yield unpack(chunk[start : start + RECORD_BYTES]) is not None
        except (TornRecord, ValueError):
            yield False


def _is_all_zero(data: bytes) -> bool:
    return not data.strip(b"\0")


def read_all(path: Path, *, is_last: bool, offset: int = 0) -> Iterator[tuple[int, Record]]:
    """Every record with its offset, to the end of what is on file."""
    while True:
        batch = read_batch(path, offset, is_last=is_last)
        for place, record in enumerate(batch.records):
            yield offset + place * RECORD_BYTES, record
        offset = batch.offset_next
        if batch.tail is not Tail.MORE:
            return

"""The gateway's journal record: 128 bytes, little-endian, checksummed.

A worker appends records to segments of its own; the till reads them. A record of zeros is
the end of a segment that was reserved ahead. The order of writes is the promise: INTENT is on
file before an upstream sees a byte, COMMIT before the client sees the last one.

    INTENT ──▶ SENT ──▶ (PROGRESS) ──▶ COMMIT | VOID
    INTENT ──▶ VOID

With an upstream connection at hand INTENT and SENT are one record: a SENT whose call has no
INTENT is both. INTENT without SENT was never sent, SENT without COMMIT or VOID is unsettled.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from uuid import UUID

RECORD_BYTES = 128
SEGMENT_SUFFIX = ".journal"
NO_UUID = UUID(int=0)


class RecordKind(IntEnum):
    """What a record says of its call."""

    INTENT = 1  # est_microwon is taken from the lease; nothing sent
    SENT = 2  # the same, and an upstream connection is in hand; next comes its first byte
    PROGRESS = 3  # still streaming; quantities observed so far
    COMMIT = 4  # quantities and cost_microwon are fixed
    VOID = 5  # nothing sent, or refused unbilled: est_microwon is free again
    LEASE = 6  # the worker began (est > 0) or stopped (est = 0) to use a lease
    END = 7  # the segment was closed in good order, and is followed by another or by nothing


class RecordFlag(IntFlag):
    NONE = 0
    ESTIMATED = 1
    ABORTED = 2
    ABOVE_BOUND = 4
    STREAM = 8
    PROGRAMME_BORNE = (
        16  # abort policy "free": cost_microwon is 0, the quantities tell the rest
    )


class OtherUnit(IntEnum):
    """The unit of `other_quantity`, for offerings that do not count tokens alone."""

    NONE = 0
    REQUEST = 1
    IMAGE = 2
    SECOND = 3


class TornRecord(ValueError):
    """The bytes are not a whole, checksummed record."""


_LAYOUT = struct.Struct("<QIBBH16s16s16sQqqIIIIQIIB3x")
_CHECKSUM = struct.Struct("<I")
assert _LAYOUT.size + _CHECKSUM.size == RECORD_BYTES


@dataclass(frozen=True, slots=True)
class Record:
    """One journal record. Amounts in micro-won, `at_us` in microseconds of Unix time.

    `above_bound_microwon` has no field: a commit above its reservation carries the flag and
    the full quantities, the reader prices them and finds the excess.
    """

    seq: int
    epoch: int
    kind: RecordKind
    flags: RecordFlag
    attempt: int
    call: UUID
    voucher: UUID
    hold: UUID
    price_set: int
    est_microwon: int
    cost_microwon: int
    token_in: int
    token_in_cached: int
    token_in_cache_write: int
    token_out: int
    at_us: int
    key_no: int
    other_quantity: int
    other_unit: OtherUnit


def pack(
    seq: int,
    epoch: int,
    kind: int,
    flags: int,
    attempt: int,
    call: bytes,
    voucher: bytes,
    hold: bytes,
    price_set: int,
    est_microwon: int,
    cost_microwon: int,
    token_in: int,
    token_in_cached: int,
    token_in_cache_write: int,
    token_out: int,
    at_us: int,
    key_no: int,
    other_quantity: int,
    other_unit: int,
) -> bytes:
    """The hot path's writer: plain values in, 128 bytes out. Ids are their 16 bytes."""
    body = _LAYOUT.pack(
        seq, epoch, kind, flags, attempt, call, voucher, hold, price_set,
        est_microwon, cost_microwon, token_in, token_in_cached, token_in_cache_write,
        token_out, at_us, key_no, other_quantity, other_unit,
    )  # fmt: skip
    return body + _CHECKSUM.pack(zlib.crc32(body))


def unpack(data: bytes | memoryview) -> Record | None:
    """Read one record; None for the zeros after the last one. Raises TornRecord."""
    block = bytes(data)
    if len(block) != RECORD_BYTES:
        raise TornRecord(f"{len(block)} bytes instead of {RECORD_BYTES}")
    if not any(block):
        return None
    body = block[: _LAYOUT.size]
    if zlib.crc32(body) != _CHECKSUM.unpack_from(block, _LAYOUT.size)[0]:
        raise TornRecord("checksum differs")
    (
        seq, epoch, kind, flags, attempt, call, voucher, hold, price_set, est, cost,
        token_in, cached, cache_write, token_out, at_us, key_no, other_quantity, other_unit,
    ) = _LAYOUT.unpack(body)  # fmt: skip
    return Record(
        seq, epoch, RecordKind(kind), RecordFlag(flags), attempt,
        UUID(bytes=call), UUID(bytes=voucher), UUID(bytes=hold), price_set, est, cost,
        token_in, cached, cache_write, token_out, at_us, key_no, other_quantity,
        OtherUnit(other_unit),
    )  # fmt: skip

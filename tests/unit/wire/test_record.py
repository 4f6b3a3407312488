"""The journal record: what is packed is unpacked, anything else is torn or nothing."""

from __future__ import annotations

import os
import random
from uuid import UUID

import pytest

from madang.wire.record import (
    RECORD_BYTES,
    OtherUnit,
    RecordFlag,
    RecordKind,
    TornRecord,
    pack,
    unpack,
)

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))


def test_random_records_read_back():
    rng = random.Random(5)
    for _ in range(COUNT // 10):
        ids = [rng.randbytes(16) for _ in range(3)]
        values = (
            rng.getrandbits(64), rng.getrandbits(32), rng.choice(list(RecordKind)),
            rng.randrange(32), rng.randrange(100), *ids, rng.getrandbits(64),
            rng.getrandbits(63), rng.getrandbits(63), *(rng.getrandbits(32) for _ in range(4)),
            rng.getrandbits(50), rng.getrandbits(32), rng.getrandbits(32),
            rng.choice(list(OtherUnit)),
        )  # fmt: skip
        data = pack(*values)
        assert len(data) == RECORD_BYTES
        found = unpack(memoryview(data))
        assert found is not None
        plain = tuple(getattr(found, name) for name in found.__slots__)
        assert plain == (*values[:3], RecordFlag(values[3]), values[4],
                         *(UUID(bytes=one) for one in ids), *values[8:])  # fmt: skip


def test_zeros_are_the_end():
    assert unpack(bytes(RECORD_BYTES)) is None


@pytest.mark.parametrize("data", [b"", b"\1" * 127, b"\1" * 128, b"\0" * 129])
def test_anything_else_is_torn(data):
    with pytest.raises(TornRecord):
        unpack(data)

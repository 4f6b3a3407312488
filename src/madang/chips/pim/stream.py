"""The one command stream that function, timing and energy all read.

A stream is a structured NumPy array, one row per request of one channel. `payload` is the
index of the burst that a write carries (-1: none that matters), `count` repeats a row over
consecutive columns (AiM opsize; 1 elsewhere).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np
import numpy.typing as npt

from madang.chips.errors import ShapeTooLarge

COMMAND = np.dtype(
    [
        ("op", np.uint8),
        ("flags", np.uint8),
        ("bank", np.int16),
        ("row", np.int32),
        ("column", np.int32),
        ("count", np.int32),
        ("channels", np.uint32),
        ("payload", np.int32),
    ],
    align=True,
)
Stream = npt.NDArray[np.void]
ROWS_MAX = 1 << 23  # of one stream: 256 MiB, seconds of simulation
EVERY_CHANNEL = 0xFFFFFFFF


class Op(IntEnum):
    """Requests of bank-pair devices (HBM2-PIM, LPDDR5-PIM)."""

    READ = 0
    WRITE = 1


class Flag(IntFlag):
    FENCE = 1  # nothing behind this row may issue before it
    DRAIN = 2  # the next row is handed over when this part's last data has passed
    PIM_ON = 4  # a write of the control register that switches PIM on
    CLEAR = 8  # ... and clears GRF_B
    RELU = 16  # a row of the register space that carries a program, see lower
    LATE = 32  # first row only: this channel has nothing to do in the first part


def empty(rows: int) -> Stream:
    stream = np.zeros(rows, COMMAND)
    stream["count"] = 1
    stream["channels"] = EVERY_CHANNEL
    stream["payload"] = -1
    return stream


def check_length(kernel: str, rows: int, size: str, value: int) -> None:
    """Refuse a stream that nobody could hold, before it is made; `size` is what to lessen."""
    if rows > ROWS_MAX:
        raise ShapeTooLarge(
            what=kernel,
            needed=rows,
            unit="commands in one stream",
            limit=ROWS_MAX,
            nearest=f"{size} {max(1, value * ROWS_MAX // rows)}",
        )


def digest_bytes(stream: Stream) -> bytes:
    """The rows as bytes without padding: equal streams give equal bytes on every machine."""
    columns = [np.ascontiguousarray(stream[name]).tobytes() for name in COMMAND.names or ()]
    return b"".join(columns)

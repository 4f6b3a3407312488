"""Kernels of bank-pair devices lowered to one channel's command stream.

Every channel of a PIM kernel receives the same stream. Addresses and fences follow the
published host library's habits; sizes are counted in tiles, see `geometry`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel
from madang.chips.pim.stream import Flag, Stream, empty

Field = npt.NDArray[np.integer]
I64 = npt.NDArray[np.int64]

READ, WRITE = 0, 1
FENCE, DRAIN, ON, CLEAR = int(Flag.FENCE), int(Flag.DRAIN), int(Flag.PIM_ON), int(Flag.CLEAR)
PARK_ROW, ENTER_ROW, EXIT_ROW, REGISTERS = 4096, 0x17FF, 0x1FFF, 0x3FFF
LAST_COLUMN, COLUMNS, SRF, CRF, GRF_A = 0x1F, 32, 1, 4, 8
ZERO_ROW, OPERAND_ROW, RESULT_ROW = 1000, 128, 256
TILE_BURSTS, ROWS = 64, 16384
FIELDS = ("op", "bank", "row", "column", "flags", "payload")


@inline
def _put(
    k: int, op: int, bank: int, row: int, column: int, flags: int, payload: int,
    o: Field, b: Field, r: Field, c: Field, f: Field, d: Field,
) -> int:  # fmt: skip
    o[k], b[k], r[k], c[k], f[k], d[k] = op, bank, row, column, flags, payload
    return k + 1


@inline
def _eight(
    k: int, op: int, bank: int, row: int, column: int, payload: int,
    o: Field, b: Field, r: Field, c: Field, f: Field, d: Field,
) -> int:  # fmt: skip
    """Eight consecutive bursts, on into the next row after the last column, then a fence."""
    for i in range(8):
        at = row * COLUMNS + column + i
        flag = FENCE if i == 7 else 0
        burst = payload + i if payload >= 0 else -1
        k = _put(k, op, bank, at // COLUMNS, at % COLUMNS, flag, burst, o, b, r, c, f, d)
    return k


@inline
def _registers(
    k: int, payload: int, o: Field, b: Field, r: Field, c: Field, f: Field, d: Field
) -> int:
    """Input tile to GRF_A."""
    for i in range(8):
        flag = FENCE if i == 7 else 0
        k = _put(k, WRITE, 1, REGISTERS, GRF_A + i, flag, payload + i, o, b, r, c, f, d)
    return k


@inline
def _park(k: int, o: Field, b: Field, r: Field, c: Field, f: Field, d: Field) -> int:
    for i in range(16):
        bank = 4 * (i % 4) + i // 4
        k = _put(k, READ, bank, PARK_ROW, 0, FENCE if i == 15 else 0, -1, o, b, r, c, f, d)
    return k


@inline
def _enter(
    k: int, words: int, o: Field, b: Field, r: Field, c: Field, f: Field, d: Field
) -> int:
    """Park, switch all banks on, load the program (8 words a burst)."""
    k = _park(k, o, b, r, c, f, d)
    for i in range(4):
        bank = i if i < 2 else i + 6
        flag = FENCE if i == 3 else 0
        k = _put(k, WRITE, bank, ENTER_ROW, LAST_COLUMN, flag, -1, o, b, r, c, f, d)
    bursts = (words + 7) // 8
    for i in range(bursts):
        flag = FENCE if i == bursts - 1 else 0
        k = _put(k, WRITE, 1, REGISTERS, CRF + i, flag, i, o, b, r, c, f, d)
    return k


@inline
def _leave(k: int, o: Field, b: Field, r: Field, c: Field, f: Field, d: Field) -> int:
    for i in range(2):
        flag = FENCE if i == 1 else 0
        k = _put(k, WRITE, i, EXIT_ROW, LAST_COLUMN, flag, -1, o, b, r, c, f, d)
    return _park(k, o, b, r, c, f, d)


@inline
def _control(
    k: int, flags: int, o: Field, b: Field, r: Field, c: Field, f: Field, d: Field
) -> int:
    return _put(k, WRITE, 0, REGISTERS, 0, FENCE | flags, -1, o, b, r, c, f, d)


@kernel
def fill_elementwise(
    tiles: int, operands: int, words: int, scalars: int,
    o: Field, b: Field, r: Field, c: Field, f: Field, d: Field,
) -> int:  # fmt: skip
    """`tiles` tiles of 8 bursts in every bank; 1 or 2 operands; returns the rows written.

    `scalars` 1: payload 0 goes to the scalar registers before PIM is switched on.
    """
    k = _enter(0, words, o, b, r, c, f, d)
    if scalars:
        k = _put(k, WRITE, 1, REGISTERS, SRF, FENCE, 0, o, b, r, c, f, d)
    k = _control(k, ON, o, b, r, c, f, d)
    for t in range(tiles):
        for bank in range(2):
            k = _eight(k, READ, bank, 0, 8 * t, -1, o, b, r, c, f, d)
            if operands == 2:
                k = _eight(k, READ, bank, OPERAND_ROW, 8 * t, -1, o, b, r, c, f, d)
            k = _eight(k, WRITE, bank, RESULT_ROW, 8 * t, -1, o, b, r, c, f, d)
    return _leave(_control(k, 0, o, b, r, c, f, d), o, b, r, c, f, d)


@kernel
def fill_gemv(
    outs: int, ins: int, batch: int, apart: int, shared: int, words: int,
    o: Field, b: Field, r: Field, c: Field, f: Field, d: Field,
) -> int:  # fmt: skip
    """`outs` x `ins` tiles; `apart` 1 keeps the results of a batch in columns of their own.

    `shared` output tiles in a row see the same inputs: all of them in a matrix, those of one
    head in attention. Inputs are numbered by head, vector, tile.
    """
    k = _enter(0, words, o, b, r, c, f, d)
    base = TILE_BURSTS * (outs * ins // 2)
    for j in range(outs):
        for n in range(batch):
            k = _control(k, ON | CLEAR, o, b, r, c, f, d)
            for step in range(ins):
                half = (ins + 1) // 2
                i = 2 * step if step < half else 2 * (step - half) + 1
                vector = (j // shared) * batch + n
                k = _registers(k, 8 * (vector * ins + i), o, b, r, c, f, d)
                at = TILE_BURSTS * (i // 2 + j * ins // 2)
                for p in range(8):
                    k = _eight(k, READ, i & 1, 0, at + 8 * p, -1, o, b, r, c, f, d)
            slot = j * batch + n if apart else j + n
            k = _eight(k, WRITE, 1, 0, base + 8 * slot, -1, o, b, r, c, f, d)
            k = _control(k, 0, o, b, r, c, f, d)
    return _leave(k, o, b, r, c, f, d)


@kernel
def fill_gemv_tree(
    outs: int, ins: int, batch: int, words: int,
    o: Field, b: Field, r: Field, c: Field, f: Field, d: Field,
) -> int:  # fmt: skip
    """As `fill_gemv`, but the sums of every input tile are stored by themselves."""
    k = 0
    for bank in range(16):
        for i in range(8):
            flag = FENCE if bank == 15 and i == 7 else 0
            k = _put(k, WRITE, bank, ZERO_ROW, i, flag, -1, o, b, r, c, f, d)
    k = _enter(k, words, o, b, r, c, f, d)
    result = TILE_BURSTS * (outs * ins // 2)
    for j in range(outs):
        for n in range(batch):
            k = _control(k, ON | CLEAR, o, b, r, c, f, d)
            for i in range(ins):
                k = _registers(k, 8 * (n * ins + i), o, b, r, c, f, d)
                at = TILE_BURSTS * (i // 2 + j * ins // 2)
                for p in range(8):
                    k = _eight(k, READ, i & 1, 0, at + 8 * p, -1, o, b, r, c, f, d)
                k = _eight(k, WRITE, 1, 0, result, -1, o, b, r, c, f, d)
                k = _eight(k, READ, 0, ZERO_ROW, 0, -1, o, b, r, c, f, d)
                result += 8
            k = _control(k, 0, o, b, r, c, f, d)
    return _leave(k, o, b, r, c, f, d)


def _fields(stream: Stream) -> list[Field]:
    return [stream[name] for name in FIELDS]


def elementwise(tiles: int, operands: int, words: int, *, scalars: bool = False) -> Stream:
    rows = 40 + scalars + (words + 7) // 8 + tiles * 16 * (operands + 1)
    stream = empty(rows)
    filled = fill_elementwise(tiles, operands, words, int(scalars), *_fields(stream))
    assert filled == rows
    return stream


def gemv(outs: int, ins: int, batch: int, words: int, *, apart: bool, heads: int = 1) -> Stream:
    """`heads` matrices of `outs // heads` output tiles each, with inputs of their own."""
    stream = empty(38 + (words + 7) // 8 + outs * batch * (72 * ins + 10))
    shared = max(1, outs // heads)
    rows = fill_gemv(outs, ins, batch, int(apart), shared, words, *_fields(stream))
    assert rows == len(stream)
    return stream


def gemv_tree(outs: int, ins: int, batch: int, words: int) -> Stream:
    stream = empty(166 + (words + 7) // 8 + outs * batch * (88 * ins + 2))
    rows = fill_gemv_tree(outs, ins, batch, words, *_fields(stream))
    assert rows == len(stream)
    return stream


def host_sweep(
    first: int, reads: int, writes: int, channels: int, channel: int, ranks: int = 1
) -> Stream:
    """The same data without PIM: linear bursts read, drained, written; one channel's share.

    Addresses of bursts run on through all tensors: first, first + 1, ... The rank lies above
    the row; with one rank the row number just goes on.
    """
    start = first + (channel - first) % channels
    mine = np.arange(start, first + reads + writes, channels)
    k = mine // channels
    stream = empty(len(mine))
    stream["op"] = np.where(mine < first + reads, READ, WRITE)
    stream["bank"] = 4 * ((k >> 2) & 3) + (k & 3)
    stream["row"], stream["column"] = k >> 9, (k >> 4) & 31
    if ranks > 1:
        stream["bank"] += (16 * (stream["row"] // ROWS % ranks)).astype(np.int16)
        stream["row"] %= ROWS
    share = int(np.count_nonzero(mine < first + reads))
    if 0 < share < len(mine):
        stream["flags"][share - 1] |= DRAIN
    elif len(mine) and reads and not share:
        stream["flags"][0] |= Flag.LATE
    return stream

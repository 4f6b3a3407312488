"""AiM kernels lowered to instruction streams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.pim.standards.gddr6_aim import Isr
from madang.chips.pim.stream import Stream, empty

OUTPUTS_PER_CHANNEL = 16
AF_ROW = 1 << 29  # pseudo row of the table of an activation function; CFR 2 is added
FUNCTIONS = {"relu": 0, "exp": 1}  # which table CFR 2 selects: contents are our choice
ROWLESS = (Isr.WR_GB, Isr.WR_BIAS, Isr.RD_MAC, Isr.RD_AF, Isr.AF, Isr.EWADD, Isr.EOC)


def gemv(
    out: int,
    inner: int,
    batch: int,
    channels: int,
    chunk: int,
    lanes: int,
    heads: int = 1,
    *,
    keep: bool = False,
) -> Stream:
    """Per group of outputs: bias; per chunk of inputs: buffer, multiply on the next row; read.

    `chunk`: inputs that the global buffer holds. Weights of a batch lie in the same rows.
    `heads` matrices of `out` outputs each follow one another, with inputs of their own;
    payloads number the bursts of all inputs by vector of the batch, head, burst. `keep`: what
    the buffer holds already is not written again, for the next group of outputs.
    """
    each = -(-out // (channels * OUTPUTS_PER_CHANNEL))
    groups = each * heads
    columns = [-(-min(chunk, inner - at) // lanes) for at in range(0, inner, chunk)]
    one = 2 + 2 * len(columns)
    stream = empty(batch * groups * one + 1)
    body = stream[:-1].reshape(batch, groups, one)
    body["op"][:, :, 0], body["op"][:, :, -1] = Isr.WR_BIAS, Isr.RD_MAC
    body["op"][:, :, 1:-1:2], body["op"][:, :, 2:-1:2] = Isr.WR_GB, Isr.MAC_ABK
    body["count"][:, :, 1:-1:2] = body["count"][:, :, 2:-1:2] = columns
    rows = np.arange(groups * len(columns)).reshape(groups, len(columns))
    body["row"][:, :, 2:-1:2] = rows
    vector = np.arange(batch)[:, None] * heads + np.arange(groups)[None, :] // each
    first = vector * -(-inner // lanes)
    body["payload"][:, :, 1:-1:2] = first[:, :, None] + np.arange(len(columns)) * (
        chunk // lanes
    )
    stream["op"][-1] = Isr.EOC
    return stream[~_held(stream)] if keep else stream


def _held(stream: Stream) -> npt.NDArray[np.bool_]:
    """Writes of the buffer that repeat the write before them."""
    again = np.zeros(len(stream), np.bool_)
    writes = np.flatnonzero(stream["op"] == Isr.WR_GB)
    again[writes[1:]] = np.diff(stream["payload"][writes]) == 0
    return again


def multiply(columns: int, per_row: int) -> Stream:
    """Element-wise multiplication: EWMUL over whole rows of every bank group."""
    rows = -(-columns // per_row)
    stream = empty(rows + 1)
    stream["op"][:-1], stream["op"][-1] = Isr.EWMUL, Isr.EOC
    stream["row"][:-1] = np.arange(rows)
    stream["count"][:-1] = per_row
    stream["count"][rows - 1] = columns - (rows - 1) * per_row
    return stream


def activate(groups: int, function: str) -> Stream:
    """A function from its table: bias to the accumulators, look up, read; one value a bank."""
    stream = empty(3 * groups + 1)
    body = stream[:-1].reshape(groups, 3)
    body["op"][:] = (Isr.WR_BIAS, Isr.AF, Isr.RD_AF)
    body["row"][:, 1] = AF_ROW + FUNCTIONS[function]
    body["payload"][:, 0] = np.arange(groups)
    stream["op"][-1] = Isr.EOC
    return stream


def copy(columns: int, per_row: int, banks: int, rows_apart: int) -> Stream:
    """Rows through the global buffer: bank by bank, `rows_apart` rows further down."""
    rows = -(-columns // per_row)
    stream = empty(2 * rows + 1)
    body = stream[:-1].reshape(rows, 2)
    body["op"][:] = (Isr.COPY_BKGB, Isr.COPY_GBBK)
    body["bank"][:] = (np.arange(rows) % banks)[:, None]
    body["row"][:] = (np.arange(rows) // banks)[:, None] + np.array([0, rows_apart])
    body["count"][:] = per_row
    body["count"][rows - 1] = columns - (rows - 1) * per_row
    stream["op"][-1] = Isr.EOC
    return stream


def shift(columns: int, per_row: int) -> Stream:
    """Additions in the general registers: they cost the decoder a tick and no command."""
    instructions = -(-columns // per_row)
    stream = empty(instructions + 1)
    stream["op"][:-1], stream["op"][-1] = Isr.EWADD, Isr.EOC
    stream["count"][:-1] = per_row
    return stream


def joined(parts: list[Stream]) -> Stream:
    """Parts one after the other, each in rows of its own, one EOC at the end."""
    found, base = [], 0
    for part in parts:
        body = part[:-1].copy()
        placed = ~np.isin(body["op"], ROWLESS)
        body["row"][placed] += base
        found.append(body)
        base = int(body["row"][placed].max(initial=base - 1)) + 1
    return np.concatenate([*found, parts[-1][-1:]])

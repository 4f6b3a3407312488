"""AiM kernels lowered to instruction streams."""

from __future__ import annotations

import numpy as np

from madang.chips.pim.standards.gddr6_aim import Isr
from madang.chips.pim.stream import Stream, empty

OUTPUTS_PER_CHANNEL = 16


def gemv(out: int, inner: int, batch: int, channels: int, chunk: int, lanes: int) -> Stream:
    """Per group of outputs: bias; per chunk of inputs: buffer, multiply on the next row; read.

    `chunk`: inputs that the global buffer holds. Weights of a batch lie in the same rows.
    """
    groups = -(-out // (channels * OUTPUTS_PER_CHANNEL))
    columns = [-(-min(chunk, inner - at) // lanes) for at in range(0, inner, chunk)]
    one = 2 + 2 * len(columns)
    stream = empty(batch * groups * one + 1)
    body = stream[:-1].reshape(batch, groups, one)
    body["op"][:, :, 0], body["op"][:, :, -1] = Isr.WR_BIAS, Isr.RD_MAC
    body["op"][:, :, 1:-1:2], body["op"][:, :, 2:-1:2] = Isr.WR_GB, Isr.MAC_ABK
    body["count"][:, :, 1:-1:2] = body["count"][:, :, 2:-1:2] = columns
    rows = np.arange(groups * len(columns)).reshape(groups, len(columns))
    body["row"][:, :, 2:-1:2] = rows
    body["payload"][:, :, 1:-1:2] = np.arange(len(columns)) * (chunk // lanes)
    stream["op"][-1] = Isr.EOC
    return stream


def multiply(columns: int, per_row: int) -> Stream:
    """Element-wise multiplication: EWMUL over whole rows of every bank group."""
    rows = -(-columns // per_row)
    stream = empty(rows + 1)
    stream["op"][:-1], stream["op"][-1] = Isr.EWMUL, Isr.EOC
    stream["row"][:-1] = np.arange(rows)
    stream["count"][:-1] = per_row
    stream["count"][rows - 1] = columns - (rows - 1) * per_row
    return stream

"""Function by number format: fp16 by executing the stream, bf16 in columns, int8 exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.errors import KernelUnsupported, ShapeImpossible
from madang.chips.pim.func import halves
from madang.chips.pim.func.bankpair import Unit, execute
from madang.chips.pim.func.halves import F32
from madang.chips.pim.isa.bankpair import Operand, assemble
from madang.chips.pim.lower import aim as aim_lower
from madang.chips.pim.lower import bankpair as lower
from madang.chips.pim.plans import aim as aim_plan
from madang.chips.pim.plans import bankpair as plans
from madang.chips.pim.spec import Spec
from madang.chips.pim.standards.gddr6_aim import Isr
from madang.chips.pim.task import BYTES, Task

Values = npt.NDArray[np.generic]
NAMES = {"float16": "fp16", "int8": "int8", "int32": "int32", "bfloat16": "bf16"}
INT8_INNER_MAX = 1 << 17  # |sum| < 2^31 for certain


def dtype_of(spec: Spec, values: Values) -> str:
    """The device's name of an array's format; an AiM takes float32 and rounds it to bf16."""
    if spec.family == "aim" and values.dtype.name in ("float32", "bfloat16"):
        return "bf16"
    if values.dtype.name in NAMES:
        return NAMES[values.dtype.name]
    raise KernelUnsupported(
        device=spec.name, kernel=values.dtype.name, reason="no unit computes in this format",
        known="float16 or int8 (bank-pair), float32 rounded to bf16 (aim)",
    )  # fmt: skip


def gemv(spec: Spec, task: Task, matrix: Values, vector: Values) -> Values:
    if task.dtype == "int8":
        return _int8_gemv(task, matrix, vector)
    if spec.family == "aim":
        return _aim_gemv(spec, task, matrix, vector)
    lanes = gemv_lanes(spec, task, matrix.astype(np.float16), vector.astype(np.float16))
    out = np.empty(len(lanes), np.float32)
    halves.sum_lanes(out, lanes)
    return halves.fp16_out(out)


def _int8_gemv(task: Task, matrix: Values, vector: Values) -> Values:
    """32-bit accumulators: exact, whatever the order; refused where they could overflow."""
    if task.inner > INT8_INNER_MAX:
        raise ShapeImpossible(
            what="in", value=task.inner, reason="32-bit accumulators could overflow",
            nearest=INT8_INNER_MAX,
        )  # fmt: skip
    product: Values = matrix.astype(np.int32) @ vector.astype(np.int32)
    return product


def load_matrix(unit: Unit, matrix: F32, outs: int, ins: int) -> None:
    """Weights into the banks: row to channel, unit, register; tile i to parity i & 1."""
    shape = (outs, unit.channels, 8, 8, ins, 8, 16)
    tiles = matrix.reshape(shape).transpose(0, 4, 5, 3, 1, 2, 6)
    for j in range(outs):
        for i in range(ins):
            at = lower.TILE_BURSTS * (i // 2 + j * ins // 2) // lower.COLUMNS
            for half in range(2):
                block = tiles[j, i, 4 * half : 4 * half + 4]
                unit.row(i & 1, at + half)[:] = block.reshape(
                    lower.COLUMNS, unit.channels, 8, 16
                )


def gemv_lanes(
    spec: Spec, task: Task, matrix: npt.NDArray[np.float16], vector: npt.NDArray[np.float16]
) -> F32:
    """The 16 lane sums of every output row, as the units leave them in the banks."""
    made = plans.plan(spec, task)
    outs, ins = made.tiles.outs, made.tiles.ins
    if ins % 2 and outs > 1:
        raise ShapeImpossible(
            what="in", value=task.inner, reason="an odd number of tiles misplaces weights",
            nearest=(ins + 1) * 128,
        )  # fmt: skip
    channels = spec.integer("channels")
    padded = np.zeros((outs * channels * 64, ins * 128), np.float32)
    padded[: task.out, : task.inner] = matrix
    x = np.zeros(ins * 128, np.float32)
    x[: task.inner] = vector
    unit = Unit(channels)
    load_matrix(unit, padded, outs, ins)
    execute(made.stream, assemble(made.program), x.reshape(-1, 16), unit)
    base = lower.TILE_BURSTS * (outs * ins // 2)
    found = []
    for j in range(outs):
        at = base + 8 * j
        burst = unit.row(1, at // lower.COLUMNS)[at % lower.COLUMNS :][:8]
        found.append(burst.transpose(1, 2, 0, 3).reshape(-1, 16))
    return np.ascontiguousarray(np.concatenate(found)[: task.out])


def elements(spec: Spec, task: Task, operands: tuple[Values, ...]) -> Values:
    if spec.family == "aim":
        return _aim_mul(operands)
    if task.dtype == "int8":
        raise KernelUnsupported(
            device=spec.name, kernel=f"{task.kernel} in int8", known="gemv",
            reason="saturation of int8 element-wise results is not published",
        )  # fmt: skip
    return _fp16_elements(spec, task, operands)


def _fp16_elements(spec: Spec, task: Task, operands: tuple[Values, ...]) -> Values:
    made = plans.plan(spec, task)
    channels, count = spec.integer("channels"), made.tiles.count
    size = plans.tile_shape(spec, "fp16")[2]
    unit = Unit(channels)
    for base, values in zip((0, lower.OPERAND_ROW), operands, strict=False):
        flat = np.zeros(count * size, np.float32)
        kept = min(values.size, flat.size)
        flat[:kept] = values.ravel()[:kept]
        _scatter(unit, flat, base, count)
    execute(made.stream, assemble(made.program), np.zeros((8, 16), np.float32), unit)
    out = _gather(unit, lower.RESULT_ROW, count)[: task.elements]
    shape = operands[0].shape
    return halves.fp16_out(out).reshape(shape if out.size == operands[0].size else (-1,))


def _windows(unit: Unit, base: int, tile: int) -> tuple[F32, F32]:
    at = 8 * tile
    row, column = base + at // lower.COLUMNS, at % lower.COLUMNS
    return unit.row(0, row)[column : column + 8], unit.row(1, row)[column : column + 8]


def _scatter(unit: Unit, flat: F32, base: int, count: int) -> None:
    """Linear addresses: burst a lies in channel a % C, then bank in group, group, column."""
    tiles = flat.reshape(
        count, 8, 4, 4, unit.channels, 16
    )  # tile, column, group, bank, channel, lane
    for t in range(count):
        even, odd = _windows(unit, base, t)
        banks = tiles[t].reshape(8, 8, 2, unit.channels, 16).transpose(2, 0, 3, 1, 4)
        even[:], odd[:] = banks[0], banks[1]


def _gather(unit: Unit, base: int, count: int) -> F32:
    out = np.empty((count, 8, 8, 2, unit.channels, 16), np.float32)
    for t in range(count):
        for parity, window in enumerate(_windows(unit, base, t)):
            out[t, :, :, parity] = window.transpose(0, 2, 1, 3)
    return out.reshape(-1)


def _aim_gemv(
    spec: Spec, task: Task, matrix: Values, vector: Values, *, narrow: bool = False
) -> Values:
    """Outputs of a group lie in (channel, bank); columns accumulate in stream order."""
    stream = aim_plan.plan(spec, task)
    per_group = spec.integer("channels") * aim_lower.OUTPUTS_PER_CHANNEL
    groups = -(-task.out // per_group)
    width = -(-task.inner // 16) * 16
    w = np.zeros((groups * per_group, width), np.float32)
    w[: task.out, : task.inner] = halves.bf16_value(halves.bf16_bits(matrix.astype(np.float32)))
    x = np.zeros(width, np.float32)
    x[: task.inner] = halves.bf16_value(halves.bf16_bits(vector.astype(np.float32)))
    bursts, out, tree = (
        x.reshape(-1, 16),
        np.empty(len(w), np.float32),
        np.empty(16, np.float32),
    )
    blocks = w.reshape(groups, per_group, -1, 16)
    group, at, acc = 0, 0, np.zeros(per_group, np.float32)
    for row in stream:
        if row["op"] == Isr.WR_BIAS:
            acc = np.zeros(per_group, np.float32)
        elif row["op"] == Isr.WR_GB:
            at = int(row["payload"])
        elif row["op"] == Isr.MAC_ABK:
            stop = at + int(row["count"])
            block = np.ascontiguousarray(blocks[group, :, at:stop])
            halves.dot_bf16(acc, bursts[at:stop], block, int(narrow), tree)
        elif row["op"] == Isr.RD_MAC:
            out[group * per_group : (group + 1) * per_group] = acc
            group += 1
    halves.round_bf16(out, out.copy())
    return out[: task.out]


def _aim_mul(operands: tuple[Values, ...]) -> Values:
    a, b = (halves.bf16_value(halves.bf16_bits(one.astype(np.float32))) for one in operands)
    return halves.bf16_value(halves.bf16_bits(a * b))


__all__ = ["BYTES", "Operand", "dtype_of", "elements", "gemv", "gemv_lanes"]

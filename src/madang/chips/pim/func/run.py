"""Function by number format: fp16 by executing the stream, bf16 in columns, int8 exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.errors import KernelUnsupported, ShapeImpossible
from madang.chips.pim.func import aim, dpu, halves
from madang.chips.pim.func.bankpair import LANES, Unit, execute
from madang.chips.pim.func.halves import F32
from madang.chips.pim.isa.bankpair import Operand, assemble
from madang.chips.pim.lower import bankpair as lower
from madang.chips.pim.plans import attacc as attacc_plan
from madang.chips.pim.plans import bankpair as plans
from madang.chips.pim.spec import Spec
from madang.chips.pim.task import BYTES, Task

Values = npt.NDArray[np.generic]
NAMES = {"float16": "fp16", "int8": "int8", "int32": "int32", "bfloat16": "bf16"}
INT8_INNER_MAX = 1 << 17  # |sum| < 2^31 for certain


def dtype_of(spec: Spec, values: Values) -> str:
    """The device's name of an array's format; an AiM takes float32 and rounds it to bf16."""
    if spec.family == "aim" and values.dtype.name in ("float32", "bfloat16"):
        return "bf16"
    if spec.family == "dpu" and values.dtype.name == "float32":
        return "fp32"
    if values.dtype.name in NAMES:
        return NAMES[values.dtype.name]
    raise KernelUnsupported(
        device=spec.name, kernel=values.dtype.name, reason="no unit computes in this format",
        known="float16 or int8 (bank-pair), float32 as bf16 (aim), int32, int8, float32 (dpu)",
    )  # fmt: skip


def gemv(spec: Spec, task: Task, matrix: Values, vector: Values) -> Values:
    """One matrix, one vector."""
    return products(spec, task, matrix[None], vector[None, None])[0, 0]


def products(spec: Spec, task: Task, matrices: Values, vectors: Values) -> Values:
    """heads x out x inner times heads x batch x inner: heads x batch x out, in device order."""
    if spec.family == "dpu":
        return dpu.products(matrices, vectors)
    if spec.family == "attacc":
        raise KernelUnsupported(
            device=spec.name, kernel=f"bits of {task.kernel}", known="timing of attention",
            reason="the order in which its units add is not published",
        )  # fmt: skip
    if spec.family == "aim":
        return aim.products(spec, task, matrices, vectors)
    if task.dtype == "int8":
        return _int8_products(task, matrices, vectors)
    lanes = product_lanes(spec, task, matrices.astype(np.float16), vectors.astype(np.float16))
    add_up = tree_sums if task.kernel == "gemv-tree" else lane_sums
    return add_up(lanes)


def lane_sums(lanes: F32) -> Values:
    """What the host does with ... x 1 x 16 lane sums: one after the other, in fp16."""
    flat = lanes.reshape(-1, LANES)
    out = np.empty(len(flat), np.float32)
    halves.sum_lanes(out, flat)
    return halves.fp16_out(out).reshape(lanes.shape[:-2])


def tree_sums(lanes: F32) -> Values:
    """... x tiles x 16: neighbours in pairs, 16 to 1, then across the tiles."""
    total = lanes
    while total.shape[-1] > 1:
        total = _pairs(total)
    total = total[..., 0]
    while total.shape[-1] > 1:
        total = _pairs(total)
    return halves.fp16_out(total[..., 0])


def _pairs(values: F32) -> F32:
    """Sums of neighbours along the last axis; one without a neighbour stays."""
    even = values.shape[-1] // 2 * 2
    a, b = values[..., 0:even:2], values[..., 1:even:2]
    out = np.empty(a.shape, np.float32)
    halves.add(out.reshape(-1), a.reshape(-1), b.reshape(-1))
    return np.concatenate([out, values[..., even:]], axis=-1)


def _int8_products(task: Task, matrices: Values, vectors: Values) -> Values:
    """32-bit accumulators: exact, whatever the order; refused where they could overflow."""
    inner = matrices.shape[-1]
    if inner > INT8_INNER_MAX:
        raise ShapeImpossible(
            what="in", value=inner, reason="32-bit accumulators could overflow",
            nearest=INT8_INNER_MAX,
        )  # fmt: skip
    found: Values = vectors.astype(np.int32) @ matrices.astype(np.int32).transpose(0, 2, 1)
    return found


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


def _check_places(spec: Spec, task: Task, outs: int, ins: int) -> None:
    """Refuse what this profile's addresses would overwrite; its timing is still defined."""
    if ins % 2 and outs > 1:
        raise ShapeImpossible(
            what="in", value=task.inner, reason="an odd number of tiles misplaces weights",
            nearest=(ins + 1) * 128,
        )  # fmt: skip
    if spec.profile == "pimsimulator" and task.batch > 1 and outs > 1:
        raise ShapeImpossible(
            what="batch", value=task.batch, reason="result columns collide in this profile",
            nearest="1, or the profile jedec",
        )  # fmt: skip


def product_lanes(
    spec: Spec, task: Task, matrices: npt.NDArray[np.float16], vectors: npt.NDArray[np.float16]
) -> F32:
    """heads x batch x out x sums x 16 lane sums, as the units leave them in the banks.

    One sum for each output; in the tree variant one for each input tile.
    """
    made = plans.plan(spec, task)
    outs, ins = made.tiles.outs, made.tiles.ins
    _check_places(spec, task, outs, ins)
    heads, out, inner = matrices.shape
    batch, channels = vectors.shape[1], spec.integer("channels")
    tall = outs // heads * channels * 64
    padded = np.zeros((heads, tall, ins * 128), np.float32)
    padded[:, :out, :inner] = matrices
    x = np.zeros((heads, batch, ins * 128), np.float32)
    x[:, :, :inner] = vectors
    unit = Unit(channels)
    load_matrix(unit, padded.reshape(heads * tall, -1), outs, ins)
    execute(made.stream, assemble(made.program), x.reshape(-1, LANES), unit)
    sums = ins if task.kernel == "gemv-tree" else 1
    found = _results(unit, outs, ins, batch * sums)
    shaped = found.reshape(heads, outs // heads, batch, sums, channels * 64, LANES)
    tidy = shaped.transpose(0, 2, 1, 4, 3, 5).reshape(heads, batch, tall, sums, LANES)
    return np.ascontiguousarray(tidy[:, :, :out])


def _results(unit: Unit, outs: int, ins: int, slots: int) -> F32:
    """The result columns, eight for each output tile and slot: outs x slots x 512 x 16."""
    first = lower.TILE_BURSTS * (outs * ins // 2)
    found = []
    for at in range(first, first + 8 * outs * slots, 8):
        burst = unit.row(1, at // lower.COLUMNS)[at % lower.COLUMNS :][:8]
        found.append(burst.transpose(1, 2, 0, 3).reshape(-1, LANES))
    return np.stack(found)


def gemv_lanes(
    spec: Spec, task: Task, matrix: npt.NDArray[np.float16], vector: npt.NDArray[np.float16]
) -> F32:
    """The 16 lane sums of every output row of one matrix."""
    found = product_lanes(spec, task, matrix[None], vector[None, None])
    return np.ascontiguousarray(found[0, 0, :, 0])


def elements(
    spec: Spec, task: Task, operands: tuple[Values, ...], scalars: tuple[float, float] = (0, 0)
) -> Values:
    """`scalars`: factor and addend of scale and affine, rounded to fp16 on the way in."""
    if spec.family == "aim":
        return aim.elements(spec, task, operands)
    if spec.family == "dpu":
        return dpu.elements(task, operands)
    if spec.family == "attacc":
        attacc_plan.check_kernel(spec, task)
    if task.dtype == "int8":
        raise KernelUnsupported(
            device=spec.name, kernel=f"{task.kernel} in int8", known="gemv",
            reason="saturation of int8 element-wise results is not published",
        )  # fmt: skip
    return _fp16_elements(spec, task, operands, scalars)


def _fp16_elements(
    spec: Spec, task: Task, operands: tuple[Values, ...], scalars: tuple[float, float]
) -> Values:
    made = plans.plan(spec, task)
    channels, count = spec.integer("channels"), made.tiles.count
    size = plans.tile_shape(spec, "fp16")[2]
    if count * size < task.elements:
        raise ShapeImpossible(
            what="elements", value=task.elements, nearest=-(-task.elements // size) * size,
            reason="this profile drops what lies beyond whole tiles",
        )  # fmt: skip
    unit = Unit(channels)
    for base, values in zip((0, lower.OPERAND_ROW), operands, strict=False):
        flat = np.zeros(count * size, np.float32)
        flat[: values.size] = values.ravel()
        _scatter(unit, flat, base, count)
    bursts = np.repeat([_scalar(one) for one in scalars], 8).astype(np.float32)[None, :]
    execute(made.stream, assemble(made.program), bursts, unit)
    out = _gather(unit, lower.RESULT_ROW, count)[: task.elements]
    return halves.fp16_out(out).reshape(operands[0].shape)


def _scalar(value: float) -> np.float16:
    """What a scalar register holds; a finite number beyond it is refused, not infinite."""
    if np.isfinite(value) and abs(value) >= float(halves.FP16_OVERFLOW):
        raise ShapeImpossible(
            what="scalar", value=str(value), reason="beyond fp16",
            nearest=str(np.copysign(65504.0, value)),
        )  # fmt: skip
    return np.float16(value)


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


__all__ = ["BYTES", "Operand", "dtype_of", "elements", "gemv", "gemv_lanes", "products"]

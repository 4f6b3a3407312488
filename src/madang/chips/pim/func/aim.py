"""Function of an AiM device: its instruction stream executed column by column, in bf16."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.pim.func import halves
from madang.chips.pim.func.halves import F32
from madang.chips.pim.lower import aim as lower
from madang.chips.pim.plans import aim as plans
from madang.chips.pim.spec import Spec
from madang.chips.pim.standards.gddr6_aim import Isr
from madang.chips.pim.stream import Stream
from madang.chips.pim.task import Task

Values = npt.NDArray[np.generic]
LANES = 16


def rounded(values: Values) -> F32:
    """Nearest bf16 values, as float32."""
    return halves.bf16_value(halves.bf16_bits(values.astype(np.float32)))


def products(
    spec: Spec, task: Task, matrices: Values, vectors: Values, *, narrow: bool = False
) -> F32:
    """heads x batch x out. Outputs of a group lie in (channel, bank); columns accumulate in
    stream order, inputs come from the global buffer by the payload that filled it."""
    stream = plans.plan(spec, task)
    heads, out, inner = matrices.shape
    batch = vectors.shape[1]
    per_group = spec.integer("channels") * lower.OUTPUTS_PER_CHANNEL
    groups, width = -(-out // per_group), -(-inner // LANES) * LANES
    w = np.zeros((heads, groups * per_group, width), np.float32)
    w[:, :out, :inner] = rounded(matrices)
    x = np.zeros((batch, heads, width), np.float32)
    x[:, :, :inner] = rounded(vectors).transpose(1, 0, 2)
    blocks = w.reshape(heads * groups, per_group, -1, LANES)
    found = _accumulate(stream, blocks, x.reshape(-1, LANES), width // LANES, narrow=narrow)
    shaped = found.reshape(batch, heads, groups * per_group)[:, :, :out]
    result = np.ascontiguousarray(shaped.transpose(1, 0, 2))
    halves.round_bf16(result.reshape(-1), result.reshape(-1).copy())
    return result


def _accumulate(stream: Stream, blocks: F32, inputs: F32, width: int, *, narrow: bool) -> F32:
    """Accumulators at every RD_MAC, in order. blocks: groups x outputs x bursts x 16."""
    found: list[F32] = []
    tree = np.empty(LANES, np.float32)
    at, acc = 0, np.zeros(blocks.shape[1], np.float32)
    for row in stream:
        if row["op"] == Isr.WR_BIAS:
            acc = np.zeros(blocks.shape[1], np.float32)
        elif row["op"] == Isr.WR_GB:
            at = int(row["payload"])
        elif row["op"] == Isr.MAC_ABK:
            count, first = int(row["count"]), at % width
            group = len(found) % len(blocks)
            block = np.ascontiguousarray(blocks[group, :, first : first + count])
            halves.dot_bf16(acc, inputs[at : at + count], block, int(narrow), tree)
        elif row["op"] == Isr.RD_MAC:
            found.append(acc)
    return np.concatenate(found)


def elements(spec: Spec, task: Task, operands: tuple[Values, ...]) -> F32:
    stream = plans.plan(spec, task)
    if task.kernel == "mul":
        return rounded(rounded(operands[0]) * rounded(operands[1]))
    if task.kernel == "copy":
        return _copied(spec, stream, rounded(operands[0]))
    return _looked_up(spec, stream, rounded(operands[0]))


def _looked_up(spec: Spec, stream: Stream, values: F32) -> F32:
    """Bias to the accumulators, the table's row says which function, read back."""
    per_group = spec.integer("channels") * lower.OUTPUTS_PER_CHANNEL
    bias = np.zeros((-(-values.size // per_group), per_group), np.float32)
    bias.reshape(-1)[: values.size] = values.reshape(-1)
    out, acc = [], bias[0]
    for row in stream:
        if row["op"] == Isr.WR_BIAS:
            acc = bias[row["payload"]]
        elif row["op"] == Isr.AF:
            acc = activation(int(row["row"]) - lower.AF_ROW, acc)
        elif row["op"] == Isr.RD_AF:
            out.append(acc)
    return np.concatenate(out)[: values.size].reshape(values.shape)


def activation(table: int, values: F32) -> F32:
    """The tables as we fill them: the nearest bf16 of the true function of a bf16 value."""
    if table == lower.FUNCTIONS["relu"]:
        return np.where(np.signbit(values), np.float32(0), values)
    with np.errstate(over="ignore"):
        exact = np.exp(values.astype(np.float64))
        return rounded(exact)


def _copied(spec: Spec, stream: Stream, values: F32) -> F32:
    """Rows to the global buffer and back into other rows; bursts lie bank by bank."""
    channels, banks = spec.integer("channels"), spec.integer("banks")
    per_row, apart = spec.integer("columns"), spec.integer("data_rows") // 2
    rows = -(-values.size // (channels * LANES * per_row))
    held = np.zeros((rows, per_row, channels * LANES), np.float32)
    held.reshape(-1)[: values.size] = values.reshape(-1)
    memory: dict[tuple[int, int], F32] = {(k % banks, k // banks): held[k] for k in range(rows)}
    buffer = np.zeros_like(held[0])
    for row in stream[:-1]:
        place, count = (int(row["bank"]), int(row["row"])), int(row["count"])
        if row["op"] == Isr.COPY_BKGB:
            buffer[:count] = memory[place][:count]
        else:
            memory.setdefault(place, np.zeros_like(buffer))[:count] = buffer[:count]
    copied = [memory[k % banks, k // banks + apart] for k in range(rows)]
    return np.concatenate(copied).reshape(-1)[: values.size].reshape(values.shape)

"""Function of UPMEM-like processors: whole numbers wrap, fp32 adds along a row in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.pim.task import Task

Values = npt.NDArray[np.generic]


def products(matrices: Values, vectors: Values) -> Values:
    """heads x batch x out. A tasklet walks along a row: multiply, round, add, round."""
    if matrices.dtype.kind == "i":
        wide = np.int32  # sums of int8 and int32 wrap at 32 bits, as the C program's do
        whole: Values = vectors.astype(wide) @ matrices.astype(wide).transpose(0, 2, 1)
        return whole
    heads, out, inner = matrices.shape
    total = np.zeros((heads, vectors.shape[1], out), np.float32)
    w, x = matrices.astype(np.float32), vectors.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(inner):
            total += x[:, :, k, None] * w[:, None, :, k]
    return total


def elements(task: Task, operands: tuple[Values, ...]) -> Values:
    a, b = operands[0], operands[-1]
    with np.errstate(over="ignore", invalid="ignore"):
        if task.kernel == "copy":
            return a.copy()
        if task.kernel == "relu":  # one test of the sign bit: -0 becomes +0
            return np.where(np.signbit(a), a.dtype.type(0), a)
        work = np.add if task.kernel == "add" else np.multiply
        found: Values = work(a, b).astype(a.dtype)
        return found

"""Cycles and buffer accesses of a systolic array in closed form, for numbers and for arrays.

os keeps outputs, ws weights, is inputs in the array. A fold is one loading of the array:

              os                 ws                 is
    folds     cd(M,R) cd(N,C)    cd(K,R) cd(N,C)    cd(K,R) cd(M,C)
    cycles    K + R + C - 2      2R + C + M - 2     2R + C + N - 2      of one fold

`cd` is the division rounded up. Every function takes int64 arrays as well as numbers, so that
a design space is one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madang.chips.npu.systolic.array import Array, Dataflow
from madang.chips.workloads.layers import Layer, ceil_div

I64 = npt.NDArray[np.int64]


def fold_cycles(dataflow: Dataflow, m: I64, n: I64, k: I64, rows: I64, columns: I64) -> I64:
    """Cycles of whole layers: folds times cycles of one fold. Shapes broadcast."""
    if dataflow == "os":
        folds = -(-m // rows) * -(-n // columns)
        return folds * (k + rows + columns - 2)
    across, streamed = (n, m) if dataflow == "ws" else (m, n)
    folds = -(-k // rows) * -(-across // columns)
    return folds * (2 * rows + columns + streamed - 2)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one layer costs on the array, before the buffers' own behaviour."""

    folds: tuple[int, int]
    fold_cycles: int
    cycles: int
    macs: int
    mapping_efficiency: float
    compute_utilisation: float
    ifmap_reads: int
    filter_reads: int
    ofmap_writes: int
    ofmap_reads: int


def sides(array: Array, m: int, n: int, k: int) -> tuple[int, int, int]:
    """What lies along the rows, along the columns, and in time."""
    if array.dataflow == "os":
        return m, n, k
    return (k, n, m) if array.dataflow == "ws" else (k, m, n)


def folds_of(array: Array, m: int, n: int, k: int) -> tuple[int, int]:
    along, across, _ = sides(array, m, n, k)
    return ceil_div(along, array.rows), ceil_div(across, array.columns)


def cycles_of_fold(array: Array, m: int, n: int, k: int) -> int:
    streamed = sides(array, m, n, k)[2]
    loading = array.rows if array.dataflow != "os" else 0
    return streamed + loading + array.rows + array.columns - 2


def reads_of(array: Array, m: int, n: int, k: int) -> tuple[int, int]:
    """Reads of the IFMAP and the filter buffer."""
    if array.dataflow == "os":
        return m * k * ceil_div(n, array.columns), k * n * ceil_div(m, array.rows)
    if array.dataflow == "ws":
        return m * k * ceil_div(n, array.columns), k * n
    return m * k, k * n * ceil_div(m, array.columns)


def overall(array: Array, macs: int, cycles: int) -> float:
    """Share of all multiplier cycles that multiplied."""
    return macs / (max(1, cycles) * array.rows * array.columns)


def count(array: Array, layer: Layer, *, compat: bool = False) -> Counts:
    """All closed-form numbers of a layer.

    `compat` keeps what SCALE-Sim 3.0.0 reports: the index of the last cycle instead of the
    count, R + C extra writes for each os fold, no partial sums read back, a last window that
    lies partly outside, a longer denominator of the utilisation in ws and is.
    """
    m, n, k = layer.m(ceil=compat), layer.n, layer.k
    along, across, streamed = sides(array, m, n, k)
    down, right = folds_of(array, m, n, k)
    one = cycles_of_fold(array, m, n, k)
    cycles = down * right * one - (1 if compat else 0)
    sums = 1 if array.dataflow == "os" else ceil_div(k, array.rows)
    extra = down * right * (array.rows + array.columns) if array.dataflow == "os" else 0
    efficiency = along * across / (down * right * array.rows * array.columns)
    slow = array.columns - 1 if compat and array.dataflow != "os" else 0
    ifmap, filters = reads_of(array, m, n, k)
    macs = m * n * k
    return Counts(
        (down, right),
        one,
        cycles,
        macs,
        efficiency,
        efficiency * streamed / (one + slow),
        ifmap,
        filters,
        m * n * sums + (extra if compat else 0),
        0 if compat else m * n * (sums - 1),
    )

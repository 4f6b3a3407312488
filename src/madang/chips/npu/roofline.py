"""The roofline of a layer: what no schedule of an array can beat.

cycles = max(MAC / (R C), words / bandwidth) (Williams, Waterman, Patterson, CACM 52(4), 2009),
with every word of inputs, weights and outputs moved once and every multiplier always busy.
"""

from __future__ import annotations

from fractions import Fraction

from madang.chips.npu.systolic.array import Array
from madang.chips.workloads.layers import Layer, ceil_div


def words_moved(layer: Layer) -> int:
    """Inputs that some window touches, weights and outputs, once each."""
    height, width = layer.outputs()
    rows = _touched(height, layer.filter_height, layer.stride)
    columns = _touched(width, layer.filter_width, layer.stride)
    return rows * columns * layer.channels + layer.k * layer.n + layer.m() * layer.n


def _touched(outputs: int, window: int, stride: int) -> int:
    return outputs * window if stride >= window else (outputs - 1) * stride + window


def least_cycles(
    array: Array, layer: Layer, *, macs: int, words_a_cycle: Fraction | None
) -> int:
    """Without a bandwidth the multipliers alone are the roof."""
    computed = ceil_div(macs, array.rows * array.columns)
    if words_a_cycle is None:
        return computed
    return max(computed, -(-Fraction(words_moved(layer)) // words_a_cycle))

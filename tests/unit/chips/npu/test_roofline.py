"""The roofline: no engine beats it, and it is met where a schedule leaves nothing idle."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from madang.chips.npu import Array, Setting, roofline, run_layer
from madang.chips.workloads.layers import Layer, gemm


def touched_by_walking(layer: Layer) -> int:
    """Every input word that some window reads, one after another."""
    high, wide = layer.outputs()
    seen = {
        (y * layer.stride + dy, x * layer.stride + dx)
        for y in range(high)
        for x in range(wide)
        for dy in range(layer.filter_height)
        for dx in range(layer.filter_width)
    }
    return len(seen) * layer.channels


@pytest.mark.parametrize("seed", range(60))
def test_no_schedule_beats_the_roof(seed: int) -> None:
    rng = random.Random(seed)
    flow = ("os", "ws", "is")[seed % 3]
    array = Array(rng.randint(1, 40), rng.randint(1, 40), flow, 1, 1, rng.choice([1, 64]))
    if seed % 2:
        layer = gemm("g", *(rng.randint(1, 90) for _ in range(3)))
    else:
        high, wide = rng.randint(1, 4), rng.randint(1, 4)
        size = (high + rng.randint(0, 9), wide + rng.randint(0, 9))
        layer = Layer("c", *size, high, wide, rng.randint(1, 6), rng.randint(1, 30), 2)
    inputs = roofline.words_moved(layer) - layer.k * layer.n - layer.m() * layer.n
    assert inputs == touched_by_walking(layer)
    for width in (None, Fraction(1, 2), Fraction(3), Fraction(64)):
        row = run_layer(Setting(array, None, width), layer)
        assert row.roofline_cycles <= row.total_cycles
        assert row.roofline_cycles >= -(-row.macs // (array.rows * array.columns))


def test_a_narrow_memory_is_the_roof_of_a_matrix_times_a_vector() -> None:
    row = run_layer(Setting(Array(16, 16, "ws"), None, Fraction(8)), gemm("v", 1, 512, 512))
    assert row.roofline_cycles == (512 * 512 + 512 + 512) // 8

"""Goal: closed form and replay say what a walk over cycles and lanes says.
Method: the plainest Python, one access at a time, on small random layers and arrays.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from madang.chips.npu.systolic import closed, replay
from madang.chips.npu.systolic.array import Array
from madang.chips.workloads.layers import Layer, ceil_div, gemm

Ask = tuple[int, int, int]  # cycle, row of the table, column of the table


def operand_asks(array: Array, m: int, n: int, k: int) -> tuple[list[Ask], list[Ask], int]:
    """(cycle, m, k) of inputs and (cycle, k, n) of weights, in order; cycles of all folds."""
    r, c, flow = array.rows, array.columns, array.dataflow
    ifmap: list[Ask] = []
    weights: list[Ask] = []
    along, across, streamed = closed.sides(array, m, n, k)
    start = 0
    for b in range(ceil_div(across, c)):
        for a in range(ceil_div(along, r)):
            length = streamed + r + c - 2 + (r if flow != "os" else 0)
            for t in range(length):
                for x in range(max(r, c)):
                    j = t - x - (0 if flow == "os" else r)
                    down, right = a * r + x, b * c + x
                    if flow == "os" and 0 <= j < k:
                        if x < r and down < m:
                            ifmap.append((start + t, down, j))
                        if x < c and right < n:
                            weights.append((start + t, j, right))
                    if flow != "os" and t < r and x < c and right < across:
                        still = a * r + r - 1 - t
                        if still < k and flow == "ws":
                            weights.append((start + t, still, right))
                        elif still < k:
                            ifmap.append((start + t, right, still))
                    if flow != "os" and x < r and down < k and 0 <= j < streamed:
                        if flow == "ws":
                            ifmap.append((start + t, j, down))
                        else:
                            weights.append((start + t, down, j))
            start += length
    return ifmap, weights, start


def misses(addresses: Iterator[int], kb: int) -> int:
    size, sets, start, fill, count = kb * 1024 // 100, 0, 0, 0, 0
    seen: dict[int, int] = {}
    for address in addresses:
        if seen.get(address, -1) >= start:
            continue
        seen[address] = sets
        count, fill = count + 1, fill + 1
        if fill == size:
            fill, sets = 0, sets + 1
            start += 50 if sets == start + 50 else 0
    return count


def random_case(seed: int) -> tuple[Array, Layer]:
    rng = random.Random(seed)
    flow = ("os", "ws", "is")[seed % 3]
    kb = [rng.choice([1, 1, 2]) for _ in range(3)]
    array = Array(rng.randint(1, 9), rng.randint(1, 9), flow, *kb)
    if seed % 2:
        return array, gemm("g", rng.randint(1, 40), rng.randint(1, 40), rng.randint(1, 60))
    high, wide = rng.randint(1, 4), rng.randint(1, 4)
    size = (high + rng.randint(0, 9), wide + rng.randint(0, 9))
    return array, Layer(
        "c", *size, high, wide, rng.randint(1, 6), rng.randint(1, 30), rng.randint(1, 3)
    )


@pytest.mark.parametrize("seed", range(36))
def test_closed_form_and_replay_equal_a_walk(seed: int) -> None:
    array, layer = random_case(seed)
    high, wide = layer.outputs()
    m, n, k = high * wide, layer.n, layer.k
    ifmap, weights, cycles = operand_asks(array, m, n, k)
    counts = closed.count(array, layer)
    assert (counts.cycles, counts.ifmap_reads, counts.filter_reads) == (
        cycles,
        len(ifmap),
        len(weights),
    )

    def pixel(row: int, element: int) -> int:
        place, channel = divmod(element, layer.channels)
        y = row // wide * layer.stride + place // layer.filter_width
        x = row % wide * layer.stride + place % layer.filter_width
        return (y * layer.width + x) * layer.channels + channel

    moved = replay.traffic(array, layer)
    assert moved.ifmap_reads == misses((pixel(i, j) for _, i, j in ifmap), array.ifmap_kb)
    assert moved.filter_reads == misses((j * k + i for _, i, j in weights), array.filter_kb)


def test_closed_form_takes_whole_design_spaces() -> None:
    import numpy as np

    rows = np.arange(4, 40, 3)[:, None]
    columns = np.arange(5, 50, 7)[None, :]
    for flow in ("os", "ws", "is"):
        found = closed.fold_cycles(flow, 100, 70, 90, rows, columns)
        for i, r in enumerate(rows[:, 0]):
            for j, c in enumerate(columns[0]):
                one = closed.count(Array(int(r), int(c), flow), gemm("g", 100, 70, 90))
                assert found[i, j] == one.cycles


def test_partial_sums_pass_through_memory_only_where_the_buffer_is_too_small() -> None:
    large, small = Array(8, 8, "ws", 1, 1, 64), Array(8, 8, "ws", 1, 1, 1)
    assert replay.output_traffic(large, 100, 20, 64) == (2000, 0)
    assert replay.output_traffic(small, 100, 20, 64) == (16_000, 14_000)
    assert replay.output_traffic(small, 100, 20, 8) == (2000, 0)
    assert replay.output_traffic(Array(8, 8, "os", 1, 1, 1), 100, 20, 64) == (2000, 0)

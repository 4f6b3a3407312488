"""Tiles of a matrix product: as large as half of each scratchpad, spread over the cores."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from madang.chips.npu.cores.machine import Machine
from madang.chips.workloads.layers import ceil_div

COMPAT = "onnxim-a1e8629"


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a product on one core; sizes as they are, not padded."""

    core: int
    m: int
    n: int
    k: int
    last_k: bool


@dataclass(frozen=True, slots=True)
class Tiling:
    edges: tuple[int, int, int]
    counts: tuple[int, int, int]
    tiles: tuple[Tile, ...]


def _blocks(machine: Machine) -> tuple[int, int]:
    """Blocks of d along an output edge and along K that half of the scratchpads holds."""
    d = machine.edge
    rows = machine.scratchpad_bytes // (d * machine.element_bytes * 2)
    held = rows // 2 // d
    sums = machine.accumulator_bytes // (d * 4 * 2) // d
    out = max(1, isqrt(sums))
    return out, max(1, held // out)


def _spread(
    m: int, n: int, tiles: tuple[int, int], cores: int, *, split_squares: bool
) -> tuple[int, int]:
    """More tiles where there are fewer than cores, and a number that the cores share evenly."""
    down, right = tiles
    wide = n > m or (n == m and split_squares)
    tall = m > n
    if down * right < cores:
        factor = ceil_div(cores, down * right)
        right, down = right * (factor if wide else 1), down * (factor if tall else 1)
    rest = down * right % cores
    if rest:
        right, down = right + (rest if wide else 0), down + (rest if tall else 0)
    return down, right


def _edge(size: int, tiles: int, d: int) -> int:
    padded = ceil_div(size, d) * d
    return max(d, ceil_div(padded, tiles) // d * d)


def tiles_of(machine: Machine, m: int, n: int, k: int, *, compat: bool = False) -> Tiling:
    """`compat` keeps ONNXim's choice: a square product of few tiles stays on one core."""
    d = machine.edge
    out, inner = _blocks(machine)
    first = min(ceil_div(m, d), ceil_div(m, out * d)), min(ceil_div(n, d), ceil_div(n, out * d))
    down, right = _spread(m, n, first, machine.cores, split_squares=not compat)
    deep = min(ceil_div(k, d), ceil_div(k, inner * d))
    edges = (_edge(m, down, d), _edge(n, right, d), _edge(k, deep, d))
    counts = (ceil_div(m, edges[0]), ceil_div(n, edges[1]), ceil_div(k, edges[2]))
    made = []
    for i in range(counts[0]):
        for j in range(counts[1]):
            core = (i * counts[1] + j + 1) % machine.cores
            for h in range(counts[2]):
                made.append(
                    Tile(
                        core,
                        min(edges[0], m - i * edges[0]),
                        min(edges[1], n - j * edges[1]),
                        min(edges[2], k - h * edges[2]),
                        h == counts[2] - 1,
                    )
                )
    return Tiling(edges, counts, tuple(made))


def active_cycles(machine: Machine, tile: Tile) -> int:
    """Cycles of working multipliers: rows * columns * depth / d^2 of every instruction."""
    d = machine.edge
    total = 0
    for rows, row_times in _parts(tile.m, d):
        for columns, column_times in _parts(tile.n, d):
            for depth, depth_times in _parts(tile.k, d):
                once = rows * columns * depth // (d * d)
                total += once * row_times * column_times * depth_times
    return total


def _parts(size: int, d: int) -> list[tuple[int, int]]:
    """Whole blocks and what is left: (size, how many)."""
    whole, rest = divmod(size, d)
    return [part for part in ((d, whole), (rest, 1)) if part[0] and part[1]]

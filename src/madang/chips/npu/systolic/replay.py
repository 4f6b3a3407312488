"""One layer through the address replay: memory traffic, and when it begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from madang.chips.errors import ShapeTooLarge
from madang.chips.npu.systolic import buffers, closed
from madang.chips.npu.systolic.array import KB, Array
from madang.chips.npu.systolic.buffers import HALF, I64
from madang.chips.workloads.layers import Layer, ceil_div

SETS = 100
REPLAYED_MAX = 1 << 29
FIXED_WORDS_A_CYCLE = 10  # of SCALE-Sim's CALC mode, hard-coded there


class Parts(NamedTuple):
    """An operand's address, split by its two indices; and the places of a window's corner."""

    first: I64
    second: I64
    first_place: I64
    second_place: I64


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one layer moves between the buffers and memory."""

    ifmap_reads: int
    filter_reads: int
    ofmap_writes: int
    ofmap_reads: int
    first_read: int
    last_write: int
    stalls: int

    @property
    def cycles_with_prefetch(self) -> int:
        return self.last_write - self.first_read


def ifmap_parts(layer: Layer, *, ceil: bool) -> Parts:
    """Address of output pixel m and window element k: corner of m plus offset of k."""
    high, wide = layer.outputs(ceil=ceil)
    pixel = np.arange(high * wide, dtype=np.int64)
    corner = np.stack([pixel // wide * layer.stride, pixel % wide * layer.stride])
    element = np.arange(layer.k, dtype=np.int64)
    place = element // layer.channels
    offset = np.stack([place // layer.filter_width, place % layer.filter_width])
    of_pixel = (corner[0] * layer.width + corner[1]) * layer.channels
    of_element = (offset[0] * layer.width + offset[1]) * layer.channels
    return Parts(of_pixel, of_element + element % layer.channels, corner, offset)


def filter_parts(layer: Layer) -> tuple[I64, I64]:
    """Address n * K + k, split into filter and element."""
    filters = np.arange(layer.n, dtype=np.int64) * layer.k
    return filters, np.arange(layer.k, dtype=np.int64)


def _has_edge(layer: Layer) -> bool:
    return layer.outputs(ceil=True) != layer.outputs()


def _touched(layer: Layer, *, ceil: bool) -> int:
    """How many words of the input some window reads."""
    if layer.is_gemm:
        return layer.height * layer.width
    high, wide = layer.outputs(ceil=ceil)
    rows = _reached(high, layer.stride, layer.filter_height, layer.height)
    columns = _reached(wide, layer.stride, layer.filter_width, layer.width)
    return rows * columns * layer.channels


def _reached(outputs: int, stride: int, window: int, size: int) -> int:
    at = np.arange(outputs)[:, None] * stride + np.arange(window)
    return len(np.unique(at[at < size]))


def _fetched(words: int, repeats: int, *, once: bool, size: int) -> int | None:
    """Misses where they need no replay: everything fits, or nothing is asked for twice."""
    if words < HALF * size or (once and repeats == 1):
        return words
    return None


def _state(addresses: int) -> tuple[I64, buffers.I32]:
    """An entry for every word of the operand: four bytes each, so there is a most."""
    if addresses > REPLAYED_MAX:
        raise ShapeTooLarge(
            what="the replay of an operand",
            needed=addresses,
            unit="words",
            limit=REPLAYED_MAX,
            nearest="a larger buffer, or a smaller layer",
        )
    return np.zeros(buffers.STATE, np.int64), np.full(addresses, -1, np.int32)


def ifmap_misses(array: Array, layer: Layer, *, compat: bool) -> int:
    ceil = compat
    m, n, k = layer.m(ceil=ceil), layer.n, layer.k
    size = array.ifmap_kb * KB // SETS
    down, right = closed.folds_of(array, m, n, k)
    repeats = 1 if array.dataflow == "is" else right
    known = _fetched(_touched(layer, ceil=ceil), repeats, once=layer.is_gemm, size=size)
    if known is not None:
        return known
    state, seen = _state(layer.height * layer.width * layer.channels)
    parts = ifmap_parts(layer, ceil=ceil)
    edge = ceil and _has_edge(layer)
    limits = np.array([layer.height, layer.width], np.int64)
    if array.dataflow == "is":
        if edge:
            buffers.stationary_edge(
                state,
                seen,
                size,
                parts.first,
                parts.second,
                array.rows,
                array.columns,
                parts.first_place,
                parts.second_place,
                limits,
            )
        else:
            buffers.stationary(
                state, seen, size, parts.first, parts.second, array.rows, array.columns
            )
        return int(state[buffers.MISSES])
    lanes, stream = parts.first, parts.second
    places = (parts.first_place, parts.second_place)
    if array.dataflow == "ws":
        lanes, stream, places = stream, lanes, (places[1], places[0])
    if edge:
        buffers.skewed_edge(
            state, seen, size, lanes, stream, array.rows, right, down, 0, *places, limits
        )
    else:
        buffers.skewed(state, seen, size, lanes, stream, array.rows, right, down, 0)
    return int(state[buffers.MISSES])


def filter_misses(array: Array, layer: Layer, *, compat: bool) -> int:
    m, n, k = layer.m(ceil=compat), layer.n, layer.k
    size = array.filter_kb * KB // SETS
    down, right = closed.folds_of(array, m, n, k)
    repeats = {"os": down, "ws": 1, "is": right}[array.dataflow]
    known = _fetched(k * n, repeats, once=True, size=size)
    if known is not None:
        return known
    state, seen = _state(k * n)
    of_filter, of_element = filter_parts(layer)
    if array.dataflow == "os":
        buffers.skewed(state, seen, size, of_filter, of_element, array.columns, right, down, 1)
    else:
        buffers.skewed(state, seen, size, of_element, of_filter, array.rows, right, down, 0)
    return int(state[buffers.MISSES])


def drained(array: Array, shape: tuple[int, int, int], line: int) -> I64:
    """The state of the write buffer after all outputs of a layer."""
    total = array.ofmap_kb * KB
    write = np.zeros(buffers.WRITE_STATE, np.int64)
    buffers.drain_outputs(
        write,
        np.zeros(total + 2, np.int64),
        line,
        total,
        np.array(shape, np.int64),
        array.rows,
        array.columns,
        int(array.dataflow == "os"),
    )
    return write


def prefetch_start(misses: int, size: int, first_request: int, words_a_cycle: int) -> int:
    """When reading must begin so that nothing waits."""
    if misses >= HALF * size:
        return first_request - ceil_div(HALF * size, words_a_cycle)
    return -ceil_div(ceil_div(misses, size) * size, words_a_cycle)


def first_requests(array: Array, m: int, n: int, k: int) -> tuple[int, int]:
    """The first cycle in which the array asks for an input and for a weight."""
    if array.dataflow == "os":
        return 0, 0
    stationary = array.rows - min(array.rows, k)
    return (array.rows, stationary) if array.dataflow == "ws" else (stationary, array.rows)


def output_traffic(array: Array, m: int, n: int, k: int) -> tuple[int, int]:
    """Writes to memory and partial sums read back, by our own model.

    In ws and is the sums of one column fold live until all row folds have added to them. They
    stay on the chip where half of the output buffer holds them, else they pass through memory.
    """
    passes = 1 if array.dataflow == "os" else ceil_div(k, array.rows)
    across, streamed = (n, m) if array.dataflow == "ws" else (m, n)
    alive = streamed * min(array.columns, across)
    if passes == 1 or alive <= array.ofmap_kb * KB // 2:
        return m * n, 0
    return m * n * passes, m * n * (passes - 1)


def traffic(array: Array, layer: Layer, *, compat: bool = False) -> Traffic:
    m, n, k = layer.m(ceil=compat), layer.n, layer.k
    shape = closed.sides(array, m, n, k)
    ifmap = ifmap_misses(array, layer, compat=compat)
    filters = filter_misses(array, layer, compat=compat)
    write = drained(array, shape, array.columns)
    asks = first_requests(array, m, n, k)
    sizes = (array.ifmap_kb * KB // SETS, array.filter_kb * KB // SETS)
    starts = [
        prefetch_start(misses, size, ask, FIXED_WORDS_A_CYCLE)
        for misses, size, ask in zip((ifmap, filters), sizes, asks, strict=True)
    ]
    writes, sums = int(write[buffers.W_WRITES]), 0
    if not compat:
        writes, sums = output_traffic(array, m, n, k)
    return Traffic(
        ifmap,
        filters,
        writes,
        sums,
        min(starts),
        int(write[buffers.W_LAST]),
        int(write[buffers.W_STALLS]),
    )

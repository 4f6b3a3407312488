"""SCALE-Sim 3.0.0's USER mode, reproduced for comparison: stalls of a fixed prefetch order.

This is a target of compatibility, not a model of anything: waits of the read path count twice,
and the bandwidth of the configuration reaches the output lines only. The default model of a
limited bandwidth is in `bandwidth.py`.

The prefetcher reads an operand in an order of its own, in lines of `bank` words (empty places
included), grouped in sets; the array asks in its own order. A lane whose address is in no set
of the window moves the window on, by `step` sets, until it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madang.chips.jit import inline, kernel
from madang.chips.npu.systolic import buffers, closed
from madang.chips.npu.systolic.array import KB, Array
from madang.chips.npu.systolic.buffers import I64
from madang.chips.npu.systolic.replay import SETS, filter_parts, ifmap_parts
from madang.chips.workloads.layers import Layer, ceil_div

NOTHING = -1
P_START, P_END, P_LAST, P_READS = range(4)
C_SETS, C_WINDOW, C_STEP, C_LINES, C_BANK = range(5)


@inline
def _holds(window: I64, constant: I64, pointer: I64, sets: I64, address: int) -> bool:
    """Whether some set of the window holds the address."""
    start, end = window[P_START], window[P_END]
    for i in range(pointer[address], pointer[address + 1]):
        one = sets[i]
        if start < end:
            if start <= one < end:
                return True
        elif one >= start or one < end:
            return True
    return False


@inline
def _wait(
    window: I64, constant: I64, pointer: I64, sets: I64, address: int, cycle: int, late: int
) -> int:
    """Move the window until it holds the address; `late` grows by what that takes."""
    turns = 0
    while not _holds(window, constant, pointer, sets, address):
        window[P_START] = (window[P_START] + constant[C_STEP]) % constant[C_SETS]
        window[P_END] = (window[P_START] + constant[C_WINDOW]) % constant[C_SETS]
        window[P_READS] += constant[C_BANK] * constant[C_LINES]
        window[P_LAST] += constant[C_LINES] + 1
        wait = window[P_LAST] - (cycle + late)
        late += wait
        if wait > 0:
            late += wait
        turns += 1
        if turns > constant[C_SETS]:
            break
    return late


@kernel
def serve(
    rows_ifmap: I64,
    rows_filter: I64,
    window: I64,
    constant: I64,
    pointer_ifmap: I64,
    sets_ifmap: I64,
    pointer_filter: I64,
    sets_filter: I64,
    outputs: I64,
    write: I64,
    ring: I64,
    line: int,
    total: int,
    first: int,
    stalled: int,
) -> int:
    """Rows of one fold in turn: both operands asked, outputs put, the greatest wait counts."""
    stalls = stalled
    drain = total - (total + 1) // 2
    for t in range(rows_ifmap.shape[0]):
        cycle = first + t + stalls
        late_a, late_b, late_c = 1, 1, 0
        for x in range(rows_ifmap.shape[1]):
            if rows_ifmap[t, x] >= 0:
                late_a = _wait(
                    window[0],
                    constant[0],
                    pointer_ifmap,
                    sets_ifmap,
                    rows_ifmap[t, x],
                    cycle,
                    late_a,
                )
        for x in range(rows_filter.shape[1]):
            if rows_filter[t, x] >= 0:
                late_b = _wait(
                    window[1],
                    constant[1],
                    pointer_filter,
                    sets_filter,
                    rows_filter[t, x],
                    cycle,
                    late_b,
                )
        for _ in range(outputs[t]):
            late_c += buffers._put(write, ring, line, total, drain, cycle + late_c)
        stalls += max(late_a - 1, late_b - 1, late_c)
    return stalls


@dataclass(frozen=True, slots=True)
class Demand:
    """What the array asks for in one fold: an address for each cycle and lane, or nothing."""

    ifmap: I64
    filters: I64
    outputs: I64


def _address_ifmap(layer: Layer, *, ceil: bool) -> I64:
    """Addresses as an M x K table; what lies outside asks nothing."""
    parts = ifmap_parts(layer, ceil=ceil)
    table = parts.first[:, None] + parts.second[None, :]
    row = parts.first_place[0][:, None] + parts.second_place[0][None, :]
    column = parts.first_place[1][:, None] + parts.second_place[1][None, :]
    outside = (row >= layer.height) | (column >= layer.width)
    return np.where(outside, NOTHING, table)


def _address_filter(layer: Layer) -> I64:
    """Addresses as a K x N table."""
    of_filter, of_element = filter_parts(layer)
    return of_element[:, None] + of_filter[None, :]


def _blocks(table: I64, width: int) -> I64:
    """Blocks of `width` columns, the last one filled up with nothing, stacked."""
    high, wide = table.shape
    folds = ceil_div(wide, width)
    padded = np.full((high, folds * width), NOTHING, np.int64)
    padded[:, :wide] = table
    return padded.reshape(high, folds, width).transpose(1, 0, 2).reshape(folds * high, width)


def _antidiagonals(stack: I64) -> I64:
    """Entries by i + j, the largest i first: each goes straight to its place."""
    high, wide = stack.shape
    diagonal = np.arange(high + wide - 1)
    last = np.minimum(diagonal, high - 1)
    lengths = last - np.maximum(0, diagonal - wide + 1) + 1
    begins = np.cumsum(lengths) - lengths
    i = np.arange(high)[:, None]
    on = i + np.arange(wide)[None, :]
    found = np.empty(stack.size, np.int64)
    found[(begins[on] + last[on] - i).ravel()] = stack.ravel()
    return found


def prefetch_order(array: Array, ifmap: I64, filters: I64) -> tuple[I64, I64]:
    rows, columns = array.rows, array.columns
    if array.dataflow == "os":
        return (
            _antidiagonals(_blocks(ifmap.T, rows)),
            _antidiagonals(_blocks(filters, columns)),
        )
    if array.dataflow == "ws":
        return _antidiagonals(_blocks(ifmap, rows)), _blocks(filters, columns).ravel()
    return _blocks(ifmap.T, columns).ravel(), _antidiagonals(_blocks(filters.T, rows))


def _skew(block: I64, cycles: int, offset: int, width: int) -> I64:
    """A stream of `block` (time x lanes), each lane one cycle after the one before."""
    found = np.full((cycles, width), NOTHING, np.int64)
    length, lanes = block.shape
    t, x = np.indices((length, lanes))
    found[t + x + offset, x] = block
    return found


def _still(block: I64, cycles: int, rows: int, width: int) -> I64:
    """Loading cycles of what stays: the last row first."""
    found = np.full((cycles, width), NOTHING, np.int64)
    high, wide = block.shape
    found[rows - high : rows, :wide] = block[::-1]
    return found


def demand(array: Array, ifmap: I64, filters: I64, b: int, a: int) -> Demand:
    """One fold: `b` counts along the columns, `a` along the rows."""
    rows, columns = array.rows, array.columns
    m, k = ifmap.shape
    n = filters.shape[1]
    length = closed.cycles_of_fold(array, m, n, k)
    along, across, streamed = closed.sides(array, m, n, k)
    down = slice(a * rows, min(along, (a + 1) * rows))
    right = slice(b * columns, min(across, (b + 1) * columns))
    if array.dataflow == "os":
        asked = _skew(ifmap[down].T, length, 0, rows)
        weights = _skew(filters[:, right], length, 0, columns)
    elif array.dataflow == "ws":
        asked = _skew(ifmap[:, down], length, rows, rows)
        weights = _still(filters[down, right], length, rows, columns)
    else:
        asked = _still(ifmap[right, down].T, length, rows, columns)
        weights = _skew(filters[down].T, length, rows, rows)
    outputs = np.zeros(length, np.int64)
    is_os = array.dataflow == "os"
    lead, steps = (streamed - 1, rows) if is_os else (2 * rows - 1, streamed)
    begin = (a + 1) * rows - down.stop if is_os else 0
    for c in range(right.stop - right.start):
        outputs[lead + begin + c : lead + steps + c] += 1
    return Demand(asked, weights, outputs)


@dataclass(frozen=True, slots=True)
class Sets:
    """Where each address lies in the prefetch order, and how the window moves."""

    pointer: I64
    members: I64
    constant: I64
    first_lines: int


def sets_of(order: I64, words: int, bank: int, addresses: int) -> Sets:
    size = ceil_div(words, SETS)
    lines = ceil_div(len(order), bank)
    full = order[order >= 0]
    count = len(full) // size + 1
    window = min(ceil_div(ceil_div(words, 2), size), count)
    step = min(ceil_div(words - ceil_div(words, 2), size), count - window)
    number = np.arange(len(full), dtype=np.int64) // size
    both = np.sort(full * count + number)  # np.unique would hash, at several times the cost
    both = both[np.concatenate([np.ones(1, bool), both[1:] != both[:-1]])[: len(both)]]
    pointer = np.searchsorted(both // count, np.arange(addresses + 1)).astype(np.int64)
    one_step = ceil_div(words - ceil_div(words, 2), bank)
    constant = np.array([count, window, step, one_step, bank], np.int64)
    return Sets(pointer, both % count, constant, min(ceil_div(ceil_div(words, 2), bank), lines))


@dataclass(frozen=True, slots=True)
class Stalled:
    cycles: int
    stalls: int
    ifmap_reads: int
    filter_reads: int
    ofmap_writes: int
    first_read: int
    last_write: int

    @property
    def cycles_with_prefetch(self) -> int:
        return self.last_write - self.first_read


def stalled(array: Array, layer: Layer, *, bandwidth: int, bank: int = 10) -> Stalled:
    """USER mode of one layer: `bank` words a read line, `bandwidth` words an output line."""
    ifmap, filters = _address_ifmap(layer, ceil=True), _address_filter(layer)
    orders = prefetch_order(array, ifmap, filters)
    sizes = (layer.height * layer.width * layer.channels, layer.k * layer.n)
    words = (array.ifmap_kb * KB, array.filter_kb * KB)
    held = [sets_of(o, w, bank, s) for o, w, s in zip(orders, words, sizes, strict=True)]
    m, n, k = ifmap.shape[0], layer.n, layer.k
    down, right = closed.folds_of(array, m, n, k)
    window = np.zeros((2, 4), np.int64)
    for row, one in zip(window, held, strict=True):
        row[P_END] = one.constant[C_WINDOW] % one.constant[C_SETS]
        row[P_READS] = bank * one.first_lines
    window[:, P_LAST] = -1
    total = array.ofmap_kb * KB
    write, ring = np.zeros(buffers.WRITE_STATE, np.int64), np.zeros(total + 2, np.int64)
    write[buffers.W_FREE] = total
    constants = np.stack([one.constant for one in held])
    length, stalls = closed.cycles_of_fold(array, m, n, k), 0
    for b in range(right):
        for a in range(down):
            asked = demand(array, ifmap, filters, b, a)
            first = (b * down + a) * length
            stalls = serve(
                asked.ifmap,
                asked.filters,
                window,
                constants,
                held[0].pointer,
                held[0].members,
                held[1].pointer,
                held[1].members,
                asked.outputs,
                write,
                ring,
                bandwidth,
                total,
                first,
                stalls,
            )
    cycles = down * right * length - 1 + int(stalls)
    finish(write, ring, bandwidth, total, cycles)
    return Stalled(
        cycles,
        int(stalls),
        int(window[0, P_READS]),
        int(window[1, P_READS]),
        int(write[buffers.W_WRITES]),
        -max(one.first_lines for one in held),
        int(write[buffers.W_LAST]),
    )


@kernel
def finish(write: I64, ring: I64, line: int, total: int, cycle: int) -> None:
    buffers._rest(write, ring, line, total - (total + 1) // 2, cycle)

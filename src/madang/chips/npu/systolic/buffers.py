"""Replay of every address through the buffers: what memory has to bring, and what goes back.

An operand's buffer is a FIFO of sets of `size` words; 50 sets are readable, and the window
slides by 50 when all of them have been filled. An address hits if the set that fetched it is
still in the window. Outputs go through a buffer of lines that drains by halves.

Arrays are flat int64. An address is the sum of what its lane and its place in the stream say:
a convolution's (row * W + column) * C + channel splits that way, and so does a GEMM's m*K + k.
Kernels are plain functions; the undecorated ones are the reference.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
HALF = 50  # sets that are readable at once, half of 100
CURRENT, FILL, START, MISSES = 0, 1, 2, 3
STATE = 4


@inline
def _touch(state: I64, seen: I32, address: int, size: int) -> None:
    """One access: a hit if the address was fetched by a set that is still in the window."""
    if seen[address] >= state[START]:
        return
    seen[address] = state[CURRENT]
    state[MISSES] += 1
    state[FILL] += 1
    if state[FILL] == size:
        state[FILL] = 0
        state[CURRENT] += 1
        if state[CURRENT] == state[START] + HALF:
            state[START] += HALF


@kernel
def skewed(
    state: I64,
    seen: I32,
    size: int,
    lanes: I64,
    stream: I64,
    width: int,
    outer: int,
    inner: int,
    lanes_outside: int,
) -> None:
    """Lanes that take their stream one cycle after each other, for all folds.

    `lanes`, `stream`: parts of addresses. A fold has `width` lanes; the fold's lanes follow
    the outer loop if `lanes_outside`, else the inner one; the other loop repeats them.
    """
    length = stream.shape[0]
    for b in range(outer):
        for a in range(inner):
            first = (b if lanes_outside else a) * width
            count = min(width, lanes.shape[0] - first)
            for t in range(length + count - 1):
                low = t - length + 1
                low = max(low, 0)
                high = min(t + 1, count)
                for x in range(low, high):
                    _touch(state, seen, lanes[first + x] + stream[t - x], size)


@kernel
def skewed_edge(
    state: I64,
    seen: I32,
    size: int,
    lanes: I64,
    stream: I64,
    width: int,
    outer: int,
    inner: int,
    lanes_outside: int,
    lane_place: I64,
    stream_place: I64,
    height_width: I64,
) -> None:
    """The same where a window may lie partly outside: accesses beyond the edge ask nothing.

    `*_place` have two rows: the row and the column that lane and stream add up to.
    """
    length = stream.shape[0]
    for b in range(outer):
        for a in range(inner):
            first = (b if lanes_outside else a) * width
            count = min(width, lanes.shape[0] - first)
            for t in range(length + count - 1):
                for x in range(max(0, t - length + 1), min(t + 1, count)):
                    row = lane_place[0, first + x] + stream_place[0, t - x]
                    column = lane_place[1, first + x] + stream_place[1, t - x]
                    if row < height_width[0] and column < height_width[1]:
                        _touch(state, seen, lanes[first + x] + stream[t - x], size)


@kernel
def stationary(
    state: I64, seen: I32, size: int, across: I64, down: I64, rows: int, columns: int
) -> None:
    """Loading what stays in the array: bottom row first, all columns of the fold at once."""
    outer = (across.shape[0] + columns - 1) // columns
    inner = (down.shape[0] + rows - 1) // rows
    for b in range(outer):
        last = min(across.shape[0], (b + 1) * columns)
        for a in range(inner):
            for k in range(min(down.shape[0], (a + 1) * rows) - 1, a * rows - 1, -1):
                for x in range(b * columns, last):
                    _touch(state, seen, across[x] + down[k], size)


@kernel
def stationary_edge(
    state: I64,
    seen: I32,
    size: int,
    across: I64,
    down: I64,
    rows: int,
    columns: int,
    across_place: I64,
    down_place: I64,
    height_width: I64,
) -> None:
    """The same where a window may lie partly outside."""
    outer = (across.shape[0] + columns - 1) // columns
    inner = (down.shape[0] + rows - 1) // rows
    for b in range(outer):
        last = min(across.shape[0], (b + 1) * columns)
        for a in range(inner):
            for k in range(min(down.shape[0], (a + 1) * rows) - 1, a * rows - 1, -1):
                for x in range(b * columns, last):
                    row = across_place[0, x] + down_place[0, k]
                    column = across_place[1, x] + down_place[1, k]
                    if row < height_width[0] and column < height_width[1]:
                        _touch(state, seen, across[x] + down[k], size)


# --- outputs -------------------------------------------------------------------------------

W_FREE, W_DRAIN_END, W_WRITES, W_LINES, W_HEAD, W_FILLED, W_STALLS, W_LAST = range(8)
WRITE_STATE = 8


@inline
def _close(write: I64, ring: I64, line: int) -> None:
    """Put the line that is being filled into the queue, with its empty slots."""
    tail = (write[W_HEAD] + write[W_LINES]) % ring.shape[0]
    ring[tail] = line - write[W_FILLED]
    write[W_LINES] += 1
    write[W_FILLED] = 0


@inline
def _take(write: I64, ring: I64, line: int, wanted: int, cycle: int) -> None:
    """Drain up to `wanted` lines from `cycle` on; only the last one's empty slots are known."""
    n = min(wanted, write[W_LINES])
    last = (write[W_HEAD] + n - 1) % ring.shape[0]
    words = n * line - ring[last]
    write[W_HEAD] = (write[W_HEAD] + n) % ring.shape[0]
    write[W_LINES] -= n
    write[W_WRITES] += words
    write[W_FREE] += words
    write[W_DRAIN_END] = cycle + n - 1
    write[W_LAST] = max(write[W_LAST], write[W_DRAIN_END])


@inline
def _put(write: I64, ring: I64, line: int, total: int, drain: int, cycle: int) -> int:
    """One output word at `cycle`; returns how long it had to wait."""
    write[W_FREE] -= 1
    write[W_FILLED] += 1
    if write[W_FILLED] == line:
        _close(write, ring, line)
    if cycle < write[W_DRAIN_END]:
        if write[W_FREE] <= 0:
            return int(write[W_DRAIN_END] - cycle)
    elif write[W_FREE] < total - drain:
        if write[W_FILLED] > 0:
            _close(write, ring, line)
        _take(write, ring, line, (drain + line - 1) // line, cycle)
    return 0


@inline
def _rest(write: I64, ring: I64, line: int, drain: int, cycle: int) -> None:
    """From the last cycle on: drain what is left, chunk after chunk, whatever still drains."""
    if write[W_FILLED] > 0:
        _close(write, ring, line)
    at = cycle
    while write[W_LINES] > 0:
        _take(write, ring, line, (drain + line - 1) // line, at)
        at = write[W_DRAIN_END] + 1


@kernel
def drain_outputs(
    write: I64,
    ring: I64,
    line: int,
    total: int,
    shape: I64,
    rows: int,
    columns: int,
    is_os: int,
) -> None:
    """All outputs of a layer in time, through the write buffer.

    `shape`: what lies along the rows, along the columns, and in time. In os the outputs leave
    by the bottom row first; in ws and is one leaves for each streamed element and column.
    """
    along, across, streamed = shape[0], shape[1], shape[2]
    drain = total - (total + 1) // 2
    write[W_FREE] = total
    lead = streamed - 1 if is_os else 2 * rows - 1
    steps = rows if is_os else streamed
    fold = lead + steps + columns - 1
    start = 0
    for b in range((across + columns - 1) // columns):
        wide = min(columns, across - b * columns)
        for a in range((along + rows - 1) // rows):
            missing = max(0, (a + 1) * rows - along) if is_os else 0
            for t in range(missing, steps + wide - 1):
                for _ in range(max(0, t - steps + 1), min(wide, t - missing + 1)):
                    at = start + lead + t + write[W_STALLS]
                    write[W_STALLS] += _put(write, ring, line, total, drain, at)
            start += fold
    _rest(write, ring, line, drain, start - 1 + write[W_STALLS])

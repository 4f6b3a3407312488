"""Events of a product on several cores: transfers share the memory, products wait for them.

A core brings, for each block of d columns of weights, that block and, with the first one, the
blocks of d rows of inputs; a product of two blocks starts when both are there. A full pipe
takes max(rows, d) cycles a block of K; an empty one 2d - 1 more; results leave 2d - 2 cycles
after the last row went in, and are stored block of columns by block of columns. Two tiles are
in flight for each core: the next one's blocks come while this one computes.

Memory is shared like a fluid: every core with a waiting transfer gets an equal part, no core
more than its ports take.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from madang.chips.errors import ShapeTooLarge
from madang.chips.npu.cores.machine import Machine
from madang.chips.npu.cores.tiler import Tile, Tiling, active_cycles, tiles_of
from madang.chips.workloads.layers import ceil_div

IN_FLIGHT = 2
PRODUCTS_MAX = 1 << 20
DEEP = 16  # blocks of K that any tile holds, for a bound before tiles are made
LEAST_ROWS = 4


@dataclass(slots=True)
class Span:
    """A piece of time on a track, for pictures."""

    track: str
    core: int
    name: str
    start: float
    end: float
    bytes: int = 0


@dataclass(slots=True)
class Transfer:
    tile: int
    name: str
    bytes: float
    column: int = -1
    row: int = -1
    is_store: bool = False
    begun: float = -1.0


@dataclass(slots=True)
class Work:
    """A tile on its way: blocks still to come, products in order."""

    tile: Tile
    number: int
    columns: int
    rows: int
    weights: set[int] = field(default_factory=set)
    inputs: set[int] = field(default_factory=set)
    done: int = 0  # products of (column block, row block) that were started


@dataclass(slots=True)
class Core:
    waiting: deque[tuple[int, Tile]] = field(default_factory=deque)
    works: deque[Work] = field(default_factory=deque)
    queue: deque[Transfer] = field(default_factory=deque)
    free_at: float = 0.0  # when the next product may enter the pipe
    ends_at: float = -1.0  # when the pipe runs empty
    left: float = 0.0  # bytes of the first transfer that are still to come
    stores: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CoreRun:
    machine: Machine
    tiling: Tiling
    total_cycles: int
    active_cycles: tuple[int, ...]
    bytes_read: int
    bytes_written: int
    spans: tuple[Span, ...]


@dataclass(slots=True)
class State:
    machine: Machine
    cores: list[Core]
    spans: list[Span] = field(default_factory=list)
    events: list[tuple[float, int, int, Transfer]] = field(default_factory=list)
    number: int = 0
    now: float = 0.0
    end: float = 0.0
    read: float = 0.0
    written: float = 0.0


def run(machine: Machine, m: int, n: int, k: int, *, compat: bool = False) -> CoreRun:
    """One product M x K times K x N on the whole machine."""
    d = machine.edge
    blocks = ceil_div(m, d) * ceil_div(n, d) * ceil_div(k, DEEP * d)
    if blocks > PRODUCTS_MAX:
        raise ShapeTooLarge(
            what=f"{m}x{k}x{n}",
            needed=blocks,
            unit="products of blocks",
            limit=PRODUCTS_MAX,
            nearest="a larger --edge, or a part of it",
        )
    tiling = tiles_of(machine, m, n, k, compat=compat)
    state = State(machine, [Core() for _ in range(machine.cores)])
    for number, tile in enumerate(tiling.tiles):
        state.cores[tile.core].waiting.append((number, tile))
    for index in range(machine.cores):
        _admit(state, index)
    _loop(state)
    active = [0] * machine.cores
    for tile in tiling.tiles:
        active[tile.core] += active_cycles(machine, tile)
    return CoreRun(
        machine,
        tiling,
        round(state.end),
        tuple(active),
        round(state.read),
        round(state.written),
        tuple(state.spans),
    )


def _admit(state: State, index: int) -> None:
    """Start the transfers of the next tiles, as many as may be in flight."""
    core, d = state.cores[index], state.machine.edge
    while core.waiting and len(core.works) < IN_FLIGHT:
        number, tile = core.waiting.popleft()
        work = Work(tile, number, ceil_div(tile.n, d), ceil_div(tile.m, d))
        core.works.append(work)
        width = state.machine.element_bytes
        for column in range(work.columns):
            wide = min(d, tile.n - column * d)
            _queue(
                state,
                index,
                Transfer(number, "weights", wide * tile.k * width, column),
            )
            if column:
                continue
            for row in range(work.rows):
                tall = min(d, tile.m - row * d)
                size = tall * tile.k * width
                _queue(state, index, Transfer(number, "inputs", size, row=row))


def _queue(state: State, index: int, transfer: Transfer) -> None:
    core = state.cores[index]
    core.queue.append(transfer)
    if len(core.queue) == 1:
        core.left = transfer.bytes
        transfer.begun = state.now


def _rate(state: State) -> float:
    """Bytes a cycle of each core that has something to transfer."""
    busy = sum(1 for core in state.cores if core.queue)
    return min(state.machine.port_rate, state.machine.memory_rate / max(1, busy))


def _loop(state: State) -> None:
    """From event to event: a transfer is through, or a store becomes due."""
    while True:
        rate = _rate(state)
        busy = [i for i, core in enumerate(state.cores) if core.queue]
        first = min((state.cores[i].left / rate for i in busy), default=None)
        due = state.events[0][0] - state.now if state.events else None
        if first is None and due is None:
            return
        if first is None or (due is not None and due <= first):
            assert due is not None
            _advance(state, busy, rate, due)
            _, _, index, store = heapq.heappop(state.events)
            _queue(state, index, store)
        else:
            _advance(state, busy, rate, first)
            for i in busy:
                if state.cores[i].left <= 1e-6:
                    _through(state, i)


def _advance(state: State, busy: list[int], rate: float, cycles: float) -> None:
    state.now += cycles
    for i in busy:
        state.cores[i].left -= rate * cycles


def _through(state: State, index: int) -> None:
    """The first transfer of a core is through: account for it, then see what can start."""
    core = state.cores[index]
    one = core.queue.popleft()
    if core.queue:
        core.left = core.queue[0].bytes
        core.queue[0].begun = state.now
    at = state.now + state.machine.latency
    track = "store" if one.is_store else "load"
    state.spans.append(Span(track, index, one.name, one.begun, state.now, round(one.bytes)))
    if one.is_store:
        state.written += one.bytes
        state.end = max(state.end, at)
        _stored(state, index, one)
        return
    state.read += one.bytes
    work = next(work for work in core.works if work.number == one.tile)
    (work.weights if one.column >= 0 else work.inputs).add(max(one.column, one.row))
    _compute(state, index, at)


def _compute(state: State, index: int, at: float) -> None:
    """Start every product, in order, whose blocks are there."""
    core, d = state.cores[index], state.machine.edge
    for work in core.works:
        while work.done < work.columns * work.rows:
            column, row = divmod(work.done, work.rows)
            if column not in work.weights or row not in work.inputs:
                return
            _product(state, index, work, column, row, at)
            work.done += 1
            if row == work.rows - 1:
                _store(state, index, work, column, d)


def _product(state: State, index: int, work: Work, column: int, row: int, at: float) -> None:
    """All blocks of K of one output block, back to back."""
    core, d = state.cores[index], state.machine.edge
    rows = min(d, work.tile.m - row * d)
    blocks = ceil_div(work.tile.k, d)
    start = max(at, core.free_at)
    if start >= core.ends_at:
        start += 2 * d - 1
    core.free_at = start + blocks * max(rows, d, LEAST_ROWS)
    last = core.free_at - max(rows, d, LEAST_ROWS)
    core.ends_at = last + 2 * d - 2 + max(rows, LEAST_ROWS)
    name = f"tile {work.number} product {column},{row}"
    state.spans.append(Span("compute", index, name, start, core.free_at))
    state.end = max(state.end, core.ends_at)


def _store(state: State, index: int, work: Work, column: int, d: int) -> None:
    """A block of output columns leaves when its sums are complete."""
    core = state.cores[index]
    size = 0.0
    if work.tile.last_k:
        wide = min(d, work.tile.n - column * d)
        size = float(wide * work.tile.m * state.machine.element_bytes)
    state.number += 1
    one = Transfer(work.number, "outputs", size, column, is_store=True)
    heapq.heappush(state.events, (core.ends_at, state.number, index, one))


def _stored(state: State, index: int, one: Transfer) -> None:
    """The last block of a tile is away: its buffers are free for the next tile."""
    core = state.cores[index]
    work = next(work for work in core.works if work.number == one.tile)
    if one.column == work.columns - 1:
        core.works.remove(work)
        _admit(state, index)

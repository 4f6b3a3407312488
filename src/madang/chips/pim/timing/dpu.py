"""Pipeline of a DPU: tasklets that share one dispatch a cycle and one DMA engine.

A tasklet dispatches at most one instruction in `depth` cycles (11: the revolver), the DPU one a
cycle: with `a` tasklets at work each dispatches every max(depth, a) cycles. A transfer between
MRAM and WRAM takes its tasklet out of the pipeline until it is done; the engine does one at a
time, first come first served. Between two events rates are constant, so the engine goes from
event to event; `tests` step the same rules cycle by cycle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
READ, COMPUTE, WRITE, DONE = range(4)
W_READ, W_INSTRUCTIONS, W_WRITE = range(3)
# registers: transfer under way, its end, head and length of the queue of tasklets
D_TASKLET, D_HEAD, D_LENGTH = range(3)
FOREVER = 1e300


@inline
def _ask(k: int, queue: I64, reg: I64) -> None:
    queue[(reg[D_HEAD] + reg[D_LENGTH]) % len(queue)] = k
    reg[D_LENGTH] += 1


@inline
def _enter(k: int, step: int, work: F64, at: I64, last: I64, phase: I64, left: F64,
           queue: I64, reg: I64) -> None:  # fmt: skip
    """Tasklet k goes on with `step` of its block, or what follows where there is none."""
    while step < DONE:
        need = work[at[k], step]
        if need > 0:
            phase[k], left[k] = step, need
            if step != COMPUTE:
                _ask(k, queue, reg)
            return
        step += 1
        if step == DONE:
            at[k] += 1
            step = READ if at[k] < last[k] else DONE
    phase[k] = DONE


@inline
def _at_work(phase: I64, left: F64) -> tuple[int, float]:
    """Tasklets in the pipeline, and the fewest instructions that any of them has left."""
    active, least = 0, FOREVER
    for k in range(len(phase)):
        if phase[k] == COMPUTE:
            active += 1
            least = min(least, left[k])
    return active, least


@inline
def _dispatched(count: float, phase: I64, left: F64) -> None:
    for k in range(len(phase)):
        if phase[k] == COMPUTE:
            left[k] -= count


@kernel
def dpu_cycles(
    work: F64, at: I64, last: I64, depth: int, phase: I64, left: F64, queue: I64, reg: I64,
    start: float,
) -> tuple[float, float, float]:  # fmt: skip
    """(cycles, cycles in which the pipeline had work, cycles of the DMA engine).

    `work` b x 3: cycles of the read, instructions, cycles of the write of each block; tasklet
    k does blocks at[k] to last[k] - 1. `phase`, `left`, `queue` one each a tasklet, `reg` 3:
    state, zeroed. `start`: the first cycle, 0.
    """
    now, end, busy, moving = start, FOREVER, start, start
    reg[D_TASKLET] = -1
    for k in range(len(at)):
        step = READ if at[k] < last[k] else DONE
        _enter(k, step, work, at, last, phase, left, queue, reg)
    while True:
        if reg[D_TASKLET] < 0 and reg[D_LENGTH] > 0:
            k = queue[reg[D_HEAD]]
            reg[D_HEAD] = (reg[D_HEAD] + 1) % len(queue)
            reg[D_LENGTH] -= 1
            reg[D_TASKLET], end = k, now + left[k]
            moving += left[k]
        active, least = _at_work(phase, left)
        each = max(depth, active)
        ready = now + least * each if active else FOREVER
        if min(ready, end) >= FOREVER:
            return now, busy, moving
        until = min(ready, end)
        if active:
            busy += until - now
        _dispatched((until - now) / each, phase, left)
        now = until
        if now >= end:
            k, end = reg[D_TASKLET], FOREVER
            reg[D_TASKLET] = -1
            following = phase[k] + 1
            if following == DONE:
                at[k] += 1
                following = READ if at[k] < last[k] else DONE
            _enter(k, following, work, at, last, phase, left, queue, reg)
        for k in range(len(at)):
            if phase[k] == COMPUTE and left[k] <= 1e-6:
                _enter(k, WRITE, work, at, last, phase, left, queue, reg)

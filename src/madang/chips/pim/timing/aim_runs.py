"""In-order engine of AiM streams without conventional accesses: one step per instruction.

Columns of one instruction differ by a constant gap once the first has issued, so a run of
`count` columns is (first cycle, gap). The host's lists never change that: a column that was
refused arrives at the latest one tick after the one before it has gone. A refresh that falls
due while an instruction is at the head waits for its last column. Exact, not a model;
`aim_ticks` runs the same rules tick by tick and tests compare the two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

ACT, PRE, PREA, ACT16 = 0, 1, 2, 3
WRA16, TMOD, REF, COMMANDS = 16, 17, 18, 19
EWADD, SYNC, EOC, HOST = 13, 14, 15, 16
NOTHING, ONE_BANK, ALL_BANKS = 0, 1, 2
BANKS, CLOSED = 16, -1
LONG_AGO = -(1 << 40)
# columns of the instruction table
T_COMMAND, T_SHAPE, T_MODE, T_BLOCKING, T_CONVENTIONAL, T_LATENCY = range(6)
# per-channel registers
G_MODE, G_LAST, G_SENT, G_DUE, G_CURSOR, G_RUNS, G_ISSUED, G_REFRESH = range(8)


@inline
def needed(isr: int, bank: int, row: int, table: I64, rows: I64) -> int:
    """The next command that this instruction needs: itself or what must come before."""
    own, shape = table[isr, T_COMMAND], table[isr, T_SHAPE]
    if shape == NOTHING:
        return own
    if shape == ONE_BANK:
        if rows[bank] == row:
            return own
        return ACT if rows[bank] == CLOSED else PRE
    closed = False
    for b in range(BANKS):
        if rows[b] == CLOSED:
            closed = True
        elif rows[b] != row:
            return PREA
    return ACT16 if closed else own


@inline
def ready_at(c: int, bank: int, near: I64, last: I64) -> int:
    """Earliest cycle of a command: the latest of (last issue + distance) in its scopes.

    `near` 3 x 19 x 19: distance [scope, second, first]; `last` 21 x 19: rows 0 channel,
    1-4 groups, 5-20 banks. An absent pair has a distance so negative that it never counts.
    """
    t = 0
    for f in range(COMMANDS):
        t = max(t, last[0, f] + near[0, c, f])
    if c in (ACT, PRE, 4, 5, 10, 12, 13):
        g, b = 1 + (bank >> 2), 5 + bank
        for f in range(COMMANDS):
            t = max(t, last[g, f] + near[1, c, f], last[b, f] + near[2, c, f])
    return t


@inline
def issued(c: int, t: int, bank: int, row: int, rows: I64, last: I64) -> None:
    """State after command c at t (for a run: the last of it)."""
    last[0, c] = t
    if c in (ACT, PRE, 4, 5, 10, 12, 13):
        last[1 + (bank >> 2), c] = t
        last[5 + bank, c] = t
    if c == ACT:
        rows[bank] = row
    elif c == PRE:
        rows[bank] = CLOSED
    elif c == ACT16:
        for b in range(BANKS):
            rows[b] = row
    elif c in (PREA, WRA16):
        for b in range(BANKS):
            rows[b] = CLOSED


@inline
def _note(k: int, t: int, c: int, bank: int, row: int, gap: int, count: int, log: I64) -> None:
    if k < log.shape[0]:
        log[k, 0], log[k, 1], log[k, 2], log[k, 3] = t, c, bank, row
        log[k, 4], log[k, 5] = gap, count


@inline
def any_open(rows: I64) -> bool:
    for b in range(BANKS):  # noqa: SIM110  Numba knows loops
        if rows[b] != CLOSED:
            return True
    return False


@inline
def _refreshed(
    start: int, refi: int, near: I64, rows: I64, last: I64, reg: I64, log: I64
) -> int:
    """Refreshes that fell due before an instruction came to the head -> its first tick.

    A channel without work refreshes when it falls due; one at work, after the instruction.
    """
    t = reg[G_LAST] + 1
    while reg[G_REFRESH] + refi <= start:
        reg[G_REFRESH] += refi
        t = max(t, reg[G_REFRESH])
        for c in (PREA, REF):
            if c == REF or any_open(rows):
                t = max(t, ready_at(c, 0, near, last))
                k = reg[G_ISSUED]
                reg[G_ISSUED] = k + 1
                issued(c, t, 0, 0, rows, last)
                _note(k, t, c, 0, 0, 1, 1, log)
                t += 1
        start = max(start, t)
    return start


@inline
def _first(
    isr: int, start: int, bank: int, row: int, gap: int, count: int,
    table: I64, near: I64, rows: I64, last: I64, reg: I64, log: I64,
) -> int:  # fmt: skip
    """Issue an instruction with what must precede it; returns its first own cycle."""
    t = start
    while True:
        c = needed(isr, bank, row, table, rows)
        t = max(t, ready_at(c, bank, near, last))
        k = reg[G_ISSUED]
        reg[G_ISSUED] = k + 1
        if table[isr, T_MODE] != reg[G_MODE]:
            reg[G_MODE] = 1 - reg[G_MODE]
            issued(TMOD, t, bank, row, rows, last)
            _note(k, t, TMOD, bank, row, 1, 1, log)
        elif c == table[isr, T_COMMAND]:
            issued(c, t + (count - 1) * gap, bank, row, rows, last)
            _note(k, t, c, bank, row, gap, count, log)
            return t
        else:
            issued(c, t, bank, row, rows, last)
            _note(k, t, c, bank, row, 1, 1, log)
        t += 1


@inline
def _left_at(s: int, reg: I64, runs: I64) -> int:
    """Tick at which request number s (from 1) of this channel left its list."""
    while runs[reg[G_CURSOR], 0] + runs[reg[G_CURSOR], 3] <= s:
        reg[G_CURSOR] += 1
    k = reg[G_CURSOR]
    return runs[k, 1] + (s - runs[k, 0]) * runs[k, 2]


@inline
def _record(t: int, gap: int, count: int, reg: I64, runs: I64) -> None:
    k = reg[G_RUNS]
    runs[k, 0], runs[k, 1], runs[k, 2], runs[k, 3] = reg[G_SENT] + 1, t, gap, count
    reg[G_RUNS] = k + 1
    reg[G_SENT] += count
    reg[G_LAST] = t + (count - 1) * gap


@inline
def _one(
    isr: int, bank: int, row: int, count: int, decode: int, capacity: int, refi: int,
    table: I64, near: I64, rows: I64, last: I64, reg: I64, runs: I64, log: I64,
) -> int:  # fmt: skip
    """One instruction on one channel -> the tick in which the host may decode on."""
    start = max(decode, reg[G_LAST] + 1)
    if refi > 0:
        start = _refreshed(start, refi, near, rows, last, reg, log)
    if isr in (SYNC, EOC):
        _record(start, 1, 1, reg, runs)
        return max(start + 1, reg[G_DUE] + 1) + 1
    c = table[isr, T_COMMAND]
    gap = max(1, near[0, c, c])
    if table[isr, T_SHAPE] == ONE_BANK:
        gap = max(gap, near[1, c, c], near[2, c, c])
    t = _first(isr, start, bank, row, gap, count, table, near, rows, last, reg, log)
    _record(t, gap, count, reg, runs)
    if table[isr, T_BLOCKING]:
        return reg[G_LAST] + table[isr, T_LATENCY] + 1
    reg[G_DUE] = max(reg[G_DUE], reg[G_LAST] + table[isr, T_LATENCY])
    past = reg[G_SENT] - capacity
    if past > 0:
        left = _left_at(past, reg, runs)
        if left >= decode:
            return left + 2
    return decode + 1


@kernel
def aim_runs(
    isrs: I64, banks: I64, rowsof: I64, counts: I64, masks: I64, capacity: int, refi: int,
    table: I64, near: I64, rows: I64, last: I64, reg: I64, runs: I64, log: I64, start: int,
) -> int:  # fmt: skip
    """Cycles of a stream that ends with EOC.

    `isrs` to `counts`: one entry per instruction; `masks`: bit g set when channel group g
    takes part. `rows` G x 16 open rows, `last` G x 21 x 19, `reg` G x 10, `runs` G x (n+1) x 4
    are state of the G groups; `log` m x 6 (cycle, command, bank, row, gap, count) of group 0.
    `refi`: ticks between refreshes, 0 for none; `start`: the first tick, 1.
    """
    decode = start
    groups = rows.shape[0]
    for j in range(len(isrs)):
        isr = isrs[j]
        following = decode + 1
        if isr not in (EWADD, HOST):
            for g in range(groups):
                if masks[j] >> g & 1:
                    t = _one(isr, banks[j], rowsof[j], counts[j], decode, capacity, refi, table,
                             near, rows[g], last[g], reg[g], runs[g],
                             log if g == 0 else log[:0])  # fmt: skip
                    following = max(following, t)
        if isr == EOC:
            return following - 1
        decode = following
    return -1

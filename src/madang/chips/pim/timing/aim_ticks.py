"""AiM host and controllers tick by tick: streams that mix in conventional accesses.

A tick: the host takes the next line, resends what was refused, decodes at most one
instruction; then every channel controller answers, picks and issues at most one command.
State per channel group: lists of (instruction index, arrival) and counters in `reg`.
"""

from __future__ import annotations

from madang.chips.jit import inline, kernel
from madang.chips.pim.timing.aim_runs import (
    EOC,
    EWADD,
    HOST,
    I64,
    PRE,
    PREA,
    REF,
    SYNC,
    T_BLOCKING,
    T_COMMAND,
    T_CONVENTIONAL,
    T_LATENCY,
    T_MODE,
    TMOD,
    any_open,
    issued,
    needed,
    ready_at,
)

ACT, RD = 0, 4
# lists
AIM, READS, WRITES, ACTIVE, ANSWERS = range(5)
# registers of a channel
(C_MODE, C_WRITING, C_DUE, C_LEFT, C_ISR, C_HEAD, C_TAIL, C_ISSUED, C_REFRESH, C_SEEN) = range(
    10
)
# registers of the host
(H_OUTSTANDING, H_LINE, H_QUIET, H_SEEN) = range(4)
WRITES_MANY, WRITES_FEW = 25, 7


@inline
def _append(kind: int, j: int, when: int, lists: I64, sizes: I64) -> None:
    lists[kind, sizes[kind], 0], lists[kind, sizes[kind], 1] = j, when
    sizes[kind] += 1


@inline
def _remove(kind: int, k: int, lists: I64, sizes: I64) -> None:
    for i in range(k, sizes[kind] - 1):
        lists[kind, i, 0], lists[kind, i, 1] = lists[kind, i + 1, 0], lists[kind, i + 1, 1]
    sizes[kind] -= 1


@inline
def _answer(j: int, due: int, answers: I64, reg: I64) -> None:
    answers[reg[C_TAIL], 0], answers[reg[C_TAIL], 1] = j, due
    reg[C_TAIL] += 1


@inline
def _accepts(
    j: int, isr: int, c: int, capacity: int, table: I64,
    lists: I64, sizes: I64, answers: I64, reg: I64,
) -> bool:  # fmt: skip
    """Offer one request to a controller whose clock still shows c - 1."""
    if not table[isr, T_CONVENTIONAL]:
        if sizes[READS] > 0 or sizes[WRITES] > 0 or sizes[AIM] >= capacity:
            return False
        _append(AIM, j, c, lists, sizes)
        return True
    if sizes[AIM] > 0:
        return False
    reading = table[isr, T_COMMAND] == RD
    if reading and sizes[WRITES] > 0:
        _answer(j, c, answers, reg)  # one clock later than the clock shown
        return True
    kind = READS if reading else WRITES
    if sizes[kind] >= capacity:
        return False
    _append(kind, j, c, lists, sizes)
    return True


@inline
def _next_of(j: int, isrs: I64, banks: I64, rowsof: I64, table: I64, rows: I64) -> int:
    return needed(isrs[j], banks[j], rowsof[j], table, rows)


@inline
def _best(
    kind: int, c: int, isrs: I64, banks: I64, rowsof: I64, table: I64, near: I64,
    rows: I64, last: I64, lists: I64, sizes: I64,
) -> int:  # fmt: skip
    """Index of the oldest ready request of a list, or -1."""
    found, age = -1, 0
    for k in range(sizes[kind]):
        j = lists[kind, k, 0]
        if found >= 0 and lists[kind, k, 1] >= age:
            continue
        cmd = _next_of(j, isrs, banks, rowsof, table, rows)
        if ready_at(cmd, banks[j], near, last) <= c:
            found, age = k, lists[kind, k, 1]
    return found


@inline
def _write_mode(sizes: I64, reg: I64) -> int:
    """The one write-mode test of a tick -> the list to serve."""
    if reg[C_WRITING] == 0:
        if sizes[WRITES] > WRITES_MANY or sizes[READS] == 0:
            reg[C_WRITING] = 1
    elif sizes[WRITES] < WRITES_FEW and sizes[READS] > 0:
        reg[C_WRITING] = 0
    return WRITES if reg[C_WRITING] else READS


@inline
def _answers(c: int, isrs: I64, table: I64, answers: I64, reg: I64, host: I64) -> None:
    """At most one answer a tick, in order; SYNC and EOC wait for what is in flight."""
    if reg[C_HEAD] == reg[C_TAIL] or answers[reg[C_HEAD], 1] > c:
        return
    isr = isrs[answers[reg[C_HEAD], 0]]
    if isr in (SYNC, EOC) and reg[C_DUE] >= c:
        return
    reg[C_HEAD] += 1
    if table[isr, T_BLOCKING]:
        host[H_OUTSTANDING] -= 1


@inline
def _pick(
    c: int, isrs: I64, banks: I64, rowsof: I64, table: I64, near: I64,
    rows: I64, last: I64, lists: I64, sizes: I64, reg: I64,
) -> tuple[int, int]:  # fmt: skip
    """(list, index) of the request to serve in this tick, or (-1, -1)."""
    k = _best(ACTIVE, c, isrs, banks, rowsof, table, near, rows, last, lists, sizes)
    kind = ACTIVE
    if k < 0 and sizes[AIM] > 0:
        kind, j = AIM, lists[AIM, 0, 0]
        if isrs[j] in (SYNC, EOC):
            return AIM, 0
        cmd = _next_of(j, isrs, banks, rowsof, table, rows)
        k = 0 if ready_at(cmd, banks[j], near, last) <= c else -1
    elif k < 0:
        kind = _write_mode(sizes, reg)
        k = _best(kind, c, isrs, banks, rowsof, table, near, rows, last, lists, sizes)
    if k < 0:
        return -1, -1
    j = lists[kind, k, 0]
    if _next_of(j, isrs, banks, rowsof, table, rows) == PRE:
        for i in range(sizes[ACTIVE]):
            if banks[lists[ACTIVE, i, 0]] == banks[j]:
                return -1, -1
    return kind, k


@inline
def _record(c: int, cmd: int, bank: int, row: int, reg: I64, log: I64) -> None:
    n = reg[C_ISSUED]
    reg[C_ISSUED] = n + 1
    if n < log.shape[0]:
        log[n, 0], log[n, 1], log[n, 2], log[n, 3] = c, cmd, bank, row
        log[n, 4], log[n, 5] = 1, 1


@inline
def _refreshing(
    c: int, refi: int, near: I64, rows: I64, last: I64, lists: I64, sizes: I64, reg: I64,
    log: I64,
) -> bool:  # fmt: skip
    """Is this tick a refresh's? What has come to the head before it fell due goes first."""
    if reg[C_REFRESH] + refi > c:
        if sizes[AIM] > 0:
            reg[C_SEEN] = lists[AIM, 0, 0] + 1
        return False
    if sizes[AIM] > 0 and reg[C_SEEN] == lists[AIM, 0, 0] + 1:
        return False
    cmd = PREA if any_open(rows) else REF
    if ready_at(cmd, 0, near, last) <= c:
        issued(cmd, c, 0, 0, rows, last)
        _record(c, cmd, 0, 0, reg, log)
        if cmd == REF:
            reg[C_REFRESH] += refi
    return True


@inline
def _controller(
    c: int, refi: int, isrs: I64, banks: I64, rowsof: I64, table: I64, near: I64, rows: I64,
    last: I64, lists: I64, sizes: I64, answers: I64, reg: I64, host: I64, log: I64,
) -> None:  # fmt: skip
    _answers(c, isrs, table, answers, reg, host)
    if refi > 0 and _refreshing(c, refi, near, rows, last, lists, sizes, reg, log):
        return
    kind, k = _pick(c, isrs, banks, rowsof, table, near, rows, last, lists, sizes, reg)
    if kind < 0:
        return
    j, arrival = lists[kind, k, 0], lists[kind, k, 1]
    isr = isrs[j]
    if isr in (SYNC, EOC):
        _remove(kind, k, lists, sizes)
        _answer(j, c, answers, reg)
        return
    cmd = _next_of(j, isrs, banks, rowsof, table, rows)
    if table[isr, T_MODE] != reg[C_MODE]:
        reg[C_MODE] = 1 - reg[C_MODE]
        cmd = TMOD
    issued(cmd, c, banks[j], rowsof[j], rows, last)
    _record(c, cmd, banks[j], rowsof[j], reg, log)
    if cmd == table[isr, T_COMMAND]:
        _remove(kind, k, lists, sizes)
        due = c + table[isr, T_LATENCY]
        if table[isr, T_BLOCKING] or cmd == RD:
            _answer(j, due, answers, reg)
        else:
            reg[C_DUE] = max(reg[C_DUE], due)
    elif cmd == ACT and table[isr, T_CONVENTIONAL] and kind != ACTIVE:
        _remove(kind, k, lists, sizes)
        _append(ACTIVE, j, arrival, lists, sizes)


@inline
def _resend(
    c: int, isrs: I64, capacity: int, table: I64, lists: I64, sizes: I64, answers: I64, reg: I64
) -> bool:
    """Send what was refused, in order, until one is refused again; was there any?"""
    had = reg[C_LEFT] > 0
    while reg[C_LEFT] > 0:
        j = reg[C_ISR]
        if not _accepts(j, isrs[j], c, capacity, table, lists, sizes, answers, reg):
            break
        reg[C_LEFT] -= 1
    return had


@inline
def _decode(
    c: int, j: int, isrs: I64, counts: I64, masks: I64, capacity: int,
    table: I64, lists: I64, sizes: I64, answers: I64, regs: I64, host: I64,
) -> None:  # fmt: skip
    """Send every column of the instruction at the head to every channel that it names."""
    isr = isrs[j]
    if isr in (EWADD, HOST):
        host[H_LINE] += 1
        return
    refused = False
    for g in range(regs.shape[0]):
        if not masks[j] >> g & 1:
            continue
        if table[isr, T_BLOCKING]:
            host[H_OUTSTANDING] += counts[j]
        for k in range(counts[j]):
            if not _accepts(
                j, isr, c, capacity, table, lists[g], sizes[g], answers[g], regs[g]
            ):
                regs[g, C_ISR], regs[g, C_LEFT] = j, counts[j] - k
                refused = True
                break
    if not refused and not table[isr, T_BLOCKING]:
        host[H_LINE] += 1


@inline
def _stuck(patience: int, regs: I64, sizes: I64, host: I64) -> bool:
    """Has nothing moved for longer than any distance can hold a command back?"""
    moved = host[H_LINE]
    for g in range(regs.shape[0]):
        moved += regs[g, C_ISSUED] + regs[g, C_HEAD] + regs[g, C_TAIL] - regs[g, C_LEFT]
        moved += sizes[g, AIM]
    host[H_QUIET] = host[H_QUIET] + 1 if moved == host[H_SEEN] else 0
    host[H_SEEN] = moved
    return host[H_QUIET] > patience


@kernel
def aim_ticks(
    isrs: I64, banks: I64, rowsof: I64, counts: I64, masks: I64, capacity: int, patience: int,
    refi: int, table: I64, near: I64, rows: I64, last: I64, regs: I64, lists: I64, sizes: I64,
    answers: I64, host: I64, log: I64,
) -> int:  # fmt: skip
    """Cycles of a stream that ends with EOC; arrays as in `aim_runs`.

    `lists` G x 4 x m x 2, `sizes` G x 4, `answers` G x (n+1) x 2, `host` 4: state.
    -1 when nothing has moved for `patience` ticks (an access waits for a row for ever) or when
    two accesses close each other's rows in turn.
    """
    groups = rows.shape[0]
    limit = patience * (2 * counts.sum() + 4 * len(counts) + 4)
    for c in range(1, limit):
        left, rest = False, 0
        for g in range(groups):
            if _resend(c, isrs, capacity, table, lists[g], sizes[g], answers[g], regs[g]):
                left = True
            rest += regs[g, C_LEFT]
        j = host[H_LINE]
        blocked = host[H_OUTSTANDING] > 0
        if not blocked and j < c and j < len(isrs):
            if left:
                if rest == 0:
                    host[H_LINE] += 1
            else:
                _decode(c, j, isrs, counts, masks, capacity, table,
                        lists, sizes, answers, regs, host)  # fmt: skip
        waiting = host[H_OUTSTANDING]
        for g in range(groups):
            _controller(c, refi, isrs, banks, rowsof, table, near, rows[g], last[g],
                        lists[g], sizes[g], answers[g], regs[g], host,
                        log if g == 0 else log[:0])  # fmt: skip
        if waiting > 0 and host[H_OUTSTANDING] == 0:
            if isrs[host[H_LINE]] == EOC:
                return c
            host[H_LINE] += 1
        if _stuck(patience, regs, sizes, host):
            return -1
    return -1

"""Event engine of a bank-pair PIM channel (HBM2-PIM): exact cycles, skipping idle ones.

One cycle holds, in this order: end of busy times, mode changes of the command of the cycle
before, refresh timers, the choice of at most one command, one move into the command queue.
Nothing is evaluated in cycles in which none of these can change anything.

State, all int64: `bank` 16 R x 7 (state, open row, busy until, earliest ACT, PRE, RD, WR),
`group` 4 R x 2 (earliest RD, WR), `ranks` R x 5, `reg` scalars; R ranks have their own
banks, 16 r + b. Time unit: cycles of the device clock.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
Ints = npt.NDArray[np.integer]

NEVER = 1 << 60
BANKS, GROUPS = 16, 4
# columns of `bank`
STATE, ROW, BUSY, ACT, PRE, RD, WR = range(7)
IDLE, ACTIVE, BUSYING = range(3)
# parameters
(P_BL2, P_RL, P_WL, P_CCDS, P_CCDL, P_RCDRD, P_RCDWR, P_RAS, P_RC, P_RP, P_RRDS, P_RRDL,
 P_RTPL, P_WR, P_WTRS, P_WTRL, P_RTRS, P_REFI, P_RFC, P_RANKS, P_QUEUE, P_HOSTQ, P_XAW,
 P_TXAW, P_POSTPONE, P_RULES, P_REAL) = range(27)  # fmt: skip
# rules, each one a quirk that may be on by itself
R_DROP = 1  # a newly due rank overwrites a pending refresh
R_REF_EARLY = 2  # REF does not wait for precharging banks
R_FLAG_ACT = 4  # a flagged head lets activations behind it pass
R_EAGER = 8  # rows without visible demand are closed
R_YIELD = 16  # a refresh that cannot start lets ordinary commands go on
R_LOST = 32  # a fence after exactly a host queue of requests is lost
R_NO_FAW = 64  # no activation window
R_NO_REFRESH = 128
R_FLAG_ROW = 256  # a flagged entry that may not issue yet still keeps its row open
R_REF_SETS = 512  # a refresh overwrites later activation times
COMPAT = R_DROP | R_REF_EARLY | R_FLAG_ACT | R_EAGER | R_YIELD | R_LOST | R_NO_FAW
COMPAT |= R_FLAG_ROW | R_REF_SETS
# registers
(S_PENDING, S_POINTER, S_LAST, S_KIND, S_BANK, S_ROW, S_COL, S_ON, S_NEXT, S_LOG, S_HEAD,
 S_COUNT, S_OPEN, S_BUSY, S_DUE) = range(15)  # fmt: skip
# columns of `ranks`
K_MODE, K_SEEN, K_CLOSED, K_ACTS, K_OWED = range(5)
SB, AB, ABPIM = range(3)
# commands in the log
C_RD, C_WR, C_ACT, C_PRE, C_REF = range(5)
SB_ROW, AB_ROW, CONTROL_ROW, LAST_COLUMN = 0x17FF, 0x1FFF, 0x3FFF, 0x1F
FENCE, DRAIN, ON, LATE = 1, 2, 4, 32
REGISTERS, RANK_STATE, FOUND = 15, 5, 6


@inline
def _log(n: int, kind: int, b: int, row: int, col: int, reg: I64, log: I64) -> None:
    """Remember the command of this cycle, for the mode register and for the caller."""
    reg[S_KIND], reg[S_BANK], reg[S_ROW], reg[S_COL] = kind, b, row, col
    k = reg[S_LOG]
    if k < log.shape[0]:
        log[k, 0], log[k, 1], log[k, 2], log[k, 3], log[k, 4] = n, kind, b, row, col
    reg[S_LOG] = k + 1


@inline
def _mode(reg: I64, ranks: I64) -> None:
    """The command of the previous cycle reaches the device."""
    kind, r, b = reg[S_KIND], reg[S_BANK] >> 4, reg[S_BANK] & 15
    reg[S_KIND] = -1
    if kind == C_REF:
        return
    mode = ranks[r, K_MODE]
    if kind == C_ACT and mode == SB:
        if reg[S_ROW] == SB_ROW and reg[S_COL] == LAST_COLUMN:
            if b in (0, 1, 8, 9):
                ranks[r, K_SEEN] |= 1 << b
            if ranks[r, K_SEEN] == 0x303:
                ranks[r, K_MODE], ranks[r, K_SEEN] = AB, 0
    elif kind == C_WR and mode != SB:
        if reg[S_ROW] == CONTROL_ROW and reg[S_COL] == 0:
            ranks[r, K_MODE] = ABPIM if reg[S_ON] else AB
    elif kind == C_PRE and mode == AB and reg[S_ROW] == AB_ROW and b < 2:
        ranks[r, K_CLOSED] |= 1 << b
        if ranks[r, K_CLOSED] == 3:
            ranks[r, K_MODE], ranks[r, K_CLOSED] = SB, 0


@inline
def _other_rank(n: int, g: int, write: bool, p: I64, group: I64) -> None:
    """Another rank shares the data bus: its data follow after a change of drivers."""
    switch = p[P_BL2] + p[P_RTRS]
    read = n + (p[P_WL] - p[P_RL] + switch if write else switch)
    other = n + (switch if write else p[P_RL] - p[P_WL] + switch)
    group[g, 0] = max(group[g, 0], read)
    group[g, 1] = max(group[g, 1], other)


@inline
def _issue_column(n: int, b: int, write: bool, p: I64, bank: I64, group: I64) -> int:
    """Constraints after a column command; returns the cycle of its last data."""
    same, other = max(p[P_BL2], p[P_CCDL]), max(p[P_BL2], p[P_CCDS])
    mine, theirs = (1, 0) if write else (0, 1)
    if write:
        turn_same = p[P_WL] + p[P_BL2] + p[P_WTRL]
        turn_other = p[P_WL] + p[P_BL2] + p[P_WTRS]
        pre = n + p[P_WL] + p[P_BL2] + p[P_WR]
        end = n + p[P_WL] + p[P_BL2]
    else:
        turn_same = turn_other = p[P_RL] + p[P_BL2] + p[P_RTRS] - p[P_WL]
        pre = n + p[P_BL2] + max(p[P_RTPL], p[P_CCDL]) - p[P_CCDL]
        end = n + 1 + p[P_RL] + p[P_BL2]
    for g in range(GROUPS * p[P_REAL]):
        if g >> 2 != b >> 4:
            _other_rank(n, g, write, p, group)
            continue
        home = g == b >> 2
        group[g, mine] = max(group[g, mine], n + (same if home else other))
        group[g, theirs] = max(group[g, theirs], n + (turn_same if home else turn_other))
    bank[b, PRE] = max(bank[b, PRE], pre)
    return end


@inline
def _issue_act(
    n: int, b: int, row: int, p: I64, bank: I64, reg: I64, ranks: I64, window: I64
) -> None:
    first, r = b & ~15, b >> 4
    for k in range(first, first + BANKS):
        gap = p[P_RRDL] if k >> 2 == b >> 2 else p[P_RRDS]
        if k == b:
            gap = p[P_RC]
        bank[k, ACT] = max(bank[k, ACT], n + gap)
    bank[b, STATE], bank[b, ROW] = ACTIVE, row
    bank[b, PRE] = max(bank[b, PRE], n + p[P_RAS])
    bank[b, RD] = max(bank[b, RD], n + p[P_RCDRD])
    bank[b, WR] = max(bank[b, WR], n + p[P_RCDWR])
    reg[S_OPEN] |= 1 << b
    window[r * p[P_XAW] + ranks[r, K_ACTS] % p[P_XAW]] = n
    ranks[r, K_ACTS] += 1


@inline
def _issue_pre(n: int, b: int, p: I64, bank: I64, reg: I64) -> None:
    reg[S_OPEN] &= ~(1 << b)
    reg[S_BUSY] |= 1 << b
    bank[b, STATE], bank[b, BUSY] = BUSYING, n + p[P_RP]
    bank[b, ACT] = max(bank[b, ACT], n + p[P_RP])


@inline
def _issue_ref(n: int, rank: int, p: I64, bank: I64, reg: I64) -> None:
    first = BANKS * rank
    reg[S_OPEN] &= ~(0xFFFF << first)
    reg[S_BUSY] |= 0xFFFF << first
    for b in range(first, first + BANKS):
        bank[b, STATE], bank[b, BUSY] = BUSYING, n + p[P_RFC]
        later = 0 if p[P_RULES] & R_REF_SETS else bank[b, ACT]
        bank[b, ACT] = max(later, n + p[P_RFC])


@inline
def _timers(n: int, p: I64, reg: I64, ranks: I64, due: I64) -> None:
    if n < reg[S_DUE]:
        return
    for rank in range(p[P_RANKS]):
        while due[rank] <= n:
            due[rank] += p[P_REFI]
            if p[P_RULES] & R_NO_REFRESH:
                continue
            if p[P_RULES] & R_DROP:
                reg[S_PENDING] = 1 << rank
            else:
                reg[S_PENDING] |= 1 << rank
            if rank < p[P_REAL]:
                ranks[rank, K_OWED] += 1
    reg[S_DUE] = NEVER
    for rank in range(p[P_RANKS]):
        reg[S_DUE] = min(reg[S_DUE], due[rank])


@inline
def _refresh_wanted(p: I64, reg: I64, ranks: I64) -> int:
    """The rank whose refresh must be tried in this cycle, or -1."""
    if reg[S_PENDING] == 0:
        return -1
    for rank in range(p[P_RANKS]):
        if reg[S_PENDING] >> rank & 1:
            put_off = rank < p[P_REAL] and ranks[rank, K_OWED] <= p[P_POSTPONE]
            if not (put_off and reg[S_COUNT] > 0):
                return rank
    return -1


@inline
def _refresh(n: int, rank: int, p: I64, bank: I64, reg: I64, ranks: I64, log: I64) -> int:
    """One step of a refresh: 0 when a command went out, else the next cycle to look."""
    soon, active, busy = NEVER, False, False
    if rank < p[P_REAL]:
        for b in range(BANKS * rank, BANKS * rank + BANKS):
            if bank[b, STATE] == ACTIVE:
                active = True
                if bank[b, PRE] <= n:
                    _issue_pre(n, b, p, bank, reg)
                    _log(n, C_PRE, b, bank[b, ROW], 0, reg, log)
                    return 0
                soon = min(soon, bank[b, PRE])
            elif bank[b, STATE] == BUSYING and bank[b, BUSY] > n:
                busy, soon = True, min(soon, bank[b, BUSY])
        if active or (busy and not p[P_RULES] & R_REF_EARLY):
            return soon
        _issue_ref(n, rank, p, bank, reg)
        ranks[rank, K_OWED] = 0 if p[P_RULES] & R_DROP else ranks[rank, K_OWED] - 1
    if rank >= p[P_REAL] or ranks[rank, K_OWED] == 0:
        reg[S_PENDING] &= ~(1 << rank)
    _log(n, C_REF, rank, 0, 0, reg, log)
    return 0


@inline
def _repeats(e: int, head: int, b: Ints, r: Ints, c: Ints, after: I32) -> bool:
    """Does an earlier entry of the queue ask for the same bank, row and column?"""
    k = head
    while k != e:
        if b[k] == b[e] and r[k] == r[e] and c[k] == c[e]:
            return True
        k = after[k]
    return False


@inline
def _act_time(n: int, b: int, p: I64, bank: I64, ranks: I64, window: I64) -> int:
    """Earliest activation of an idle bank; NEVER when its mode refuses it."""
    r = b >> 4
    if ranks[r, K_MODE] != SB and b & 15 > 1:
        return NEVER
    t = max(bank[b, ACT], bank[b, BUSY])
    acts = ranks[r, K_ACTS]
    if not p[P_RULES] & R_NO_FAW and acts >= p[P_XAW]:
        t = max(t, window[r * p[P_XAW] + acts % p[P_XAW]] + p[P_TXAW])
    return t


@inline
def _scan(  # noqa: PLR0912  one pass over the queue is what makes it fast
    n: int, ops: Ints, banks: Ints, rows: Ints, cols: Ints, flags: Ints, after: I32,
    p: I64, bank: I64, group: I64, reg: I64, ranks: I64, window: I64, found: I64,
) -> None:  # fmt: skip
    """One pass over the visible queue: found = (column entry, activation entry, banks whose
    open row is wanted, next cycle to look, did the pass reach the tail, entry before)."""
    head = e = reg[S_HEAD]
    act, before, wanted, soon = -1, -1, 0, NEVER
    columns = wanting = acting = True
    column = -1
    for i in range(reg[S_COUNT]):
        flagged, b = flags[e] & FENCE, banks[e]
        if flagged and i > 0:
            acting = columns = False
            wanting = wanting and (p[P_RULES] & R_FLAG_ROW) != 0
        if bank[b, STATE] == ACTIVE:
            if bank[b, ROW] == rows[e]:
                if wanting:
                    wanted |= 1 << b
                if columns:
                    w = 1 if ops[e] else 0
                    t = max(bank[b, RD + w], group[b >> 2, w])
                    if t > n:
                        soon = min(soon, t)
                    elif not _repeats(e, head, banks, rows, cols, after):
                        column = e
                        break
        elif acting and act < 0:
            t = _act_time(n, b, p, bank, ranks, window)
            if t <= n:
                act = e
            else:
                soon = min(soon, t)
        if flagged:
            wanting = columns = False
            acting = acting and i == 0 and (p[P_RULES] & R_FLAG_ACT) != 0
            if not acting:
                break
        before, e = e, after[e]
    found[0], found[1], found[2], found[3] = column, act, wanted, soon
    found[4], found[5] = 1 if acting else 0, before


@inline
def _conflicts(banks: Ints, rows: Ints, after: I32, bank: I64, reg: I64) -> int:
    """Banks of which any entry of the whole queue wants another row."""
    mask, e = 0, reg[S_HEAD]
    for _ in range(reg[S_COUNT]):
        if rows[e] != bank[banks[e], ROW]:
            mask |= 1 << banks[e]
        e = after[e]
    return mask


@inline
def _close(n: int, wanted: int, allowed: int, p: I64, bank: I64, reg: I64, log: I64) -> int:
    """Precharge the first unwanted row from the pointer on; 0, or the next cycle to look."""
    soon = NEVER
    mask = reg[S_OPEN] & ~wanted & allowed
    if mask == 0:
        return soon
    many = BANKS * p[P_REAL]
    for k in range(many):
        b = reg[S_POINTER] + k
        if b >= many:
            b -= many
        if not mask >> b & 1:
            continue
        if bank[b, PRE] <= n:
            _issue_pre(n, b, p, bank, reg)
            _log(n, C_PRE, b, bank[b, ROW], 0, reg, log)
            reg[S_POINTER] = b
            return 0
        soon = min(soon, bank[b, PRE])
    return soon


@inline
def _ordinary(
    n: int, ops: Ints, banks: Ints, rows: Ints, cols: Ints, flags: Ints, after: I32,
    p: I64, bank: I64, group: I64, reg: I64, ranks: I64, window: I64, found: I64, log: I64,
) -> int:  # fmt: skip
    """Column, activation or precharge, the first that applies; 0, or the next cycle."""
    _scan(n, ops, banks, rows, cols, flags, after, p, bank, group, reg, ranks, window, found)
    e = found[0]
    if e >= 0:
        end = _issue_column(n, banks[e], ops[e] != 0, p, bank, group)
        reg[S_LAST] = max(reg[S_LAST], end)
        if found[5] < 0:
            reg[S_HEAD] = after[e]
        else:
            after[found[5]] = after[e]
        reg[S_COUNT] -= 1
        reg[S_ON] = flags[e] & ON
        _log(n, C_WR if ops[e] else C_RD, banks[e], rows[e], cols[e], reg, log)
        return 0
    e = found[1]
    if e >= 0:
        _issue_act(n, banks[e], rows[e], p, bank, reg, ranks, window)
        _log(n, C_ACT, banks[e], rows[e], cols[e], reg, log)
        return 0
    allowed = -1
    if not p[P_RULES] & R_EAGER:
        allowed = _conflicts(banks, rows, after, bank, reg)
    soon = _close(n, found[2], allowed, p, bank, reg, log)
    return 0 if soon == 0 else min(soon, found[3])


@inline
def _idle_ends(n: int, bank: I64, reg: I64) -> None:
    if reg[S_BUSY] == 0:
        return
    for b in range(len(bank)):
        if reg[S_BUSY] >> b & 1 and bank[b, BUSY] <= n:
            bank[b, STATE] = IDLE
            reg[S_BUSY] &= ~(1 << b)


@inline
def _prepare(first: int, last: int, flags: Ints, after: I32, p: I64, reg: I64) -> None:
    """Hand a part over: link its rows; a fence on the row that fills the host queue is lost."""
    for e in range(first, last):
        after[e] = e + 1
    lost = first + p[P_HOSTQ] - 1
    if p[P_RULES] & R_LOST and lost < last:
        flags[lost] &= ~FENCE
    reg[S_NEXT], reg[S_COUNT], reg[S_HEAD] = first, 0, first


@inline
def _next_cycle(n: int, soon: int, last: int, hold: int, p: I64, reg: I64, found: I64) -> int:
    """The next cycle in which anything can change."""
    if soon == 0:
        return n + 1
    waiting = reg[S_NEXT] < last
    if waiting and reg[S_COUNT] < p[P_QUEUE] and (found[4] or not p[P_RULES] & R_EAGER):
        return n + 1
    if reg[S_COUNT] == 0 and not waiting:
        soon = min(soon, max(reg[S_LAST] + 1, hold))
    stuck = soon >= NEVER
    if stuck and (p[P_RULES] & R_NO_REFRESH or reg[S_OPEN] | reg[S_BUSY] == 0):
        return NEVER  # a refresh would close nothing, so it would change nothing
    return min(soon, reg[S_DUE])


@kernel
def bankpair_cycles(
    ops: Ints,
    banks: Ints,
    rows: Ints,
    cols: Ints,
    flags: Ints,
    p: I64,
    log: I64,
    ends: I64,
    after: I32,
    bank: I64,
    group: I64,
    reg: I64,
    ranks: I64,
    found: I64,
    window: I64,
    due: I64,
    start: int,
) -> tuple[int, int, int]:
    """Cycles of one channel's stream -> (cycles, commands issued, refreshes still owed).

    `ops` to `flags`: n requests; `flags` is a private copy (a lost fence is cleared in it).
    `p`: parameters in cycles in the order of P_*; `log`: m x 5 (cycle, command, bank, row,
    column), may be empty. `ends`, one per part: on entry the cycle before which the part may
    not end (other channels still work on it), on return its end. The rest is state, zeroed;
    `start`: the first cycle, 0. Returns cycles -1 when the stream can
    never finish: what it waits for is refused, or every row is closed before it is of use.
    """
    for rank in range(p[P_RANKS]):
        due[rank] = p[P_REFI] // p[P_RANKS] * (rank + 1)
    reg[S_KIND], reg[S_LAST] = -1, -1
    n, first, part = start, 0, 0
    patience, moved_at, waiting = 8 * p.sum(), start, start
    while first < len(ops):
        last = first + 1
        while last < len(ops) and not flags[last - 1] & DRAIN:
            last += 1
        if part == 0 and flags[0] & LATE:
            last = 0
        _prepare(first, last, flags, after, p, reg)
        while reg[S_COUNT] > 0 or reg[S_NEXT] < last or n <= reg[S_LAST] or n < ends[part]:
            _idle_ends(n, bank, reg)
            if reg[S_KIND] >= 0:
                _mode(reg, ranks)
            _timers(n, p, reg, ranks, due)
            soon, go = NEVER, True
            rank = _refresh_wanted(p, reg, ranks)
            if rank >= 0:
                soon = _refresh(n, rank, p, bank, reg, ranks, log)
                go = bool(soon > 0 and p[P_RULES] & R_YIELD)
            if go:
                t = _ordinary(n, ops, banks, rows, cols, flags, after,
                              p, bank, group, reg, ranks, window, found, log)  # fmt: skip
                soon = min(soon, t)
            soon = _next_cycle(n, soon, last, ends[part], p, reg, found)
            left = len(ops) - reg[S_NEXT] + reg[S_COUNT]
            if left != waiting or reg[S_NEXT] - reg[S_COUNT] == last:
                waiting, moved_at = left, n
            if soon >= NEVER or n - moved_at > patience:
                return -1, reg[S_LOG], 0
            moved = min(soon - n, p[P_QUEUE] - reg[S_COUNT], last - reg[S_NEXT])
            reg[S_NEXT] += moved
            reg[S_COUNT] += moved
            n = soon
        ends[part] = n
        first, part = last, part + 1
    owed = 0
    for rank in range(p[P_REAL]):
        owed += ranks[rank, K_OWED]
    return n, reg[S_LOG], owed

"""Engine of HBM3 bank PIM for attention: two commands a tick, barriers, refresh that waits.

State, int64: `row` and `early` (earliest MACAB, ACTAB, PREA, REFab) per channel; `moved` the
last buffer command by pseudo channel, rank, group; `lists` hold indices into the stream.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
MAC, WRGB, MVSB, MVGB, SFM, BARRIER = range(6)
MACAB, ACTAB, PREA, REFAB, BUFFER = range(5)
COLUMN, ROW, EITHER, NEITHER = 0, 1, 2, 3
(P_BL, P_RCD, P_RP, P_RAS, P_RC, P_RTPL, P_CCDS, P_CCDL, P_CCDAB, P_REFI, P_RFC, P_REF_ACT,
 P_CAPACITY) = range(13)  # fmt: skip
LONG_AGO = -(1 << 40)
# registers of a channel
G_ROW, G_SIZE, G_REFRESH, G_PSEUDO, G_ISSUED = range(5)
PSEUDO_CHANNELS = 2


@inline
def _needs(e: int, s: I32, reg: I64) -> int:
    if s[e, 1] != MAC:
        return BUFFER
    if reg[G_ROW] == s[e, 2]:
        return MACAB
    return ACTAB if reg[G_ROW] < 0 else PREA


@inline
def _kind(command: int) -> int:
    return ROW if command in (ACTAB, PREA, REFAB) else COLUMN


@inline
def _ready(e: int, command: int, c: int, s: I32, p: I64, early: I64, moved: I64) -> bool:
    if command != BUFFER:
        return bool(early[command] <= c)
    if s[e, 1] in (SFM, BARRIER):
        return True
    rank, group = s[e, 3], s[e, 4]
    t = max(moved[0] + p[P_BL], moved[1 + rank] + p[P_CCDS])
    return bool(c >= max(t, moved[3 + 4 * rank + group] + p[P_CCDL]))


@inline
def _issue(
    e: int, command: int, c: int, s: I32, p: I64, reg: I64, early: I64, moved: I64
) -> None:
    if command == MACAB:
        early[MACAB] = max(early[MACAB], c + p[P_CCDAB])
        early[PREA] = max(early[PREA], c + p[P_RTPL])
    elif command == ACTAB:
        reg[G_ROW] = s[e, 2]
        early[MACAB] = max(early[MACAB], c + p[P_RCD])
        early[PREA] = max(early[PREA], c + p[P_RAS])
        early[ACTAB] = max(early[ACTAB], c + p[P_RC])
        early[REFAB] = max(early[REFAB], c + p[P_REF_ACT])
    elif command == PREA:
        reg[G_ROW] = -1
        early[ACTAB] = max(early[ACTAB], c + p[P_RP])
    elif s[e, 1] != BARRIER:
        rank, group = s[e, 3], s[e, 4]
        moved[0] = moved[1 + rank] = moved[3 + 4 * rank + group] = c


@inline
def _remove(k: int, held: I64, reg: I64) -> None:
    for i in range(k, reg[G_SIZE] - 1):
        held[i] = held[i + 1]
    reg[G_SIZE] -= 1


@inline
def _hit(held: I64, s: I32, reg: I64) -> bool:
    hits = 0  # no generator expression: Numba knows loops
    for k in range(reg[G_SIZE]):
        hits += s[held[k], 1] == MAC and s[held[k], 2] == reg[G_ROW]
    return hits > 0


@inline
def _protected(e: int, command: int, held: I64, s: I32, reg: I64) -> bool:
    """A command that hits no row and has the bank address of the multiplications waits while
    one of them hits the open row, buffer moves included."""
    if command == MACAB or s[e, 3] + s[e, 4] + s[e, 5] > 0:
        return False
    return _hit(held, s, reg)


@inline
def _pick(
    c: int, wanted: int, s: I32, p: I64, held: I64, reg: I64, early: I64, moved: I64
) -> int:
    """Place in the list of the command to issue, or -1. A barrier at the head goes for free."""
    if reg[G_SIZE] > 0 and s[held[0], 1] == BARRIER:
        _remove(0, held, reg)
        if reg[G_SIZE] > 0 and s[held[0], 1] == BARRIER:
            return -1 if wanted == ROW else 0
    found, found_ready, past = -1, False, False
    for k in range(reg[G_SIZE]):
        e = held[k]
        if s[e, 1] == BARRIER:
            past = True
            continue
        command = _needs(e, s, reg)
        kind = _kind(command)
        if (past and kind == COLUMN) or wanted not in (EITHER, kind):
            continue
        ready = _ready(e, command, c, s, p, early, moved)
        better = ready and not found_ready
        if found < 0 or (better and not _protected(e, command, held, s, reg)):
            found, found_ready = k, ready
    return found if found_ready else -1


@inline
def _note(c: int, kind: int, row: int, bank: int, reg: I64, log: I64) -> None:
    n = reg[G_ISSUED]
    reg[G_ISSUED] = n + 1
    if n < log.shape[0]:
        log[n, 0], log[n, 1], log[n, 2], log[n, 3] = c, kind, row, bank


@inline
def _serve(
    k: int, c: int, s: I32, p: I64, held: I64, reg: I64, early: I64, moved: I64, counts: I64,
    log: I64,
) -> int:  # fmt: skip
    e = held[k]
    command = _needs(e, s, reg)
    _issue(e, command, c, s, p, reg, early, moved)
    if s[e, 1] != BARRIER:
        kind = command if command != BUFFER else 3 + s[e, 1]
        counts[kind] += 1
        _note(c, kind, s[e, 2], 16 * s[e, 3] + 4 * s[e, 4] + s[e, 5], reg, log)
    if command in (MACAB, BUFFER):
        _remove(k, held, reg)
    return _kind(command)


@inline
def _refresh(c: int, p: I64, reg: I64, early: I64, counts: I64, log: I64) -> None:
    """The oldest refresh request: close, then refresh, one pseudo channel after the other."""
    command = PREA if reg[G_ROW] >= 0 else REFAB
    if early[command] > c:
        return
    counts[command] += 1
    _note(c, command, 0, 0 if command == PREA else reg[G_PSEUDO], reg, log)
    if command == PREA:
        reg[G_ROW] = -1
        early[ACTAB] = max(early[ACTAB], c + p[P_RP])
        return
    if reg[G_PSEUDO] == 0:
        early[ACTAB] = max(early[ACTAB], c + p[P_RFC])
    reg[G_PSEUDO] = 1 - reg[G_PSEUDO]
    reg[G_REFRESH] -= 1


@inline
def _channel(
    c: int, s: I32, p: I64, held: I64, reg: I64, early: I64, moved: I64, counts: I64, log: I64
) -> None:
    """One tick of one controller: a first command, then a second of the other kind."""
    if c % p[P_REFI] == 0:
        reg[G_REFRESH] += PSEUDO_CHANNELS
    kind = NEITHER
    if reg[G_REFRESH] > 0:
        kind = ROW
        _refresh(c, p, reg, early, counts, log)
    else:
        k = _pick(c, EITHER, s, p, held, reg, early, moved)
        if k >= 0:
            kind = _serve(k, c, s, p, held, reg, early, moved, counts, log)
    if kind != NEITHER:
        k = _pick(c, 1 - kind, s, p, held, reg, early, moved)
        if k >= 0:
            _serve(k, c, s, p, held, reg, early, moved, counts, log)


@kernel
def attacc_cycles(
    s: I32, p: I64, held: I64, reg: I64, early: I64, moved: I64, counts: I64, logs: I64,
    start: int,
) -> int:  # fmt: skip
    """Ticks until every list is empty.

    `s`: n x 6 (channel, kind, row, rank, group, bank); `p`: cycles in the order of P_*; `held`
    C x capacity, `reg` C x 5, `early` C x 4, `moved` C x 11 state of C channels;
    `counts` C x 9: MACAB ACTAB PREA REFab WRGB MVSB MVGB SFM; `logs` C x m x 4: cycle, command,
    row, bank or pseudo channel, m may be 0; `start`: 0. Returns -1 when nothing leaves a list
    any more: every row is closed before it is of use.
    """
    at, c = start, start
    quiet, seen = start, start
    while quiet <= 8 * p.sum():
        c += 1
        while at < len(s) and reg[s[at, 0], G_SIZE] < p[P_CAPACITY]:
            channel = s[at, 0]
            held[channel, reg[channel, G_SIZE]] = at
            reg[channel, G_SIZE] += 1
            at += 1
        left = 0
        for channel in range(len(reg)):
            _channel(c, s, p, held[channel], reg[channel], early[channel], moved[channel],
                     counts[channel], logs[channel])  # fmt: skip
            left += reg[channel, G_SIZE]
        if at >= len(s) and left == 0:
            return c
        quiet = quiet + 1 if at - left == seen else 0
        seen = at - left
    return -1

"""Who is next: a line of jobs per grant, and a contest of grants for the next turn."""

from __future__ import annotations

from madang.chips.jit import inline
from madang.compute.planner.sim.chains import IN_LINE, put_between, take_out
from madang.compute.planner.sim.state import (
    AFTER,
    BUDGET,
    CAP,
    CARDS,
    CLOSES_S,
    FLOOR,
    GRANT,
    HOLD,
    IN_USE,
    LIMIT_S,
    LINE,
    LINE_END,
    OWN,
    REFUSED,
    STATE,
    USED,
    WAITERS,
    WAITING,
    WAITS,
    WEIGHT,
    Rules,
    State,
)

OUT = 2


@inline
def charged(s: State, rules: Rules, job: int) -> int:
    """Cards a job holds: its own, or whole nodes when it is larger than one."""
    cards, size = s.job[CARDS, job], rules.node_cards
    if cards <= size:
        return cards
    return (cards + size - 1) // size * size


@inline
def width_of(s: State, job: int) -> int:
    """Cards a job takes of each of its nodes."""
    return min(s.job[CARDS, job], s.class_of.shape[0] - 1)


@inline
def better(s: State, one: int, other: int) -> int:
    """Which of two grants goes first: rank, share, then the job that came first."""
    if s.rank[one] != s.rank[other]:
        return one if s.rank[one] < s.rank[other] else other
    if s.rank[one] == OUT:
        return one
    if s.share[one] != s.share[other]:
        return one if s.share[one] < s.share[other] else other
    return one if s.grant[LINE, one] < s.grant[LINE, other] else other


@inline
def contest(s: State, grant: int) -> None:
    """Play the grant's games again up the tree."""
    at = (s.winner.shape[0] // 2 + grant) >> 1
    while at > 0:
        s.winner[at] = better(s, s.winner[2 * at], s.winner[2 * at + 1])
        at >>= 1


@inline
def enter(s: State, rules: Rules, grant: int) -> None:
    """Put a grant where it belongs now; out of the contest when nobody waits in its line."""
    job = s.grant[LINE, grant]
    if job < 0:
        s.rank[grant] = OUT
    else:
        own = (
            rules.lend and s.grant[OWN, grant] + charged(s, rules, job) <= s.grant[FLOOR, grant]
        )
        s.rank[grant] = 0 if own or not rules.lend else 1
        if rules.fair:
            s.share[grant] = (s.grant[USED, grant] + s.grant[HOLD, grant]) / s.grant[
                WEIGHT, grant
            ]
    contest(s, grant)


@inline
def leave(s: State, grant: int) -> None:
    """Out of the contest until something of this grant ends."""
    s.rank[grant] = OUT
    contest(s, grant)


@inline
def line_up(s: State, job: int) -> None:
    """Into the grant's line in order of submission; jobs put back find their old place."""
    grant = s.job[GRANT, job]
    behind = s.grant[LINE_END, grant]
    ahead = -1
    if behind >= 0 and behind > job:
        behind, ahead = -1, s.grant[LINE, grant]
        while ahead >= 0 and ahead < job:
            behind, ahead = ahead, s.job[AFTER, ahead]
    put_between(s, IN_LINE, job, behind, ahead)
    s.job[STATE, job] = WAITING
    s.width[WAITS, s.class_of[width_of(s, job)]] += 1
    s.tally[WAITERS] += 1


@inline
def leave_line(s: State, job: int) -> None:
    take_out(s, IN_LINE, job)
    s.width[WAITS, s.class_of[width_of(s, job)]] -= 1
    s.tally[WAITERS] -= 1


@inline
def limit_now(s: State, job: int, now: int) -> int:
    """The time limit if it started now: no longer than its grant lasts."""
    return min(s.job[LIMIT_S, job], s.grant[CLOSES_S, s.job[GRANT, job]] - now)


@inline
def fits_quota(s: State, rules: Rules, job: int, now: int, beside: int) -> bool:
    """Cap and budget allow the job, also beside another job of its grant (or -1)."""
    grant = s.job[GRANT, job]
    cards = charged(s, rules, job)
    hold = s.grant[USED, grant] + s.grant[HOLD, grant] + cards * limit_now(s, job, now)
    if beside >= 0:
        hold += charged(s, rules, beside) * limit_now(s, beside, now)
    return (
        s.grant[IN_USE, grant] + cards <= s.grant[CAP, grant] and hold <= s.grant[BUDGET, grant]
    )


@inline
def refuse(s: State, job: int) -> None:
    """A job that its grant can never carry."""
    leave_line(s, job)
    s.job[STATE, job] = REFUSED

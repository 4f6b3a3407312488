"""A chain of a grant's jobs: four rows of the tables say who is before, after, first and last.

Two chains are kept so: the line of jobs that wait, and the borrowers.
"""

from __future__ import annotations

from madang.chips.jit import inline
from madang.compute.planner.sim.state import (
    AFTER,
    BEFORE,
    GRANT,
    LENT_AFTER,
    LENT_BEFORE,
    LENT_FIRST,
    LENT_LAST,
    LINE,
    LINE_END,
    State,
)

IN_LINE = (BEFORE, AFTER, LINE, LINE_END)
ON_LOAN = (LENT_BEFORE, LENT_AFTER, LENT_FIRST, LENT_LAST)


@inline
def put_between(
    s: State, chain: tuple[int, int, int, int], job: int, behind: int, ahead: int
) -> None:
    """Between two of the grant's jobs; -1 is the chain's end on that side."""
    before, after, first, last = chain
    grant = s.job[GRANT, job]
    s.job[before, job], s.job[after, job] = behind, ahead
    if behind >= 0:
        s.job[after, behind] = job
    else:
        s.grant[first, grant] = job
    if ahead >= 0:
        s.job[before, ahead] = job
    else:
        s.grant[last, grant] = job


@inline
def take_out(s: State, chain: tuple[int, int, int, int], job: int) -> None:
    """Its neighbours take hands."""
    before, after, first, last = chain
    grant, behind, ahead = s.job[GRANT, job], s.job[before, job], s.job[after, job]
    if behind >= 0:
        s.job[after, behind] = ahead
    else:
        s.grant[first, grant] = ahead
    if ahead >= 0:
        s.job[before, ahead] = behind
    else:
        s.grant[last, grant] = behind

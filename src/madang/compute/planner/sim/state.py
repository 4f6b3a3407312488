"""Everything the kernel reads and writes: a few tables, with names for their rows.

Few arrays, because Numba passes each one as eight values to every step: with one array per
field the kernel took four times as long to compile. Times are whole seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
NEVER = 1 << 60
NODE_CARDS_MAX = 60  # a mask has one bit for each count

# What a change does. The index names a node, or a grant for CLOSE.
UP = 0
DRAIN = 1  # no new jobs; those that run go on
FAIL = 2  # jobs on it go back to their lines
CLOSE = 3  # a grant ends: its waiting jobs are never served
# The scheduler looks, where the rules say that it looks only when told. The index is not read.
LOOK_IN_ORDER = 4  # at who is next, until somebody waits for room
LOOK_AROUND = 5  # also around that job

FUTURE, WAITING, RUNNING, DONE, EXPIRED, REFUSED = range(6)
ENDED, PUT_BACK, FAILED = range(3)

# Rows of `job`. The first six are given, in order of submission.
(
    SUBMIT_S,
    CARDS,
    RUN_S,
    LIMIT_S,
    GRANT,
    BACK_S,  # how long before its end it gives its cards back
    STATE,
    ATTEMPTS,
    LOST,  # card-seconds of attempts that were put back
    BORROWED,
    LEFT_S,
    FIRST_S,  # first start
    START_S,
    END_S,
    LIMIT_END_S,
    NODE,  # the first node of the present attempt
    AFTER,  # next in the grant's line
    BEFORE,
    LENT_AFTER,  # next of the grant's borrowers that run
    LENT_BEFORE,
) = range(20)
JOB_GIVEN, JOB_ZERO, JOB_ROWS = 6, 10, 20

# Rows of `node`.
(
    ROOM,  # free cards
    OPEN,
    KEPT,  # reserved
    EXTRA,  # cards that the reservation leaves over
    LENT,  # cards of borrowers
    COUNTED,  # bits: counted as whole, as whole and spare, as whole to lend
    SLOTS,  # jobs on it
    GANG,  # the next node of the same job
    KEEP,  # list of reserved nodes
    SHUT,  # for one look: a job on it gives its cards back
    FITS,  # the job that is looked at has room there
    LATER,  # free cards once some of its jobs have ended
) = range(12)
NODE_ROWS = 12

# Rows of `grant`. The first five are given.
(
    CAP,  # cards at once
    BUDGET,  # card-seconds
    WEIGHT,
    CLOSES_S,
    FLOOR,  # cards that are its own whenever it wants them
    USED,  # card-seconds
    HOLD,
    IN_USE,
    OWN,  # cards within the floor
    ASIDE,  # list of grants set aside while looking for jobs to backfill
    LINE,  # first job waiting
    LINE_END,
    LENT_FIRST,
    LENT_LAST,
) = range(14)
GRANT_GIVEN, GRANT_ZERO, GRANT_ROWS = 5, 10, 14

ALL, SPARE, LEND = range(3)  # rows of `mask`: free; not reserved; with borrowers gone
# Rows of `width`, of each width class: cards on a node, nodes to look at again, jobs in lines.
WIDTH, DIRTY, WAITS = range(3)

# Places in `tally`, the array of single numbers.
(
    ENDS,  # entries of the heap of ends
    LOGGED,
    FREE,  # cards free on nodes that are up
    CARDS_UP,
    WHOLE,  # empty nodes that are up
    WHOLE_SPARE,  # of these, not reserved
    WHOLE_LEND,  # nodes that are empty once borrowers leave
    RESERVED,  # how many nodes are reserved
    RESERVED_FOR,
    SHADOW_S,
    STUCK,  # somebody waits for room
    BUSY,  # card-seconds in use
    CAPACITY,  # card-seconds up
    STRANDED,  # card-seconds free while somebody waited for room
    RETURNS,  # attempts that were put back or failed
    EVENTS,
    NOW_S,
    HELD,  # cards given to jobs
    TRIED_FOR,  # the head behind which everybody was tried in vain, or -1
    WAITERS,  # jobs in lines
) = range(20)
TALLY = 20


class Jobs(NamedTuple):
    """In order of submission."""

    submit_s: I64
    cards: I64
    run_s: I64
    limit_s: I64
    grant: I64
    back_s: I64


class Grants(NamedTuple):
    cap: I64
    budget: I64
    weight: I64
    closes_s: I64
    floor: I64


class Changes(NamedTuple):
    """In order of time."""

    time_s: I64
    kind: I64
    target: I64


class Rules(NamedTuple):
    """The numbers of a policy. Every field is a plain int."""

    node_cards: int
    fair: int
    backfill: int
    depth: int
    first_fit: int
    lend: int  # floors and borrowing
    keep_work: int  # a job that was put back goes on where it was
    restart_s: int
    until_s: int
    whole_nodes: int  # a reservation keeps its nodes whole
    told_looks: int  # starts happen only at looks that are told as changes
    window_s: int  # above 0: places and reservations are found as Slurm finds them
    second_s: int  # a second of Slurm's clock, for times that are told finer


class State(NamedTuple):
    """One run."""

    job: I64
    node: I64
    grant: I64
    share: F64  # of each grant: what it used and holds, against its weight
    rank: I64  # of each grant: 0 entitled, 1 other, 2 not in the contest
    winner: I64  # tree of grants
    slot: I64  # jobs on nodes, in order of their limits: node * node_cards + k
    mask: I64  # trees of masks of free cards
    ready: I64  # [width class, tree of earliest times]
    dirty: I64  # [width class, list of nodes to look at again]
    is_dirty: I64
    width: I64
    class_of: I64  # width -> width class
    heap: I64  # time and job of coming ends
    log: I64  # job, start, end, node, why
    change: I64  # time, kind, target
    tally: I64


def power_above(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def new_state(
    jobs: Jobs, grants: Grants, changes: Changes, rules: Rules, nodes: int, attempts_max: int
) -> State:
    """All tables of a run, with every node down and every job in the future."""
    leaves, grant_leaves = power_above(nodes), power_above(len(grants.cap))
    widths = np.unique(np.minimum(jobs.cards, rules.node_cards))
    class_of = np.zeros(rules.node_cards + 1, dtype=np.int64)
    class_of[widths] = np.arange(len(widths))
    tally = np.zeros(TALLY, dtype=np.int64)
    tally[RESERVED_FOR] = tally[TRIED_FOR] = -1
    return State(
        job=_jobs(jobs),
        node=_nodes(nodes, rules.node_cards),
        grant=_grants(grants),
        share=np.zeros(len(grants.cap)),
        rank=np.full(grant_leaves, 2, dtype=np.int64),
        winner=_winners(grant_leaves),
        slot=np.full(nodes * rules.node_cards, -1, dtype=np.int64),
        mask=np.zeros((3, 2 * leaves), dtype=np.int64),
        ready=np.full((len(widths), 2 * leaves), NEVER, dtype=np.int64),
        dirty=np.zeros((len(widths), nodes), dtype=np.int64),
        is_dirty=np.zeros((len(widths), nodes), dtype=np.int64),
        width=np.stack([widths, np.zeros_like(widths), np.zeros_like(widths)]).astype(np.int64),
        class_of=class_of,
        heap=np.zeros((2, attempts_max), dtype=np.int64),
        log=np.zeros((5, attempts_max), dtype=np.int64),
        change=np.stack(changes).astype(np.int64),
        tally=tally,
    )


def _jobs(jobs: Jobs) -> I64:
    table = np.full((JOB_ROWS, len(jobs.cards)), -1, dtype=np.int64)
    table[:JOB_GIVEN] = jobs
    table[JOB_GIVEN:JOB_ZERO] = 0
    table[LEFT_S] = jobs.run_s
    return table


def _nodes(nodes: int, node_cards: int) -> I64:
    table = np.zeros((NODE_ROWS, nodes), dtype=np.int64)
    table[ROOM] = node_cards
    table[GANG] = -1
    return table


def _grants(grants: Grants) -> I64:
    table = np.full((GRANT_ROWS, len(grants.cap)), -1, dtype=np.int64)
    table[:GRANT_GIVEN] = grants
    table[GRANT_GIVEN:GRANT_ZERO] = 0
    return table


def _winners(leaves: int) -> I64:
    """A tree whose leaves are the grants; before the first game the lower one leads."""
    tree = np.zeros(2 * leaves, dtype=np.int64)
    tree[leaves:] = np.arange(leaves)
    for at in range(leaves - 1, 0, -1):
        tree[at] = tree[2 * at]
    return tree

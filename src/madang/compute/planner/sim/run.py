"""A run as values: a site, grants, jobs and rules in, an outcome out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from madang.compute.planner.errors import JobTooLarge
from madang.compute.planner.sim.kernel import run_kernel
from madang.compute.planner.sim.state import (
    ATTEMPTS,
    BUSY,
    CAPACITY,
    END_S,
    EVENTS,
    FIRST_S,
    I64,
    LOGGED,
    LOST,
    NEVER,
    NODE_CARDS_MAX,
    RETURNS,
    STATE,
    STRANDED,
    UP,
    USED,
    Changes,
    Grants,
    Jobs,
    Rules,
    State,
    new_state,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Nodes of one kind and what changes. Nodes start closed: each needs an UP."""

    nodes: int
    node_cards: int
    changes: Changes

    @property
    def cards(self) -> int:
        return self.nodes * self.node_cards


@dataclass(frozen=True, slots=True)
class Outcome:
    """Per job, per attempt, and the totals in card-seconds."""

    state: I64
    first_start_s: I64  # -1: never
    end_s: I64
    attempts: I64
    lost_card_s: I64
    used_card_s: I64  # per grant
    attempt_job: I64
    attempt_start_s: I64
    attempt_end_s: I64
    attempt_node: I64
    attempt_why: I64
    busy_card_s: int
    capacity_card_s: int
    stranded_card_s: int
    returns: int
    events: int


def jobs_of(
    submit_s: I64,
    cards: I64,
    run_s: I64,
    limit_s: I64,
    grant: I64 | None = None,
    back_s: I64 | None = None,
) -> tuple[Jobs, I64]:
    """Jobs in order of submission, and the place each had before."""
    order = np.argsort(submit_s, kind="stable")
    grants = np.zeros(len(order), dtype=np.int64) if grant is None else grant
    back = np.zeros(len(order), dtype=np.int64) if back_s is None else back_s
    columns = (submit_s, cards, np.minimum(run_s, limit_s), limit_s, grants, back)
    return Jobs(*(np.ascontiguousarray(one[order], dtype=np.int64) for one in columns)), order


def grants_of(
    count: int = 1,
    *,
    cap: I64 | None = None,
    budget: I64 | None = None,
    weight: I64 | None = None,
    closes_s: I64 | None = None,
    floor: I64 | None = None,
) -> Grants:
    """Grants without limits but those that are given."""

    def or_all(given: I64 | None, value: int) -> I64:
        return np.full(count, value, dtype=np.int64) if given is None else given

    return Grants(
        or_all(cap, NEVER),
        or_all(budget, NEVER),
        or_all(weight, 1),
        or_all(closes_s, NEVER),
        or_all(floor, 0),
    )


def changes_of(rows: Iterable[tuple[int, int, int]]) -> Changes:
    """Changes in order of time; of one time in the order given."""
    table = np.array(sorted(rows, key=lambda row: row[0]), dtype=np.int64).reshape(-1, 3)
    return Changes(*(np.ascontiguousarray(column) for column in table.T))


def whole_site(
    nodes: int, node_cards: int, changes: Iterable[tuple[int, int, int]] = ()
) -> Site:
    """Nodes that are all up from the beginning, and what changes later."""
    up = [(0, UP, node) for node in range(nodes)]
    return Site(nodes, node_cards, changes_of([*up, *changes]))


def rules_of(
    node_cards: int,
    *,
    fair: bool = False,
    backfill: bool = True,
    depth: int = 100,
    first_fit: bool = False,
    lend: bool = False,
    keep_work: bool = False,
    restart_s: int = 0,
    until_s: int = NEVER,
    whole_nodes: bool = False,
    told_looks: bool = False,
    window_s: int = 0,
    second_s: int = 1,
) -> Rules:
    return Rules(
        node_cards=node_cards,
        fair=int(fair),
        backfill=int(backfill),
        depth=depth,
        first_fit=int(first_fit),
        lend=int(lend),
        keep_work=int(keep_work),
        restart_s=restart_s,
        until_s=until_s,
        whole_nodes=int(whole_nodes),
        told_looks=int(told_looks),
        window_s=window_s,
        second_s=second_s,
    )


def _check(jobs: Jobs, site: Site) -> None:
    assert 1 <= site.node_cards <= NODE_CARDS_MAX
    assert (jobs.cards > 0).all() and (jobs.run_s >= 0).all() and (jobs.limit_s > 0).all()
    most = int(jobs.cards.max(initial=0))
    if most > site.cards:
        raise JobTooLarge(what="a job", cards=most, limit=site.cards)


def simulate(jobs: Jobs, grants: Grants, site: Site, rules: Rules) -> Outcome:
    """Run to the end or to `until_s`. Raises JobTooLarge for what the site cannot hold."""
    _check(jobs, site)
    returns = bool(rules.lend) or len(site.changes.time_s) > site.nodes
    room = len(jobs.cards) * (4 if returns else 1) + (1000 if returns else 1)
    while True:
        state = new_state(jobs, grants, site.changes, rules, site.nodes, room)
        if run_kernel(state, rules) == 0:
            return _outcome(state)
        room *= 2


def _outcome(s: State) -> Outcome:
    logged, tally = int(s.tally[LOGGED]), s.tally
    return Outcome(
        state=s.job[STATE],
        first_start_s=s.job[FIRST_S],
        end_s=s.job[END_S],
        attempts=s.job[ATTEMPTS],
        lost_card_s=s.job[LOST],
        used_card_s=s.grant[USED],
        attempt_job=s.log[0, :logged],
        attempt_start_s=s.log[1, :logged],
        attempt_end_s=s.log[2, :logged],
        attempt_node=s.log[3, :logged],
        attempt_why=s.log[4, :logged],
        busy_card_s=int(tally[BUSY]),
        capacity_card_s=int(tally[CAPACITY]),
        stranded_card_s=int(tally[STRANDED]),
        returns=int(tally[RETURNS]),
        events=int(tally[EVENTS]),
    )

"""The simulator against a slow one, and what must hold whatever the workload."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_simulator import (
    CLOSE,
    DRAIN,
    FAIL,
    LOOK_AROUND,
    LOOK_IN_ORDER,
    UP,
    Grant,
    Job,
    Slow,
)

from madang.compute.planner.errors import JobTooLarge
from madang.compute.planner.sim.run import (
    Site,
    changes_of,
    grants_of,
    jobs_of,
    rules_of,
    simulate,
    whole_site,
)
from madang.compute.planner.sim.state import DONE, EXPIRED, NEVER, REFUSED

EXAMPLES = int(os.environ.get("MADANG_SIMULATOR_EXAMPLES") or 1500)
STATES = {"done": DONE, "expired": EXPIRED, "refused": REFUSED}


@st.composite
def quotas(draw, size, kind):
    """Grants: of every sort, or without limits but with floors, or with tight caps."""
    never = 1 << 60
    free = kind == "lending"
    return Grant(
        cap=never if free else draw(st.sampled_from([never, size, 2 * size, 3])),
        budget=never if free or kind == "capped" else draw(st.sampled_from([never, 40, 200])),
        weight=draw(st.integers(1, 3)),
        closes=never if free else draw(st.sampled_from([never, never, 25, 60])),
        floor=draw(st.integers(0, 2 * size)) if kind != "capped" else 0,
    )


@st.composite
def worlds(draw):
    kind = draw(st.sampled_from(["mixed", "lending", "capped"]))
    size = draw(st.sampled_from([1, 2, 4, 8]))
    nodes = draw(st.integers(1, 5))
    grants = [draw(quotas(size, kind)) for _ in range(draw(st.integers(1, 4)))]
    fewest = 0 if kind == "mixed" else 8
    submits = draw(st.lists(st.integers(0, 30), min_size=fewest, max_size=20))
    jobs = []
    for number, submit in enumerate(sorted(submits)):
        limit = draw(st.integers(1, 25))
        run = draw(st.integers(0, limit)) if kind == "mixed" else draw(st.integers(1, limit))
        cards = draw(st.one_of(st.integers(1, size), st.integers(1, size * nodes)))
        grant = draw(st.integers(0, len(grants) - 1))
        back = draw(st.sampled_from([0, 0, 1, 4]))
        jobs.append(Job(number, submit, cards, run, limit, grant, back))
    changes = [(draw(st.sampled_from([0, 0, 0, 5, 20])), UP, node) for node in range(nodes)]
    for _ in range(draw(st.integers(0, 2)) if kind == "mixed" else 0):
        node, time = draw(st.integers(0, nodes - 1)), draw(st.integers(1, 40))
        changes.append((time, draw(st.sampled_from([DRAIN, FAIL])), node))
        changes.append((time + draw(st.integers(1, 20)), UP, node))
    for number, grant in enumerate(grants):
        if grant.closes < 1 << 60:
            changes.append((grant.closes, CLOSE, number))
    rules = {
        "fair": draw(st.booleans()),
        "backfill": kind == "capped" or draw(st.booleans()),
        "depth": draw(st.sampled_from([1, 3, 100])),
        "first_fit": draw(st.booleans()),
        "lend": kind == "lending" or (kind == "mixed" and draw(st.booleans())),
        "keep_work": draw(st.booleans()),
        "restart_s": draw(st.sampled_from([0, 2])),
        "whole_nodes": draw(st.booleans()),
        "told_looks": draw(st.booleans()),
        "window_s": draw(st.sampled_from([0, 0, 1, 5])),
        "second_s": draw(st.sampled_from([1, 1, 3])),
    }
    if rules["told_looks"]:
        looks = draw(st.lists(st.sampled_from([LOOK_IN_ORDER, LOOK_AROUND]), min_size=1))
        every = draw(st.sampled_from([1, 3, 7]))
        changes += [(every * at, look, 0) for at, look in enumerate(looks)]
    return jobs, grants, nodes, size, changes, rules


def run_fast(jobs, grants, nodes, size, changes, rules):
    def column(rows, name):
        return np.array([getattr(row, name) for row in rows], dtype=np.int64)

    names = ("submit", "cards", "run", "limit", "grant", "back")
    made, _ = jobs_of(*(column(jobs, name) for name in names))
    quotas = grants_of(
        len(grants),
        **{n: column(grants, n) for n in ("cap", "budget", "weight", "floor")},
        closes_s=column(grants, "closes"),
    )
    return simulate(
        made, quotas, Site(nodes, size, changes_of(changes)), rules_of(size, **rules)
    )


def attempts(fast):
    columns = ("job", "start_s", "end_s", "node", "why")
    return list(zip(*(getattr(fast, f"attempt_{n}").tolist() for n in columns), strict=True))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_kernel_and_slow_simulator_agree_attempt_by_attempt(world):
    jobs, grants, nodes, size, changes, rules = world
    if not jobs:
        return
    fast = run_fast(*world)
    slow = Slow(jobs, grants, nodes, size, changes, **rules).run_all()
    assert attempts(fast) == slow.log
    assert fast.first_start_s.tolist() == [job.first for job in jobs]
    assert fast.used_card_s.tolist() == [grant.used for grant in grants]
    assert [fast.state[job.id] for job in jobs if job.state in STATES] == [
        STATES[job.state] for job in jobs if job.state in STATES
    ]
    assert (fast.busy_card_s, fast.capacity_card_s, fast.stranded_card_s) == (
        slow.busy,
        slow.capacity,
        slow.stranded,
    )


def table(*rows, **columns):
    """Jobs (submit, cards, run, limit[, grant]) as arrays, in order of submission."""
    wide = [(*row, 0)[:5] for row in rows]
    return jobs_of(*(np.array(column, dtype=np.int64) for column in zip(*wide, strict=True)))[0]


def test_one_grants_head_never_starts_later_than_reserved():
    rng = np.random.default_rng(7)
    for _ in range(40):
        rows = [
            Job(n, int(t), int(c), int(r), int(r + e), 0)
            for n, (t, c, r, e) in enumerate(
                zip(
                    np.sort(rng.integers(0, 60, 25)),
                    rng.choice([1, 2, 3, 4, 8], 25),
                    rng.integers(1, 20, 25),
                    rng.integers(0, 15, 25),
                    strict=True,
                )
            )
        ]
        changes = [(0, UP, node) for node in range(2)]
        slow = Slow(rows, [Grant()], 2, 4, changes).run_all()
        assert slow.reservations
        for job, reserved, _ in slow.reservations:
            assert rows[job].first <= reserved


def test_the_borrower_that_started_last_gives_way():
    jobs = table((0, 4, 50, 50, 1), (5, 4, 50, 50, 1), (9, 4, 5, 5, 0))
    grants = grants_of(2, floor=np.array([4, 0]))
    found = simulate(jobs, grants, whole_site(1, 8), rules_of(8, lend=True))
    assert attempts(found)[0] == (1, 5, 9, 0, 1)
    assert found.first_start_s.tolist() == [0, 5, 9]


def test_a_floor_takes_back_the_neighbours_that_its_job_was_found():
    """Two nodes are lent next to each other and one is free further away: where places are
    runs of neighbours, the two are taken back and nothing else."""
    never = 1 << 60
    grants = [Grant(never, never, 1, never, floor) for floor in (2, 1, 0)]
    jobs = [Job(0, 0, 1, 9, 9, 0), Job(1, 0, 1, 40, 40, 1), Job(2, 0, 1, 40, 40, 2),
            Job(3, 0, 1, 40, 40, 2), Job(4, 12, 2, 5, 5, 0)]  # fmt: skip
    changes = [(0, UP, node) for node in range(4)]
    rules = {"lend": True, "backfill": False, "window_s": 1}
    found = attempts(run_fast(jobs, grants, 4, 1, changes, rules))
    assert [one for one in found if one[2] == 12] == [(2, 0, 12, 2, 1), (3, 0, 12, 3, 1)]
    assert found == Slow(jobs, grants, 4, 1, changes, **rules).run_all().log


def test_a_lasting_job_takes_only_what_the_reservation_leaves_over():
    jobs = table((0, 4, 10, 10), (1, 6, 10, 10), (2, 2, 99, 99), (2, 2, 99, 99), (2, 2, 8, 8))
    found = simulate(jobs, grants_of(), whole_site(1, 8), rules_of(8))
    assert found.first_start_s.tolist()[:3] == [0, 10, 2]
    assert found.first_start_s[3] >= 20
    assert found.first_start_s[4] == 2


@pytest.mark.parametrize(
    ("look", "second_look", "start", "node"),
    [
        (LOOK_IN_ORDER, LOOK_IN_ORDER, 9, 1),
        (LOOK_AROUND, LOOK_AROUND, 12, 0),
        (LOOK_AROUND, LOOK_IN_ORDER, 12, 0),
    ],
)
def test_a_look_around_leaves_a_job_whose_place_is_being_given_back(
    look, second_look, start, node
):
    """Node 0 has its cards back at 10 of a job that ended at 8; node 1 has room all the time,
    and a look in order takes it."""
    jobs, _ = jobs_of(
        *(np.array(one) for one in ([0, 0, 9], [2, 1, 1], [10, 99, 5], [20, 99, 5])),
        back_s=np.array([2, 0, 0]),
    )
    site = whole_site(2, 2, [(0, LOOK_IN_ORDER, 0), (9, look, 0), (12, second_look, 0)])
    found = simulate(jobs, grants_of(), site, rules_of(2, told_looks=True, window_s=30))
    assert [one[3] for one in attempts(found) if one[0] == 2 and one[1] == start] == [node]


@pytest.mark.parametrize(
    ("last_limit", "limit", "node"),
    [
        (59, 53, 0),  # the group reaches to 60: it begins at 59, and 5 + 53 ends before
        (59, 54, 1),  # ends in the very second in which it begins
        (60, 54, 0),
        (61, 54, 1),  # 61 is in the next group: the reservation begins at 13
        (61, 7, 0),
    ],
)
def test_ends_are_taken_away_to_a_window_beyond_the_border_behind_the_first(
    last_limit, limit, node
):
    """Three nodes of 3 with 2 cards in use each; a head of 3 cards keeps node 0 from the last
    end of the group. A job of 1 card takes node 0 when it ends before, else node 1."""
    rows = [(0, 2, 13, 13), (0, 2, last_limit, last_limit), (0, 2, 200, 200), (1, 3, 1, 1)]
    jobs = table(*rows, (5, 1, 1, limit))
    found = simulate(jobs, grants_of(), whole_site(3, 3), rules_of(3, window_s=30))
    placed = {job: (start, where) for job, start, _, where, _ in attempts(found)}
    assert placed[4] == (5, node)


def test_what_was_tried_in_vain_is_tried_again_once_something_ends():
    """The third does not fit before the head at 2, and does when the first small one ends."""
    jobs = table((0, 6, 20, 20), (0, 2, 5, 9), (1, 8, 5, 5), (2, 2, 9, 9), (3, 1, 1, 1))
    found = simulate(jobs, grants_of(), whole_site(1, 8), rules_of(8))
    assert found.first_start_s.tolist() == [0, 0, 20, 5, 14]


def test_without_backfill_nobody_overtakes():
    jobs = table((0, 6, 10, 10), (1, 4, 10, 10), (2, 1, 1, 1))
    found = simulate(jobs, grants_of(), whole_site(1, 8), rules_of(8, backfill=False))
    assert found.first_start_s.tolist() == [0, 10, 10]


def test_budget_holds_the_time_limit_and_gives_back_the_rest():
    jobs = table((0, 1, 2, 10), (0, 1, 5, 8), (20, 1, 4, 4))
    grants = grants_of(budget=np.array([10]))
    found = simulate(jobs, grants, whole_site(1, 8), rules_of(8))
    assert found.first_start_s.tolist() == [0, 2, -1]
    assert found.state.tolist() == [DONE, DONE, REFUSED]
    assert found.used_card_s.tolist() == [7]


def test_a_grant_that_ends_cuts_what_runs_and_drops_what_waits():
    jobs = table((0, 8, 50, 50), (1, 8, 5, 5), (40, 1, 1, 1))
    grants = grants_of(closes_s=np.array([30]))
    site = whole_site(1, 8, [(30, CLOSE, 0)])
    found = simulate(jobs, grants, site, rules_of(8))
    assert found.end_s.tolist()[0] == 30
    assert found.state.tolist() == [DONE, EXPIRED, EXPIRED]


def test_a_failed_node_puts_its_jobs_back_without_a_charge():
    jobs = table((0, 12, 10, 10), (1, 4, 3, 3))
    site = whole_site(2, 8, [(4, FAIL, 1), (9, UP, 1)])
    found = simulate(jobs, grants_of(), site, rules_of(8))
    assert attempts(found)[0] == (0, 0, 4, 0, 2)
    assert found.used_card_s[0] == 16 * 10 + 4 * 3
    assert found.state.tolist() == [DONE, DONE]


def big_workload(seed: int, count: int = 4000):
    rng = np.random.default_rng(seed)
    run = (rng.lognormal(5, 1.5, count) + 1).astype(np.int64)
    columns = (
        np.sort(rng.integers(0, 40_000, count)),
        rng.choice([1, 2, 4, 8, 16], count, p=[0.6, 0.15, 0.15, 0.08, 0.02]),
        run,
        run * 2,
        rng.integers(0, 12, count),
    )
    return jobs_of(*columns)[0]


@pytest.mark.parametrize("lend", [False, True])
def test_no_node_is_ever_fuller_than_it_is_and_no_job_runs_twice(lend):
    jobs = big_workload(3)
    grants = grants_of(12, floor=np.full(12, 8))
    found = simulate(
        jobs, grants, whole_site(12, 8), rules_of(8, fair=True, lend=lend, keep_work=lend)
    )
    assert (found.state == DONE).all()
    assert found.returns > 0 if lend else found.returns == 0
    ended = found.attempt_why == 0
    assert np.bincount(found.attempt_job[ended], minlength=len(jobs.cards)).max() == 1
    edges = [
        (time, sign * cards, node)
        for job, begin, end, node in zip(
            found.attempt_job,
            found.attempt_start_s,
            found.attempt_end_s,
            found.attempt_node,
            strict=True,
        )
        if (cards := int(jobs.cards[job])) <= 8
        for time, sign in ((int(end), -1), (int(begin), 1))
    ]
    load = dict.fromkeys(range(12), 0)
    for _, cards, node in sorted(edges):
        load[node] += cards
        assert 0 <= load[node] <= 8
    width = np.where(jobs.cards > 8, -(-jobs.cards // 8) * 8, jobs.cards)
    spent = (width[found.attempt_job] * (found.attempt_end_s - found.attempt_start_s)).sum()
    assert found.busy_card_s == spent
    assert found.used_card_s.sum() + found.lost_card_s.sum() == spent


def test_same_input_gives_the_same_run():
    jobs = big_workload(5)
    runs = [
        simulate(jobs, grants_of(12), whole_site(10, 8), rules_of(8, fair=True))
        for _ in range(2)
    ]
    assert attempts(runs[0]) == attempts(runs[1])


def test_a_job_larger_than_the_site_is_refused():
    jobs = table((0, 17, 1, 1))
    with pytest.raises(JobTooLarge, match="17 cards"):
        simulate(jobs, grants_of(), whole_site(2, 8), rules_of(8))


def test_until_stops_the_clock_in_the_middle_of_a_job():
    jobs = table((0, 8, 100, 100))
    found = simulate(jobs, grants_of(), whole_site(1, 8), rules_of(8, until_s=40))
    assert (found.busy_card_s, found.capacity_card_s) == (320, 320)
    assert NEVER > 40 and found.state[0] != DONE


PLAIN = """
import numpy as np
from madang.compute.planner.sim.run import grants_of, rules_of, simulate, whole_site, jobs_of
rng = np.random.default_rng(9)
run = rng.integers(1, 400, 300)
jobs, _ = jobs_of(np.sort(rng.integers(0, 2000, 300)), rng.choice([1, 3, 8, 16], 300),
    run, run * 2, rng.integers(0, 5, 300))
found = simulate(jobs, grants_of(5, floor=np.full(5, 4)), whole_site(4, 8),
    rules_of(8, fair=True, lend=True))
print(found.first_start_s.tolist(), found.attempt_end_s.tolist(), found.returns)
"""


def test_kernel_as_plain_python_gives_the_same_run():
    told = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PLAIN],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout)
    assert told[0] == told[1] and not told[0].endswith(" 0\n")

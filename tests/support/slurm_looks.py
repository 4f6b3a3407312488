"""When Slurm looked at its jobs, by its own log, and the planner's simulator at the same looks.

Slurm's main scheduler looks in order after events, its backfill also around the first job that
waits, every so often. Which job starts at which look is a decision, and that is what the
simulator has to say; when the looks come depends on the machine and how busy it is, and that
is told. Times are milliseconds: a look and an epilog in one second have an order, too.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from madang.compute.planner.sim.run import grants_of, jobs_of, rules_of, simulate, whole_site
from madang.compute.planner.sim.state import LOOK_AROUND, LOOK_IN_ORDER

LINE = re.compile(r"\[(\d{4}-\S+)\] (.*)")
LOOKS = {
    "sched: Running job scheduler": LOOK_IN_ORDER,
    "sched/backfill: _attempt_backfill: beginning": LOOK_AROUND,
}
STARTED = re.compile(r"(?:_start_job: Started|sched: Allocate) JobId=(\d+) ")
DONE = re.compile(r"_job_complete: JobId=(\d+) (?:WEXIT|WTERM|done)")
LEFT = re.compile(r"_slurm_rpc_epilog_complete: JobId=(\d+) ")
WINDOW_MS = 30_000  # Slurm's own, and its borders are whole windows of its clock
QUARTER_MS = 900_000  # time zones are quarters of an hour apart
CARDS = re.compile(r"gres/gpu=(\d+)")


@dataclass(frozen=True)
class Recording:
    """Jobs in order of submission, and the looks. Milliseconds from the last border of windows
    a second or more before the first job was eligible."""

    eligible: list[int]
    cards: list[int]
    ran: list[int]  # from the look that started it until the last node had its cards back
    limit: list[int]
    started_at: list[int]  # the look that started it
    looks: list[tuple[int, int]]
    back: list[int]  # of `ran`: between the end of the job and that of its last node


def recorded(accounting: str, log: str, tick_ms: int = 0) -> Recording:
    """From accounting (JobIDRaw, Eligible, Start, TimelimitRaw, AllocTRES) and slurmctld's
    log, which tells local time of wherever its daemon was started.

    Slurm takes the second of a look or a start from the kernel's coarse clock, its log's
    milliseconds from the fine one: a second begins up to a tick later for Slurm than for its
    log, and a look just then sees no job that becomes eligible with it.
    """
    looks, started, done, left = [], {}, {}, {}
    for logged, what in map(_line, log.splitlines()):
        at = logged - tick_ms
        kind = next((kind for words, kind in LOOKS.items() if words in what), None)
        if kind is not None:
            looks.append((at, kind))
        elif found := STARTED.search(what):
            started[found[1]] = (looks[-1][0], at)
        elif found := DONE.search(what):
            done.setdefault(found[1], at)
        elif found := LEFT.search(what):
            left[found[1]] = at
    rows = list(csv.DictReader(accounting.splitlines(), delimiter="|"))
    rows.sort(key=lambda row: (int(row["Eligible"]), int(row["JobIDRaw"])))
    away = started[rows[0]["JobIDRaw"]][1] - 1000 * int(rows[0]["Start"])
    zero = (1000 * int(rows[0]["Eligible"]) - 1000) // WINDOW_MS * WINDOW_MS
    ours = zero + QUARTER_MS * round(away / QUARTER_MS)
    ids = [row["JobIDRaw"] for row in rows]
    return Recording(
        eligible=[1000 * int(row["Eligible"]) - zero for row in rows],
        cards=[int(CARDS.search(row["AllocTRES"])[1]) for row in rows],
        ran=[left[job] - started[job][0] for job in ids],
        limit=[60_000 * int(row["TimelimitRaw"]) for row in rows],
        started_at=[started[job][0] - ours for job in ids],
        looks=[(at - ours, kind) for at, kind in looks if at >= ours],
        back=[max(left[job] - done.get(job, left[job]), 0) for job in ids],
    )


def _line(line: str) -> tuple[int, str]:
    found = LINE.match(line)
    if found is None:
        return 0, ""
    at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    return round(at.timestamp() * 1000), found[2]


def replayed(told: Recording, nodes: int, node_cards: int, **rules) -> np.ndarray:
    """At which look the simulator starts each job, when it looks whenever Slurm did."""
    columns = (told.eligible, told.cards, told.ran, told.limit)
    back = np.array(told.back, dtype=np.int64)
    made, order = jobs_of(*(np.array(one, dtype=np.int64) for one in columns), back_s=back)
    assert order.tolist() == list(range(len(told.cards)))
    site = whole_site(nodes, node_cards, [(at, kind, 0) for at, kind in told.looks])
    as_slurm = {"depth": 1000, "first_fit": True, "whole_nodes": True, "told_looks": True}
    as_slurm |= {"window_s": WINDOW_MS, "second_s": 1000}
    found = simulate(made, grants_of(), site, rules_of(node_cards, **(as_slurm | rules)))
    return found.first_start_s


def share_in_order(theirs: np.ndarray, ours: np.ndarray) -> float:
    """The most jobs that Slurm starts in our order; what starts at one look is in any order.

    Of a list of chosen jobs it is the latest start of Slurm's that decides who may follow.
    """
    longest: dict[int, int] = {}
    for start in theirs[np.lexsort((theirs, ours))].tolist():
        grown = {start: 1}
        for latest, count in longest.items():
            if start >= latest:
                grown[start] = max(grown[start], count + 1)
        for key, count in grown.items():
            longest[key] = max(longest.get(key, 0), count)
    return max(longest.values()) / len(theirs)


@dataclass(frozen=True)
class Comparison:
    """Shares of jobs, and seconds of waiting: Slurm's and ours."""

    jobs: int
    same_look: float
    in_order: float
    wait_p50_s: tuple[float, float]
    wait_p95_s: tuple[float, float]

    def holds(self) -> bool:
        """The planner's promise: nine jobs of ten in the same order, P50 and P95 of the waits
        within a tenth and 3 s. Beyond it four of five at the very same look, for a scheduler
        that never backfills keeps the order and nearly the waits of a short sample."""
        waits = (self.wait_p50_s, self.wait_p95_s)
        near = all(abs(real - said) <= 0.1 * real + 3 for real, said in waits)
        return near and self.in_order >= 0.9 and self.same_look >= 0.8


def compared(told: Recording, waits_s: list[int], ours: np.ndarray) -> Comparison:
    theirs, eligible = np.array(told.started_at), np.array(told.eligible)
    p50, p95 = (
        tuple(float(np.quantile(w, q)) for w in (waits_s, (ours - eligible) / 1000))
        for q in (0.5, 0.95)
    )
    return Comparison(
        jobs=len(theirs),
        same_look=float((theirs == ours).mean()),
        in_order=share_in_order(theirs, ours),
        wait_p50_s=p50,
        wait_p95_s=p95,
    )

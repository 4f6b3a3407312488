"""An exact replay of Muri's shortest-first policies, the planner's oracle from outside.

The rules behind Muri's published numbers, restated: at every event (a submission, a projected
end) each running job loses a start cost, its work shrinks by what is left of the elapsed time,
and its end is projected as now + remaining work; then the cluster is emptied and filled again
in order of remaining time (SRTF) or remaining time × cards (SRSF), stable. Up to a node's
cards: the first node with room; more: that many empty nodes. What does not fit is skipped.

Ends within one part in 10⁹ of an end that is listed before them happen together with it, at
its time: at 10⁷ seconds that is 10 ms, enough to change the order of what starts next. Without
this rule one of the 16 runs (SRSF on trace 4_pr) takes another path: makespan 0.31 % off.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel
from madang.compute.planner.data import muri_rows, muri_text

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Policy = Literal["SRTF", "SRSF"]
ITERATION_FACTOR = 1.015
TOGETHER = 1e-9
NODES, NODE_CARDS = 8, 8
SIZES = (1, 2, 4, 8, 16, 32)


class Work(NamedTuple):
    """Jobs in order of submission. Times in seconds, work in iterations."""

    submit_s: F64
    cards: I64
    left: F64  # iterations that remain; the replay counts it down
    iteration_s: F64
    cost_s: F64  # lost at each event while running


class Run(NamedTuple):
    """What the replay keeps while it runs: one element per job, and the cluster."""

    order: I64  # runnable jobs, most urgent first
    key: F64
    seen_s: F64
    running: I64
    projected_s: F64
    end_s: F64
    free: I64  # cards, per node


@inline
def place(free: I64, cards: int, node_cards: int) -> bool:
    """Take the first node with room, or that many empty nodes. Nothing when it does not fit."""
    if cards <= node_cards:
        for node in range(free.shape[0]):
            if free[node] >= cards:
                free[node] -= cards
                return True
        return False
    wanted, empty = cards // node_cards, 0
    for node in range(free.shape[0]):
        empty += free[node] == node_cards
    if empty < wanted:
        return False
    for node in range(free.shape[0]):
        if wanted > 0 and free[node] == node_cards:
            free[node] = 0
            wanted -= 1
    return True


@inline
def advance(work: Work, run: Run, count: int, now: float, by_cards: int) -> None:
    """Count down the work of what ran since the last event."""
    for at in range(count):
        job = run.order[at]
        if run.running[job]:
            done_s = max(now - run.seen_s[job] - work.cost_s[job], 0.0)
            work.left[job] -= done_s / work.iteration_s[job]
            run.key[job] = work.left[job] * work.iteration_s[job]
            if by_cards:
                run.key[job] *= work.cards[job]
        run.seen_s[job] = now


@inline
def settle(run: Run, count: int) -> None:
    """Sort by key, stable; the order is nearly right from the last event."""
    for at in range(1, count):
        job, back = run.order[at], at
        while back > 0 and run.key[run.order[back - 1]] > run.key[job]:
            run.order[back] = run.order[back - 1]
            back -= 1
        run.order[back] = job


@inline
def together(run: Run, at: int, end_s: float) -> float:
    """The end that an end counts as: the first listed before it that is as good as equal."""
    for before in range(at):
        job = run.order[before]
        if run.running[job]:
            other_s = run.projected_s[job]
            if abs(other_s - end_s) <= TOGETHER * max(abs(other_s), abs(end_s)):
                return other_s
    return end_s


@inline
def refill(work: Work, run: Run, count: int, now: float, node_cards: int) -> float:
    """Empty the cluster and fill it in order; the next projected end."""
    run.free[:] = node_cards
    first_s = np.inf
    for at in range(count):
        job = run.order[at]
        run.running[job] = place(run.free, work.cards[job], node_cards)
        if run.running[job]:
            end_s = now + work.left[job] * work.iteration_s[job]
            run.projected_s[job] = together(run, at, end_s)
            first_s = min(first_s, run.projected_s[job])
    return first_s


@inline
def finish(run: Run, count: int, now: float) -> int:
    """Take out the jobs that end now; how many are left."""
    kept = 0
    for at in range(count):
        job = run.order[at]
        if run.running[job] and run.projected_s[job] == now:
            run.end_s[job] = now
            run.running[job] = 0
        else:
            run.order[kept] = job
            kept += 1
    return kept


@kernel
def replay_kernel(work: Work, run: Run, node_cards: int, by_cards: int) -> int:
    """Run all jobs to their ends; the number of events."""
    total = work.submit_s.shape[0]
    arrived, count, events, end_s = 0, 0, 0, np.inf
    while arrived < total or count > 0:
        submit_s = work.submit_s[arrived] if arrived < total else np.inf
        now = min(submit_s, end_s)
        if now == np.inf:
            break
        if end_s <= submit_s:
            count = finish(run, count, now)
        while arrived < total and work.submit_s[arrived] == now:
            run.order[count] = arrived
            run.seen_s[arrived] = now
            run.key[arrived] = work.left[arrived] * work.iteration_s[arrived]
            if by_cards:
                run.key[arrived] *= work.cards[arrived]
            count += 1
            arrived += 1
        advance(work, run, count, now, by_cards)
        settle(run, count)
        end_s = refill(work, run, count, now, node_cards)
        events += 1
    return events


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the figures show. The p99 is the sorted time at index ⌊0.99 n⌋."""

    jobs: int
    events: int
    mean_jct_s: float
    makespan_s: float
    p99_jct_s: float


def start_costs() -> dict[str, dict[int, float]]:
    """Seconds lost at a start, by model and cards."""
    table = tomllib.loads(muri_text("published.toml"))["start_cost_s"]
    return {model: dict(zip(SIZES, costs, strict=True)) for model, costs in table.items()}


def work_of(trace: str) -> Work:
    """The jobs of a trace; `traceN_pr` is traceN with every job submitted at time 0."""
    rows = sorted(muri_rows(trace.removesuffix("_pr")), key=lambda row: int(row["submit_time"]))
    costs = start_costs()
    at_once = trace.endswith("_pr")
    if at_once:
        rows.sort(key=lambda row: int(row["job_id"]))
    return Work(
        np.array([0.0 if at_once else int(row["submit_time"]) / 1000 for row in rows]),
        np.array([int(row["num_gpu"]) for row in rows], dtype=np.int64),
        np.array([float(int(row["iterations"])) for row in rows]),
        np.array([int(row["iteration_time"]) * ITERATION_FACTOR / 1000 for row in rows]),
        np.array([costs[row["model_name"]][int(row["num_gpu"])] for row in rows], dtype=float),
    )


def replay(trace: str, policy: Policy) -> Outcome:
    """One run of figure 9 or 10, or of the test-bed's trace."""
    work = work_of(trace)
    count = len(work.cards)
    run = Run(
        order=np.zeros(count, dtype=np.int64),
        key=np.zeros(count),
        seen_s=np.zeros(count),
        running=np.zeros(count, dtype=np.int64),
        projected_s=np.zeros(count),
        end_s=np.zeros(count),
        free=np.zeros(NODES, dtype=np.int64),
    )
    events = replay_kernel(work, run, NODE_CARDS, int(policy == "SRSF"))
    jct_s = np.sort(run.end_s - work.submit_s)
    return Outcome(
        jobs=count,
        events=events,
        mean_jct_s=float(jct_s.mean()),
        makespan_s=float(run.end_s.max()),
        p99_jct_s=float(jct_s[int(count * 0.99)]),
    )

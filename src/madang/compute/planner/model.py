"""How grants turn into jobs: sizes, lengths, time limits and take-up, fitted from a trace.

Jobs are drawn with replacement from the trace, per size class, so that heavy tails stay heavy;
a class with fewer than 30 jobs borrows from all. Submissions fall more often into working
hours. Nothing else about users is assumed, and all of it is in the plan's report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from madang.compute.planner.applications import Application, class_of
from madang.compute.planner.data import muri_rows
from madang.compute.planner.sim.run import jobs_of
from madang.compute.planner.sim.state import I64, Jobs
from madang.compute.planner.traces import Trace

DAY_S, HOUR_S = 86_400, 3_600
FEW = 30
WAIT_HALF_LEAST = 0.3
"""Of log(1 + hours). Where all draws are overloaded alike they hardly differ, though the truth
does: no half of an interval of a wait is taken as narrower, which is a third of the wait."""
LIMIT_FACTORS = (1.0, 1.5, 2.0, 4.0)
BY_HOUR = np.array([1.0] * 9 + [3.0] * 10 + [2.0] * 3 + [1.0] * 2)
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class JobModel:
    """Jobs to draw from, and which share of a grant its holder really uses."""

    source: str
    cards: I64
    run_s: I64
    limit_s: I64  # -1: not known
    take_up: tuple[float, float]  # lowest and highest share, even between

    def __len__(self) -> int:
        return len(self.cards)


def fit(trace: Trace, source: str, take_up: tuple[float, float] = (0.7, 1.0)) -> JobModel:
    return JobModel(source, trace.cards, np.maximum(trace.run_s, 1), trace.limit_s, take_up)


def philly_model(take_up: tuple[float, float] = (0.7, 1.0)) -> JobModel:
    """The model when there is no ledger yet: four clusters of Philly, as Muri gives them."""
    rows = [row for number in range(1, 5) for row in muri_rows(f"trace{number}")]
    run_s = [int(row["iterations"]) * int(row["iteration_time"]) // 1000 for row in rows]
    cards = np.array([int(row["num_gpu"]) for row in rows], dtype=np.int64)
    lengths = np.maximum(np.array(run_s, dtype=np.int64), 1)
    return JobModel(
        "Philly (Muri, 4 clusters)", cards, lengths, np.full_like(cards, -1), take_up
    )


@dataclass(frozen=True, slots=True)
class Workload:
    """One draw of a round: jobs with their grant's number, and what each grant will use."""

    jobs: Jobs
    card_s: I64  # per grant, drawn take-up included
    starts_s: I64
    closes_s: I64


def _pools(model: JobModel, most_cards: Sequence[int]) -> dict[int, I64]:
    """For each most-cards the jobs of the trace that an application of that size runs."""
    found = {}
    for most in set(most_cards):
        fitting = np.flatnonzero(model.cards <= most)
        same = fitting[model.cards[fitting] > most // 4]
        found[most] = same if len(same) >= FEW else fitting
        if len(found[most]) == 0:
            found[most] = np.arange(len(model))
    return found


def submissions(rng: Rng, count: int, starts_s: int, days: int) -> I64:
    """Times within a period: any day, more often in working hours."""
    day = rng.integers(0, days, count)
    hour = rng.choice(24, count, p=BY_HOUR / BY_HOUR.sum())
    return np.sort(starts_s + day * DAY_S + hour * HOUR_S + rng.integers(0, HOUR_S, count))


def _jobs_for(
    model: JobModel, pool: I64, one: Application, card_s: float, rng: Rng
) -> tuple[I64, I64, I64]:
    """Cards, run times and limits that together use up what is given."""
    longest = max(one.days * DAY_S // 2, HOUR_S)
    mean = float(
        (
            np.minimum(model.cards[pool], one.cards) * np.minimum(model.run_s[pool], longest)
        ).mean()
    )
    count = int(min(card_s / mean * 2 + 10, 2_000_000))
    drawn = rng.choice(pool, count)
    cards = np.minimum(model.cards[drawn], one.cards)
    run_s = np.minimum(model.run_s[drawn], longest)
    spent = np.cumsum(cards * run_s)
    enough = min(int(np.searchsorted(spent, card_s)) + 1, count)
    cards, run_s = cards[:enough], run_s[:enough]
    over = int(spent[enough - 1] - card_s)
    if over > 0:  # the last job is as long as what is left
        run_s[-1] = max(run_s[-1] - over // int(cards[-1]), 1)
    known = model.limit_s[drawn[:enough]]
    guess = (run_s * rng.choice(LIMIT_FACTORS, enough)).astype(np.int64)
    return cards, run_s, np.maximum(np.where(known > 0, known, guess), run_s)


def draw(
    model: JobModel, applications: Sequence[Application], begins: date, rng: Rng
) -> Workload:
    """One possible round. Grants are numbered as the applications stand."""
    pools = _pools(model, [one.cards for one in applications])
    columns: list[tuple[I64, I64, I64, I64, I64]] = []
    given = np.zeros(len(applications), dtype=np.int64)
    starts = np.array([(one.starts_on - begins).days * DAY_S for one in applications])
    for number, one in enumerate(applications):
        share = rng.uniform(*model.take_up)
        given[number] = int(one.card_hours * HOUR_S * share)
        parts = _jobs_for(model, pools[one.cards], one, float(given[number]), rng)
        times = submissions(rng, len(parts[0]), int(starts[number]), one.days)
        columns.append((times, *parts, np.full(len(times), number)))
    joined = [np.concatenate(column) for column in zip(*columns, strict=True)]
    jobs, _ = jobs_of(*joined)
    closes = starts + np.array([one.days * DAY_S for one in applications])
    return Workload(jobs, given, starts, closes)


def classes_of(applications: Sequence[Application]) -> list[str]:
    return [class_of(one.cards) for one in applications]

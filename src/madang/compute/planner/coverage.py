"""Do the intervals hold? Fit on the first half of a stretch of a trace, predict the second.

What a planner knows beforehand is given: how much is asked for, and from when to when. What it
does not know is drawn from the first half: sizes, lengths, limits, hours of submission. The
truth is the second half itself on the same site.

Draws alone are too sure of themselves, because the second half is not a sample of the first.
How much too sure is learned on *other* clusters: for each the factor that would have been right
four times of five, and the intervals of one cluster are stretched by the largest of the other
three's. With three clusters seen, a fourth is as far out as the worst of them one time in four,
so that no smaller one promises four of five; all stretches thrown together promise less still,
because clusters differ far more than stretches of one cluster do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from madang.compute.planner.data import muri_rows
from madang.compute.planner.model import DAY_S, HOUR_S, LIMIT_FACTORS, WAIT_HALF_LEAST, Rng
from madang.compute.planner.sim.run import grants_of, jobs_of, rules_of, simulate, whole_site
from madang.compute.planner.sim.state import I64, Jobs

CLUSTERS = (1, 2, 3, 4)
NODES, NODE_CARDS = 8, 8
DRAWS = 30
SHARE = 0.8
CLASS_BOUNDS = {"1": (1, 1), "2-4": (2, 4), "5+": (5, 1 << 30)}
LEAST_JOBS = 30
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One figure of one trial, in log(1 + hours)."""

    cluster: int
    seed: int
    figure: str
    low: float
    middle: float
    high: float
    truth: float

    @property
    def strain(self) -> float:
        """How far the truth lies out, in interval halves: up to 1 is inside."""
        if self.truth >= self.middle:
            return (self.truth - self.middle) / max(self.high - self.middle, WAIT_HALF_LEAST)
        return (self.middle - self.truth) / max(self.middle - self.low, WAIT_HALF_LEAST)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of truths inside 80 % intervals, before and after stretching."""

    figure: str
    checks: int
    plain: float
    stretched: float
    factors: dict[int, float]  # per cluster, learned on the others

    @property
    def held(self) -> bool:
        return 0.7 <= self.stretched <= 0.9


def _jobs(cluster: int) -> tuple[I64, I64, I64]:
    rows = sorted(muri_rows(f"trace{cluster}"), key=lambda row: int(row["submit_time"]))
    submit = np.array([int(row["submit_time"]) // 1000 for row in rows], dtype=np.int64)
    cards = np.array([int(row["num_gpu"]) for row in rows], dtype=np.int64)
    run = [int(row["iterations"]) * int(row["iteration_time"]) // 1000 for row in rows]
    return submit, cards, np.maximum(np.array(run, dtype=np.int64), 1)


def _stretch(count: int, rng: Rng) -> tuple[int, int]:
    """A random stretch of at least half the trace."""
    length = int(count * rng.uniform(0.5, 1.0))
    first = int(rng.integers(0, count - length + 1))
    return first, first + length


def _draw(
    first: tuple[I64, I64, I64], asked_card_s: int, span_s: int, start_s: int, rng: Rng
) -> Jobs:
    """One second half as the first half makes it: as much work, as long a time.

    Whole days are drawn, so that jobs that came together come together again.
    """
    submit, cards, run = first
    edges = np.flatnonzero(np.diff(submit // DAY_S)) + 1
    days = np.split(np.arange(len(submit)), edges)
    picked: list[I64] = []
    times: list[I64] = []
    left = asked_card_s
    while left > 0:
        day = days[int(rng.integers(0, len(days)))]
        at_s = int(rng.integers(0, max(span_s // DAY_S, 1))) * DAY_S
        work = np.cumsum(cards[day] * run[day])
        day = day[: int(np.searchsorted(work, left)) + 1]
        left -= int(work[len(day) - 1])
        picked.append(day)
        times.append(start_s + at_s + submit[day] % DAY_S)
    jobs = np.concatenate(picked)
    limit = (run[jobs] * rng.choice(LIMIT_FACTORS, len(jobs))).astype(np.int64)
    return jobs_of(np.concatenate(times), cards[jobs], run[jobs], np.maximum(limit, 1))[0]


def figures(jobs: Jobs) -> dict[str, float]:
    """Mean and P95 wait, of all and of each size, in log(1 + hours)."""
    found = simulate(
        jobs, grants_of(), whole_site(NODES, NODE_CARDS), rules_of(NODE_CARDS, backfill=True)
    )
    wait_h = (found.first_start_s - jobs.submit_s) / HOUR_S
    values = {"mean": float(wait_h.mean()), "p95": float(np.quantile(wait_h, 0.95))}
    for name, (low, high) in CLASS_BOUNDS.items():
        part = wait_h[(jobs.cards >= low) & (jobs.cards <= high)]
        if len(part) >= LEAST_JOBS:
            values[f"p95 {name}"] = float(np.quantile(part, 0.95))
    return {name: float(np.log1p(value)) for name, value in values.items()}


def trial(cluster: int, seed: int) -> list[Check]:
    """One stretch: forecast and truth of its second half."""
    rng = np.random.default_rng((cluster, seed))
    submit, cards, run = _jobs(cluster)
    begin, end = _stretch(len(cards), rng)
    half = (begin + end) // 2
    first, second = slice(begin, half), slice(half, end)
    limit = (run * rng.choice(LIMIT_FACTORS, len(run))).astype(np.int64)
    columns = (submit[second], cards[second], run[second], np.maximum(limit[second], 1))
    truth = figures(jobs_of(*columns)[0])
    span_s = int(submit[end - 1] - submit[half]) + 1
    asked = int((cards[second] * run[second]).sum())
    past = (submit[first], cards[first], run[first])
    drawn = [figures(_draw(past, asked, span_s, int(submit[half]), rng)) for _ in range(DRAWS)]
    found = []
    for name, real in truth.items():
        values = [one[name] for one in drawn if name in one]
        if len(values) >= DRAWS // 2:
            low, middle, high = (float(q) for q in np.quantile(values, [0.1, 0.5, 0.9]))
            found.append(Check(cluster, seed, name, low, middle, high, real))
    return found


def factor(checks: Sequence[Check]) -> float:
    """What intervals must be stretched by to hold four of five of these."""
    return float(np.quantile([one.strain for one in checks], SHARE))


def summarise(checks: Sequence[Check], figure: str) -> Coverage:
    own = [one for one in checks if one.figure == figure]
    clusters = sorted({one.cluster for one in own})
    alone = {
        cluster: factor([one for one in own if one.cluster == cluster]) for cluster in clusters
    }
    factors = {
        cluster: max((alone[other] for other in clusters if other != cluster), default=1.0)
        for cluster in clusters
    }
    return Coverage(
        figure,
        len(own),
        sum(one.strain <= 1 for one in own) / len(own),
        sum(one.strain <= factors[one.cluster] for one in own) / len(own),
        factors,
    )


def coverage(
    seeds: int = 20, tell: Tell = lambda done, total: None, first: int = 0
) -> list[Coverage]:
    """All clusters and seeds from the first on, one line per figure."""
    checks: list[Check] = []
    for cluster in CLUSTERS:
        for seed in range(seeds):
            checks += trial(cluster, first + seed)
            tell((cluster - 1) * seeds + seed + 1, len(CLUSTERS) * seeds)
    names = list(dict.fromkeys(one.figure for one in checks))
    return [summarise(checks, name) for name in names]

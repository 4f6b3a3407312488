"""An engine whose truth is known, and which tells it late, twice, in any order, wrong at first,
or not at all for a while; which loses answers, recycles ids and is away for hours.

Time is the simulation's: `at` is set by whoever drives it. Nothing here knows the room.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from madang.compute.engines.types import (
    AttemptFact,
    Caps,
    Discrepancy,
    GrantRef,
    JobRef,
    RunState,
)
from madang.compute.errors import EngineUnclear, EngineUnwell

IDS, OVERLAP_S, SHOWN_S, ENDING_S = 997, 3600, 300, 4
AGAIN = (RunState.REQUEUED, RunState.PREEMPTED, RunState.NODE_FAIL)
LAST = (RunState.COMPLETED, RunState.FAILED, RunState.TIMEOUT)


def seconds(count: float) -> timedelta:
    return timedelta(milliseconds=round(count * 1000))


@dataclass
class Run:
    """One true stay on cards, and how it will be told: shown late, its end wrong or in doubt
    until some time."""

    job: Job
    job_id: str
    submitted: datetime
    started: datetime | None
    ended: datetime
    state: RunState
    shown: datetime
    wrong_until: datetime
    wrong_s: float
    doubted_until: datetime

    @property
    def gpu_ms(self) -> int:
        lasted = (self.ended - self.started) if self.started else timedelta()
        return self.job.cards * (lasted // timedelta(milliseconds=1))

    def fact(self, at: datetime, source: str = "accounting") -> AttemptFact | None:
        """What a book says of it at an instant. None: nothing yet."""
        if (self.started or self.ended) > at:
            return None
        ended = None if self.ended > at else self.ended
        if ended and source == "accounting" and at < self.wrong_until:
            ended += seconds(self.wrong_s)
        state = self.state if ended else RunState.RUNNING
        return AttemptFact(
            self.job_id, self.job.key, self.job.account, self.job.cards if self.started else 0,
            self.submitted, self.started, ended, 0, state, source,
        )  # fmt: skip


@dataclass
class Job:
    key: str
    account: str
    cards: int
    limit_s: int
    id: str = ""
    submitted: datetime | None = None
    runs: list[Run] = field(default_factory=list)

    def over(self) -> datetime:
        return max(run.ended for run in self.runs)


class ChaosEngine:
    """Everything that it does wrong is drawn from one seed."""

    id = "gwangju"

    def __init__(self, seed: int, at: datetime) -> None:
        self.rng, self.at = random.Random(seed), at
        self.jobs: dict[str, Job] = {}
        self.recent: list[Run] = []
        self.faults: Counter[str] = Counter()
        self.made = 0
        self.counted_at, self.given = at, 0
        self.away_until = at
        self.is_calm = False

    def capabilities(self) -> Caps:
        return Caps(can_preempt=True, can_suspend=True, has_hard_quota=False,
                    time_limit_step_s=1, clock="chaos")  # fmt: skip

    def ensure_grant(self, grant):
        self._answer()
        return GrantRef(grant.account, grant.user)

    def set_budget(self, ref, *, gpu_seconds, cards_max, not_after): ...

    def freeze(self, ref, reason): ...

    def thaw(self, ref): ...

    def _happens(self, what: str, share: float) -> bool:
        found = not self.is_calm and self.rng.random() < share
        self.faults[what] += found
        return found

    def _answer(self) -> None:
        if self.at < self.away_until and not self.is_calm:
            raise EngineUnwell(site=self.id, reason="away")

    def submit(self, spec, key, *, since, is_first=False):
        self._answer()
        if self._happens("never arrived", 0.01):
            raise EngineUnclear(site=self.id, reason="lost on its way")
        if key not in self.jobs:  # else: found by its key
            self._need_numbers(max(spec.array, 1))
            self.jobs[key] = self._new(spec, key)
        if self._happens("lost reply", 0.03):
            raise EngineUnclear(site=self.id, reason="no answer")
        return self._ref(self.jobs[key])

    def find(self, key, ref, *, since):
        self._answer()
        if self._happens("unclear", 0.02):
            raise EngineUnclear(site=self.id, reason="no answer")
        return self._ref(self.jobs[key]) if key in self.jobs else None

    def arrivals(self, ref, *, since, whole=True):
        self._answer()
        return []  # its jobs keep their keys

    def _ref(self, job: Job) -> JobRef:
        return JobRef(job.id, job.key, GrantRef(job.account, "u"), job.submitted)

    def _next_id(self) -> str:
        self.made += 1
        return str(1 + self.made % IDS)

    def _need_numbers(self, count: int) -> None:
        """Numbers are given again, but never twice in one instant: what comes after an outage
        of hours, all at once, is not taken whole."""
        if self.counted_at != self.at:
            self.counted_at, self.given = self.at, 0
        if self.given + count > IDS:
            self.faults["too many at once"] += 1
            raise EngineUnclear(site=self.id, reason="too many at once")
        self.given += count

    def _new(self, spec, key: str) -> Job:
        job = Job(key, spec.grant.account, spec.cards, spec.time_limit_s)
        job.submitted = self.at
        for number in range(max(spec.array, 1)):
            task = self._next_id()
            job.id = job.id or task
            self._plan(job, task, self.at + seconds(0.001 * number))
        self.recent += job.runs
        return job

    def _plan(self, job: Job, task: str, submitted: datetime) -> None:
        """All runs of one task: some run again, most end well."""
        rng = self.rng
        while rng.random() < 0.2 and len(job.runs) < 30:
            run = self._run(job, task, submitted, rng.choice(AGAIN), rng.random())
            submitted = run.ended + seconds(1)
        state = rng.choices(LAST, (8, 1, 1))[0]
        share = 1 + rng.random() * 0.05 if state is RunState.TIMEOUT else rng.random()
        self._run(job, task, submitted, state, share)

    def _run(
        self, job: Job, task: str, submitted: datetime, state: RunState, share: float
    ) -> Run:
        rng = self.rng
        started = submitted + seconds(rng.expovariate(1 / 120))
        ended = started + seconds(0 if rng.random() < 0.03 else job.limit_s * share)
        wrong = rng.random() < 0.08
        run = Run(
            job, task, submitted, started, ended, state,
            shown=started + seconds(rng.expovariate(1 / 60)),
            wrong_until=ended + seconds(rng.uniform(60, 1_800) if wrong else 0),
            wrong_s=rng.choice([-3, 5, 40, 10**5]) if wrong else 0,
            doubted_until=ended + seconds(rng.uniform(60, 3_000) if rng.random() < 0.04 else 0),
        )  # fmt: skip
        if started + seconds(run.wrong_s) > ended and run.wrong_s < 0:
            run.wrong_s = 2
        self.faults["wrong end"] += wrong
        self.faults["ran again"] += state in AGAIN
        job.runs.append(run)
        return run

    def cancel(self, ref, reason, *, grace_s):
        self._answer()
        job = self.jobs[ref.key]
        kept = []
        for run in job.runs:
            if run.started and run.started > self.at:
                self.recent.remove(run)
                continue
            if run.ended > self.at:
                run.ended, run.state = self.at + seconds(2), RunState.CANCELLED
                run.wrong_until = run.doubted_until = run.ended
            kept.append(run)
        if len(kept) < len(job.runs):
            kept += [self._cancelled(job, task) for task in {one.job_id for one in job.runs}
                     if task not in {one.job_id for one in kept}]  # fmt: skip
        job.runs = kept

    def _cancelled(self, job: Job, task: str) -> Run:
        """It never started: a row without cards."""
        run = Run(job, task, job.submitted, None, self.at, RunState.CANCELLED, self.at, self.at,
                  0, self.at)  # fmt: skip
        self.recent.append(run)
        return run

    def usage(self, cursor):
        """Late, twice, and in any order; from an old cursor all that ever was. At times this is
        the first call of some that nobody answers, for minutes or hours. What comes after the
        cursor that is asked with is never forgotten: the platform may die on this answer, and
        after an outage of hours it has no other word of what ended early in it."""
        if self._happens("away", 0.01):
            self.away_until = self.at + seconds(self.rng.uniform(60, 9_000))
        self._answer()
        since = datetime.fromtimestamp(int(cursor or 0), self.at.tzinfo)
        is_old = self.at - since > seconds(7 * 86_400)
        runs = [r for j in self.jobs.values() for r in j.runs] if is_old else self.recent
        told = [run.fact(self.at) for run in runs
                if run.shown <= self.at and run.ended >= since]  # fmt: skip
        facts = [one for one in told if one is not None]
        facts += [one for one in facts if self._happens("told twice", 0.05)]
        self.rng.shuffle(facts)
        reached = max(int(self.at.timestamp()) - OVERLAP_S, int(cursor or 0))
        keep = since - seconds(OVERLAP_S if cursor else 0)
        self.recent = [run for run in self.recent if run.ended >= keep]
        return facts, str(reached)

    def status(self, refs):
        self._answer()
        return [one for ref in refs for one in self._status(self.jobs[ref.key])]

    def _status(self, job: Job) -> list[AttemptFact]:
        found = []
        for task in sorted({run.job_id for run in job.runs}):
            found += self._task_status(job, [r for r in job.runs if r.job_id == task])
        return found

    def _task_status(self, job: Job, runs: list[Run]) -> list[AttemptFact]:
        last = [run for run in runs if (run.started or run.ended) <= self.at]
        now = last[-1].fact(self.at, "controller") if last else None
        if now is not None and now.ended_at is None:
            return [now]
        is_last = bool(last) and last[-1] is runs[-1]
        if now is not None and self.at - last[-1].ended < seconds(ENDING_S):
            return [self._word(job, runs[0].job_id, last[-1].submitted, RunState.ENDING)]
        if not is_last:
            waits = runs[len(last)]
            return [self._word(job, waits.job_id, waits.submitted, RunState.PENDING)]
        gone = self.at - last[-1].ended > seconds(SHOWN_S)
        return [] if gone or now is None else [now]

    def _word(self, job: Job, task: str, submitted: datetime, state: RunState) -> AttemptFact:
        return AttemptFact(task, job.key, job.account, 0, submitted, None, None, 0, state,
                           "controller")  # fmt: skip

    def reconcile(self, since, until):
        self._answer()
        return [
            Discrepancy(run.job_id, run.job.key, "overcounted", fact, None)
            for run in self.recent
            if run.ended <= self.at < run.doubted_until and (fact := run.fact(self.at))
        ]

    def log(self, ref, *, bytes_max):
        return ""

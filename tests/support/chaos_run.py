"""The compute room under chaos: N jobs on an engine that does everything wrong that engines do,
with crashes of the platform in the middle of its postings. Prints one JSON line of figures.

    python tests/support/chaos_run.py JOBS SEED
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from madang.compute.grants.models import Grant
    from madang.metering.quotas import Standing

ROOT = Path(__file__).parents[2]
GRANTS, BATCH, STEPS_MAX = 4, 25, 20_000
GPU_S_A_JOB = 2_800  # on average, of what is held


class Killed(Exception):
    """The platform died here; what it had not committed is gone."""


def main() -> int:
    jobs, seed = int(sys.argv[1]), int(sys.argv[2])
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "tests" / "support")]
    from house import standing_house

    with standing_house() as house:
        os.environ.update(house.environment(), MADANG_TEST="1")
        from madang.cli.installation import opened

        with opened(house.data):
            print(json.dumps(Chaos(jobs, seed).run()))
    return 0


class Chaos:
    def __init__(self, jobs: int, seed: int) -> None:
        from chaos_engine import ChaosEngine
        from compute_stage import Stage
        from django.db import transaction

        self.rng, self.jobs = random.Random(seed), jobs
        with transaction.atomic():
            self.stage = Stage()
            self.began = self.stage.at - timedelta(days=4)
            self.engine = ChaosEngine(seed, self.began)
            self.share = jobs * GPU_S_A_JOB * 3 // GRANTS
            self.grants = [
                self.stage.grant(
                    f"g{n}", gpu_seconds=self.share // (n + 1), organisation=f"o{n}"
                )
                for n in range(GRANTS)
            ]
        self.counts: Counter[str] = Counter()

    def run(self) -> dict[str, object]:
        self._be_mortal()
        start, asked = time.perf_counter(), 0
        for step in range(STEPS_MAX):
            self.engine.at += timedelta(seconds=self.rng.uniform(5, 90))
            if asked < self.jobs:
                asked += self._submit(asked)
            elif self._is_over():
                break
            self._poll()
            if step % 40 == 7 and asked < self.jobs:
                self._lower()
            if step % 50 == 0:
                self._check()
        self.engine.is_calm = True
        self.engine.at += timedelta(hours=1)
        for _ in range(3):
            self._poll()
        self._check()
        return self._figures(asked, time.perf_counter() - start)

    def _be_mortal(self) -> None:
        """Now and then the platform dies between two lines of a posting."""
        from madang.compute import polling

        real = polling.settle_job

        def settle_job(*args, **named):
            if not self.engine.is_calm and self.rng.random() < 0.0005:
                self.counts["killed"] += 1
                raise Killed
            real(*args, **named)

        polling.settle_job = settle_job

    def _submit(self, start: int) -> int:
        from compute_stage import PLATFORM

        from madang.compute.jobs.actions import submit_jobs
        from madang.compute.jobs.orders import JobOrder
        from madang.core.errors import Refused

        rng, count = self.rng, min(BATCH, 1 + self.jobs // 20, self.jobs - start)
        orders = [
            JobOrder(f"k{start + n}", rng.choice([1, 2, 4, 8]), rng.randrange(30, 1_200),
                     script="exit 0", array=rng.choice([0] * 9 + [3]))
            for n in range(count)
        ]  # fmt: skip
        grant = rng.choice(self.grants)
        grant.refresh_from_db()
        try:
            submit_jobs(PLATFORM, grant, orders, self.engine, at=self.engine.at)
            self.counts["submitted"] += count
        except Refused:
            self.counts["refused"] += count
            self._change(grant, lambda now: now.granted - now.expired + self.share)
        return count

    def _poll(self) -> None:
        from madang.compute.errors import EngineUnwell

        try:
            done = self.stage.poll(self.engine, at=self.engine.at)
            self.counts["polls"] += 1
            self.counts["cancelled"] += done.cancelled
        except EngineUnwell:
            self.counts["polls without an answer"] += 1
        except Killed:
            pass

    def _lower(self) -> None:
        """A budget is cut in mid-run, below what is held: the platform has to cancel."""
        grant = self.rng.choice(self.grants)
        self._change(grant, lambda now: now.used + now.held // 2)

    def _change(self, grant: Grant, wanted_of: Callable[[Standing], int]) -> None:
        """A budget is lowered or, once it is used up, raised."""
        from django.db import transaction
        from metering_market import OPERATOR

        from madang.compute.grants.actions import change_budget
        from madang.compute.grants.queries import locked_grant, standing_of

        now = standing_of(grant)
        wanted = wanted_of(now)
        if wanted <= 0 or wanted == now.granted - now.expired:
            return
        with transaction.atomic():
            change_budget(OPERATOR, locked_grant(grant.id), gpu_seconds=wanted,
                          at=self.engine.at)  # fmt: skip
        self.counts["raised" if wanted > now.granted - now.expired else "budgets lowered"] += 1

    def _is_over(self) -> bool:
        from madang.compute.jobs.models import OPEN, Job

        return not Job.objects.filter(state__in=OPEN).exists()

    def _check(self) -> None:
        for grant in self.grants:
            self.stage.check(grant)

    def _figures(self, asked: int, lasted_s: float) -> dict[str, object]:
        from madang.compute.comparing import EXPLAINED
        from madang.compute.grants.queries import standing_of
        from madang.compute.reconciling import reconcile_site
        from madang.ledger.queries import identities

        since = self.began - timedelta(days=30)
        report = reconcile_site(self.stage.site, self.engine, since, self.engine.at)
        standings = [standing_of(grant) for grant in self.grants]
        granted = [now.granted - now.expired for now in standings]
        truth = {run.fact(self.engine.at).attempt_key: run.gpu_ms
                 for job in self.engine.jobs.values() for run in job.runs}  # fmt: skip
        return {
            "jobs": asked,
            **self.counts,
            "still_open": not self._is_over(),
            "attempts": len(truth),
            "gpu_seconds": sum(truth.values()) // 1000,
            "drift_gpu_seconds": report.as_data()["drift_gpu_seconds"],
            "unexplained": sorted(set(report.by_cause) - EXPLAINED),
            "told_minus_posted_ms": report.told_ms - report.posted_ms,
            "wrong_lines": self._wrong_lines(truth),
            "overshoot_gpu_seconds": sum(
                max(0, now.used - most) for now, most in zip(standings, granted, strict=True)
            ),
            "held_gpu_seconds": sum(now.held for now in standings),
            "ledger_ok": all(one.ok for one in identities()),
            "engine": dict(self.engine.faults),
            "seconds": round(lasted_s, 1),
        }

    def _wrong_lines(self, truth: dict[str, int]) -> int:
        """Attempts whose effective line is not what really ran, either way."""
        from madang.compute.lines.models import Line, LineKind

        posted: dict[str, int] = defaultdict(int)
        effective: Counter[str] = Counter()
        for key, kind, ms in Line.objects.values_list("attempt__attempt_key", "kind", "gpu_ms"):
            sign = 1 if kind == LineKind.USE else -1
            posted[key] += sign * ms
            effective[key] += sign
        wrong = sum(posted.get(key, -1) != ms for key, ms in truth.items())
        return (
            wrong
            + len(posted.keys() - truth.keys())
            + sum(count != 1 for count in effective.values())
        )


if __name__ == "__main__":
    sys.exit(main())

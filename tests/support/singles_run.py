"""Many clients at once, each submitting one job a call: what they share must not show. Prints
one JSON line of figures.

    python tests/support/singles_run.py CALLS CLIENTS
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
GRANTS, POOR_JOBS, TWICE_EACH = 5, 7, 10


def main() -> int:
    calls, clients = int(sys.argv[1]), int(sys.argv[2])
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "tests" / "support")]
    from house import standing_house

    with standing_house() as house:
        os.environ.update(house.environment(), MADANG_TEST="1")
        from madang.cli.installation import opened

        with opened(house.data):
            print(json.dumps(run(calls, clients)))
    return 0


def run(calls: int, clients: int) -> dict[str, object]:
    from compute_stage import PLATFORM, ScriptedEngine, Stage, now
    from django.db import transaction

    from madang.compute.engines.types import JobRef
    from madang.compute.errors import EngineUnclear
    from madang.compute.grants.queries import standing_of
    from madang.compute.jobs.actions import _gatherings, submit_job
    from madang.compute.jobs.models import Job
    from madang.compute.jobs.orders import JobOrder
    from madang.core.errors import Refused

    class Forgetful(ScriptedEngine):
        """Takes everything; every tenth answer is lost on its way."""

        def __init__(self) -> None:
            super().__init__()
            self.lock, self.made = threading.Lock(), Counter()

        def submit(self, spec, key, *, since, is_first=False):
            with self.lock:
                self.made[key] += is_first or key not in self.made
                is_lost = len(self.made) % 10 == 0
            if is_lost and is_first:
                raise EngineUnclear(site="gwangju", reason="no answer")
            return JobRef(key[-8:], key, spec.grant)

        def find(self, key, ref, *, since):
            return JobRef(key[-8:], key, ref) if key in self.made else None

    with transaction.atomic():
        stage, engine = Stage(), Forgetful()
        grants = [
            stage.grant(f"g{n}", gpu_seconds=60 * POOR_JOBS if n == 0 else 10**9,
                        organisation=f"o{n}")
            for n in range(GRANTS)
        ]  # fmt: skip
    told: Counter[str] = Counter()
    new: Counter[str] = Counter()

    def call(number: int) -> None:
        """Every tenth key is sent by two clients at the same time."""
        name = number - 1 if number % TWICE_EACH == 1 else number
        try:
            order = JobOrder(f"k{name}", 1, 60, script="exit 0")
            done = submit_job(PLATFORM, grants[name % GRANTS], order, engine, at=now())
            told[done.job.state] += 1
            new[done.job.key] += not done.replayed
        except Refused as err:
            told[err.code] += 1

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(call, range(calls)))
    (gathering,) = _gatherings.values()
    for grant in grants:
        stage.check(grant)
    rows = list(Job.objects.values_list("key", flat=True))
    return {
        "told": dict(told),
        "jobs": len(rows),
        "keys": len(set(rows)),
        "made_twice": [key for key, count in engine.made.items() if count != 1],
        "made": len(engine.made),
        "not_told_as_new_once": [key for key in rows if new[key] != 1],
        "poor_left": standing_of(grants[0]).available,
        "groups": gathering.statistics().groups,
        "largest": gathering.statistics().largest,
    }


if __name__ == "__main__":
    sys.exit(main())

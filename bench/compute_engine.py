"""The compute room's engine side: submissions through the platform against raw REST, and a
reconciliation of a million attempts. Called from bench/compute.py.

All sides of the submission ratio speak to one real Slurm, started here, in interleaved rounds:
held jobs, 8 clients, the median round of each. Raw REST is the same body, posted by the same
client code, with no hold, no intent and no row. Through the platform clients submit in batches
of BATCH jobs (what a sweep is); one job a call, 8 clients and CROWD clients at once, whose
calls the platform groups; and one job a call by one client, each after the answer to the last.
The same again as users send it, by POST to a running portal (compute_portal.py): `http`.
The gate is the best of batches and single calls: what is missed is printed. Beside each rate
stands what a job took of the processors, by who took it.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]

from bench.compute_portal import (  # noqa: E402  after the path
    Meter,
    address_site,
    enrol,
    portal,
    through_http,
)

CLIENTS, CROWD = 8, 24
ROUNDS = int(os.environ.get("MADANG_BENCH_ROUNDS") or 3)
SUBMISSIONS = int(os.environ.get("MADANG_BENCH_SUBMISSIONS") or 400)
BATCH = int(os.environ.get("MADANG_BENCH_BATCH") or 50)
WAYS = (os.environ.get("MADANG_BENCH_WAYS") or "").split()
"""Names of those to measure, `raw` among them; all of them when empty."""
ATTEMPTS = int(os.environ.get("MADANG_BENCH_ATTEMPTS") or 1_000_000)
ANSWERS_TRIED = 5
CHANGED_EACH = 20  # one attempt in twenty has changed facts
CARD_MS = 3_600_000


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def told(count: int) -> Iterator[tuple[str, int, bool]]:
    """What an engine's books say, in the order of the keys: made as it is read."""
    for number in range(count):
        late = 1_000 if number % CHANGED_EACH == 0 else 0
        yield f"{number:09d}@1767225600/1767225605", CARD_MS + late, False


def posted(count: int) -> Iterator[tuple[str, int, str, bool]]:
    for number in range(count):
        yield f"{number:09d}@1767225600/1767225605", CARD_MS, "", False


def reconciliation() -> dict[str, object]:
    """Attempts a second and memory, with 5 % changed facts, each of them found."""
    from madang.compute.comparing import Report, compare

    compare_all(compare, Report, 10_000)
    before = rss_mb()
    best_s, report = min(
        (compare_all(compare, Report, ATTEMPTS) for _ in range(ROUNDS)), key=lambda one: one[0]
    )
    assert report.by_cause["late_edit"] == 1_000 * -(-ATTEMPTS // CHANGED_EACH)
    return {
        "attempts": ATTEMPTS,
        "attempts_per_s": round(ATTEMPTS / best_s),
        "target_per_s": 50_000,
        "seconds": round(best_s, 2),
        "memory_growth_mb": round(rss_mb() - before, 1),
    }


def compare_all(compare, report_of, count: int):
    report = report_of("bench")
    start = time.perf_counter()
    for one in compare(told(count), posted(count)):
        report.add(one)
    return time.perf_counter() - start, report


def in_parallel(pool: ThreadPoolExecutor, each: Callable[[int], None], count: int) -> float:
    """Calls a second over the clients of a pool: each keeps its connection over all rounds."""
    start = time.perf_counter()
    list(pool.map(each, range(count)))
    return count / (time.perf_counter() - start)


def submissions() -> dict[str, object]:
    """The platform's rate and raw REST's, in one run on one Slurm; and how long that Slurm took
    from nothing to its answer over REST."""
    from slurm_rig import start_cluster, stop_cluster

    began = time.perf_counter()
    rig = start_cluster()
    ready_s = round(time.perf_counter() - began, 1)
    try:
        return _submissions(rig) | {"cluster_ready_s": ready_s}
    finally:
        stop_cluster(rig)


def _submissions(rig) -> dict[str, object]:
    from house import standing_house

    with standing_house() as house:
        os.environ.update(house.environment(), MADANG_TEST="1")
        from madang.cli.installation import opened

        with opened(house.data):
            return _measured(rig, house)


def _measured(rig, house) -> dict[str, object]:
    """A grant for each client: rows of one grant wait for each other, as they must."""
    from compute_stage import Stage
    from django.db import transaction

    from madang.cli.postgres import EmbeddedPostgres

    with transaction.atomic():
        stage, engine = Stage(), rig.engine()
        grants = [
            stage.grant(f"g{n}", gpu_seconds=10**9, cards_max=2, organisation=f"o{n}")
            for n in range(CLIENTS)
        ]
        people = enrol(grants)
    for grant in grants:
        stage.submit(grant, engine, "first", cards=1)
        rig.run("sacctmgr", "-i", "modify", "account", grant.account, "set", "GrpJobs=0")
        grant.refresh_from_db()
    address_site(rig, house.data)
    with portal(house) as (process, port):
        raw = _raw(engine, grants[0].account)
        ways = {
            "raw": Way(raw, CLIENTS, SUBMISSIONS),
            "batches": Way(_in_batches(stage, engine, grants), CLIENTS, SUBMISSIONS, BATCH),
            "single_calls": Way(_through(stage, engine, grants), CLIENTS, SUBMISSIONS),
            "http": Way(through_http(port, people), CLIENTS, SUBMISSIONS),
            "crowd_single_calls": Way(_through(stage, engine, grants), CROWD, SUBMISSIONS),
            "one_client": Way(_through(stage, engine, grants), 1, SUBMISSIONS // CLIENTS),
        }
        meter = Meter(
            portal=process.pid,
            postgres=EmbeddedPostgres(house.data / "postgres").pid,
            slurmctld=rig.pid("slurmctld"),
            slurmrestd=rig.pid("slurmrestd"),
        )
        found = _rounds({name: ways[name] for name in WAYS or ways}, meter)
        return found | {"raw_unanswered": raw.unanswered}


@dataclass(frozen=True)
class Way:
    """`each` is called by so many clients until so many jobs are submitted."""

    each: Callable[[int], None]
    clients: int
    jobs: int
    jobs_a_call: int = 1


def _rounds(ways: dict[str, Way], meter: Meter) -> dict[str, object]:
    """Interleaved: jobs a second of each way, its share of raw REST, and milliseconds of the
    processors for each job; medians."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    spent: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    pools = {name: ThreadPoolExecutor(way.clients) for name, way in ways.items()}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before = meter.read()
            calls = way.jobs // way.jobs_a_call
            rates[name].append(in_parallel(pools[name], way.each, calls) * way.jobs_a_call)
            after = meter.read()
            spent[name].append({one: (after[one] - before[one]) / way.jobs for one in after})
    for pool in pools.values():
        pool.shutdown()
    found: dict[str, object] = {
        "clients": CLIENTS,
        "crowd_clients": CROWD,
        "jobs_each_round": SUBMISSIONS,
        "jobs_a_batch": BATCH,
        "target_share": 0.5,
    }
    raw = statistics.median(rates["raw"])
    for name in ways:
        rate = statistics.median(rates[name])
        found[f"{name}_jobs_per_s"] = round(rate)
        found[f"{name}_share"] = round(rate / raw, 2)
        found[f"{name}_cpu_ms"] = {
            one: round(1000 * statistics.median(each[one] for each in spent[name]), 2)
            for one in spent[name][0]
        }
    return found | {"load_average": round(os.getloadavg()[0], 1)}


def _raw(engine, account: str) -> Reopening:
    from madang.compute.engines.types import GrantRef, JobSpec
    from madang.core.ids import uuid7

    spec = JobSpec(GrantRef(account, "www-data"), "job", 1, "gpu:h100", 60, "#!/bin/sh\n")

    def post(number: int) -> None:
        engine._rest.call("POST", "job/submit", engine._body(spec, f"raw-{uuid7().hex}"))

    return Reopening(post)


class Reopening:
    """Raw REST has nobody who asks again: a call whose kept connection slurmrestd has reset is
    made again on a fresh one, as another job, until one is answered. What that takes is in the
    rate, what got no answer is no job of it, and how many there were is told."""

    def __init__(self, post: Callable[[int], None]) -> None:
        self._post = post
        self._lock = threading.Lock()
        self.unanswered = 0

    def __call__(self, number: int) -> None:
        from madang.compute.errors import EngineUnclear

        for _ in range(ANSWERS_TRIED):
            try:
                return self._post(number)
            except EngineUnclear as err:
                last = err
                with self._lock:
                    self.unanswered += 1
        raise last


def _own_grant(grants) -> Callable[[], object]:
    """Each client has a grant of its own: rows of one grant wait for each other."""
    free, mine = list(grants), threading.local()

    def grant():
        if not hasattr(mine, "grant"):
            if not free:
                free.extend(grants)
            mine.grant = free.pop()
        return mine.grant

    return grant


def _through(stage, engine, grants) -> Callable[[int], None]:
    from madang.core.ids import uuid7

    own = _own_grant(grants)

    def submit(number: int) -> None:
        stage.submit(own(), engine, f"bench-{uuid7().hex}", cards=1)

    return submit


def _in_batches(stage, engine, grants) -> Callable[[int], None]:
    from compute_stage import PLATFORM, now

    from madang.compute.jobs.actions import submit_jobs
    from madang.compute.jobs.orders import JobOrder
    from madang.core.ids import uuid7

    own = _own_grant(grants)

    def submit(number: int) -> None:
        orders = [
            JobOrder(f"bench-{uuid7().hex}", 1, 60, script="exit 0") for _ in range(BATCH)
        ]
        done = submit_jobs(PLATFORM, own(), orders, engine, at=now())
        assert {one.job.state for one in done} == {"queued"}

    return submit


def measured() -> dict[str, object]:
    found: dict[str, object] = {"reconciliation": reconciliation()}
    print("  reconciliation", found["reconciliation"], flush=True)
    found["submission"] = submissions()
    print("  submission", found["submission"], flush=True)
    return found


def held(found: dict[str, dict[str, float]]) -> bool:
    """The two gates of this side: share of raw REST, attempts a second."""
    submitted, compared = found["submission"], found["reconciliation"]
    target = submitted["target_share"]
    for name in ("batches", "single_calls", "http"):
        if submitted[f"{name}_share"] < target:
            print(f"  missed: {name} reach {submitted[f'{name}_share']}, not {target}")
    best = max(submitted["batches_share"], submitted["single_calls_share"])
    return best >= target and compared["attempts_per_s"] >= compared["target_per_s"]

"""How long a wrong book stands before the platform says so: F5 and F6 of the reference on a
real Slurm, from the moment in which the daemons answer again to a finding. The site is read
every ten seconds, as the worker does it. Called from bench/compute.py.

`settled` is a run of the script after which Slurm's books agreed by themselves and the right
amount was posted: there was nothing to find, and the seconds are those to the end.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]

ROUNDS = int(os.environ.get("MADANG_BENCH_FOUND_ROUNDS") or 3)
EVERY_S = 10
FLOOR_S, TARGET_S = 300, 30
CAUSES = ("phantom", "overcounted", "runaway", "unheard")
"""What says that a book is wrong: one that accounting lacks may be young."""
CARDS = 2
SLACK_S = 6
"""By which Slurm may book a run longer than its script: start and end of a busy machine."""


def found() -> dict[str, object]:
    from house import standing_house
    from slurm_rig import start_cluster, stop_cluster

    rig = start_cluster()
    try:
        with standing_house() as house:
            os.environ.update(house.environment(), MADANG_TEST="1")
            from madang.cli.installation import opened

            with opened(house.data):
                return _measured(rig)
    finally:
        stop_cluster(rig)


def _measured(rig) -> dict[str, object]:
    from compute_stage import Stage
    from django.db import transaction

    with transaction.atomic():
        stage, engine = Stage(), rig.engine()
        grant = stage.grant(gpu_seconds=10**7, cards_max=8)
    told: dict[str, object] = {
        "floor_s": FLOOR_S,
        "target_s": TARGET_S,
        "read_every_s": EVERY_S,
    }
    for name, break_it, lasts_s in (("f5", _f5, 6), ("f6", _f6, 3)):
        runs = []
        for number in range(ROUNDS):
            job = stage.submit(
                grant, engine, f"{name}-{number}", script=f"sleep {lasts_s}", cards=CARDS
            )
            _until_taken(stage, engine, job)
            if name == "f5":
                _until_runs(rig, job)
                rig.kill("slurmdbd", signal.SIGKILL)
            _until_over(rig, job)
            break_it(rig)
            runs.append(_watched(rig, stage, engine, job, lasts_s))
            print(f"  {name}", *runs[-1], flush=True)
        seconds = [one for _, one in runs]
        told[name] = {
            "outcomes": [what for what, _ in runs],
            "seconds": seconds,
            "median_s": statistics.median(seconds),
            "worst_s": max(seconds),
        }
    return told | {"load_average": round(os.getloadavg()[0], 1)}


def _until_taken(stage, engine, job) -> None:
    """A young controller may leave an order without an answer: the worker asks again."""
    from slurm_rig import until

    from madang.compute.errors import EngineUnwell

    def look() -> bool:
        if not job.engine_job:
            with suppress(EngineUnwell):
                stage.poll(engine)
            job.refresh_from_db()
        return bool(job.engine_job)

    until(look, FLOOR_S)


def _until_over(rig, job) -> None:
    from slurm_rig import until

    mark = f"epilog_slurmd {job.engine_job} "
    until(lambda: any(mark in one.read_text() for one in rig.records.glob("n*.log")), 120)


def _until_runs(rig, job) -> None:
    words = ("squeue", "-h", "-j", job.engine_job, "-o", "%T")
    _until(lambda: "RUNNING" in rig.run(*words, check=False))


def _f5(rig) -> None:
    """Accounting was away while the job ended, and the controller dies before it could tell."""
    rig.kill("slurmctld", signal.SIGKILL)
    rig.start("slurmdbd")
    _until(lambda: rig.run("sacctmgr", "-n", "show", "cluster", check=False).strip())
    rig.start("slurmctld")
    rig.until_up()


def _f6(rig) -> None:
    """The controller dies as soon as the job has ended: its state is older than the books."""
    rig.kill("slurmctld", signal.SIGKILL)
    rig.start("slurmctld")
    rig.until_up()


def _until(what: Callable[[], object]) -> None:
    from slurm_rig import until

    until(what, 60)


def _settled(job, lasts_s: int) -> str:
    """Closed without a finding: right when no more was posted than was run."""
    from madang.compute.lines.models import Line

    rows = Line.objects.filter(attempt__job=job)
    posted = sum(one.user_gpu_seconds + one.borne_gpu_seconds for one in rows)
    return "settled" if posted <= CARDS * (lasts_s + SLACK_S) else f"overcharged {posted}"


def _watched(rig, stage, engine, job, lasts_s: int) -> tuple[str, float]:
    """Read as the worker does, until there is a finding about the job, or it is right."""
    from madang.compute.attempts.models import Attempt
    from madang.compute.errors import EngineUnwell
    from madang.compute.findings.models import Finding

    began = time.monotonic()
    while time.monotonic() - began < 2 * FLOOR_S:
        read_at = time.monotonic()
        with suppress(EngineUnwell):
            stage.poll(engine)
        keys = Attempt.objects.filter(job=job).values("attempt_key")
        told = Finding.objects.filter(what__in=keys, cause__in=CAUSES)
        about = told.order_by("found_at").first()
        job.refresh_from_db()
        took_s = round(time.monotonic() - began, 1)
        if about is not None:
            rig.run("scancel", job.engine_job, check=False)
            return about.cause, took_s
        if job.state in {"completed", "failed", "timeout", "cancelled", "lost"}:
            return _settled(job, lasts_s), took_s
        time.sleep(max(0.0, EVERY_S - (time.monotonic() - read_at)))
    return "never", round(time.monotonic() - began, 1)


def held(told: dict[str, object]) -> bool:
    """The floor is a gate; what misses the target is printed."""
    worst = {}
    for name in ("f5", "f6"):
        one = told[name]
        assert isinstance(one, dict)
        worst[name] = float(one["worst_s"])
        if any(str(what).startswith(("overcharged", "never")) for what in one["outcomes"]):
            worst[name] = float("inf")
        if worst[name] > TARGET_S:
            print(f"  missed: {name} found after {worst[name]} s, not {TARGET_S}")
    return max(worst.values()) <= FLOOR_S


if __name__ == "__main__":
    print(found())

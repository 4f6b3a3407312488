"""Following a job on a real Slurm: polled as the worker does it, by Slurm's own word."""

from __future__ import annotations

import time
from datetime import timedelta

from compute_stage import now
from slurm_rig import until

from madang.compute.lines.models import Line
from madang.compute.reconciling import reconcile_site

WAIT_S_MAX = 180
REQUEUE_S_MAX = 420
"""Slurm lets a requeued job wait two minutes, and may not hear that it need not."""

DRIFT_S_MAX = 30
CLOSED = ("completed", "failed", "cancelled", "timeout", "lost")
TWICE = (
    "#!/bin/sh\n"
    'if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then exec sleep 2; fi\nexec sleep 600\n'
)
"""Runs until somebody ends it; run again, it ends by itself."""


def wait(stage, engine, job, what=None, within_s: float = WAIT_S_MAX):
    """Poll as the worker does, until the job is where the test wants it."""
    wanted = what or (lambda: job.state in CLOSED)

    def look():
        stage.poll(engine)
        stage.check(job.grant)
        job.refresh_from_db()
        return wanted()

    return until(look, within_s)


def runs(stage, engine, job):
    wait(stage, engine, job, lambda: job.state == "running")


def drift(stage, engine) -> int:
    """As `madang compute reconcile` does it: what can be posted is posted first.

    The wait is Slurm's contract, not ours. Its controller tells accounting through a queue of
    its own (the DBD agent), which it fills again from its state file after a restart: a row
    that one poll has read may change before the books are read for the comparison (F6: the end
    is booked, lost with the controller, and booked again). Such a change is posted by the next
    poll, within one interval of the worker; what is really unexplained stays so for ever.
    """
    found = [1]

    def look() -> bool:
        stage.poll(engine)
        report = reconcile_site(stage.site, engine, now() - timedelta(hours=2), now())
        found[0] = report.as_data()["drift_gpu_seconds"]
        return found[0] == 0

    deadline = time.monotonic() + DRIFT_S_MAX
    while not look() and time.monotonic() < deadline:
        pass
    return found[0]


def engine_seconds(cluster, job) -> int:
    """The engine's own word on every attempt: what its books will say for good."""
    rows = cluster.run("sacct", "-a", "-D", "-X", "-P", "-n", "-S", "2000-01-01", "-E",
                       "now+1days", f"--name={job.engine_key}",
                       "--format=ElapsedRaw,AllocTRES")  # fmt: skip
    total = 0
    for row in rows.splitlines():
        elapsed, tres = row.split("|")
        cards = [int(one.partition("=")[2]) for one in tres.split(",") if "gres/gpu=" in one]
        total += int(elapsed) * sum(cards)
    return total


def posted(job) -> tuple[int, int]:
    lines = Line.objects.filter(attempt__job=job)
    assert {one.kind for one in lines} <= {"use"}
    return sum(one.user_gpu_seconds for one in lines), sum(
        one.borne_gpu_seconds for one in lines
    )


def has_run(stage, engine, cluster, job) -> None:
    """By Slurm's own book, and for more than a second: then it can be taken from its cards."""
    runs(stage, engine, job)

    def look():
        rows = cluster.run("sacct", "-X", "-P", "-n", "-j", job.engine_job, "--format",
                           "State,ElapsedRaw").splitlines()  # fmt: skip
        return any(row.startswith("RUNNING") and int(row.split("|")[1]) > 1 for row in rows)

    until(look, WAIT_S_MAX)


def attempts(cluster, job) -> list[str]:
    """The states of its runs as Slurm books them, in the order in which they began."""
    told = cluster.run("sacct", "-a", "-D", "-X", "-P", "-n", "-S", "2000-01-01", "-E",
                       "now+1days", f"--name={job.engine_key}",
                       "--format=Start,State")  # fmt: skip
    rows = sorted(row.split("|") for row in told.splitlines())
    return [state for _, state in rows if state != "PENDING"]


def ends_again(stage, engine, cluster, job) -> None:
    """Poll as the worker does until a requeued job has run again and is closed."""
    wait(stage, engine, job, lambda: job.state in CLOSED or _release(cluster, job),
         REQUEUE_S_MAX)  # fmt: skip


def _release(cluster, job) -> bool:
    """A requeued job waits two minutes of its own accord; an administrator need not."""
    why = cluster.run("squeue", "-h", "-j", job.engine_job, "-o", "%r", check=False)
    if "BeginTime" in why:
        cluster.run("scontrol", "update", f"job={job.engine_job}", "StartTime=now", check=False)
    return False

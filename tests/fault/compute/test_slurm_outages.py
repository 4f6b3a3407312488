"""A real Slurm that is away for long, loses a machine, gives its ids out again, or whose clocks
and days are not the platform's. After each: nothing lost, nothing twice, drift 0.
"""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from compute_stage import Stage, now
from metering_market import OPERATOR
from slurm_rig import DATABASE, SlurmRig, until
from slurm_watch import (
    CLOSED,
    TWICE,
    WAIT_S_MAX,
    attempts,
    drift,
    ends_again,
    engine_seconds,
    has_run,
    posted,
    runs,
    wait,
)

from madang.compute.attempts.models import Attempt
from madang.compute.errors import EngineRefused, EngineUnwell
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.actions import cancel_job
from madang.compute.lines.models import Line

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def engine(cluster):
    return cluster.engine()


def node_saw_its_end(cluster: SlurmRig, job) -> None:
    word = f"epilog_slurmd {job.engine_job} "
    until(lambda: any(word in one.read_text() for one in cluster.records.glob("n*.log")), 60)


def processes(cluster: SlurmRig, words: str) -> list[int]:
    """Of this cluster, by what their environment or command line says."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            told = (path / "cmdline").read_bytes() + (path / "environ").read_bytes()
        except OSError:
            continue
        text = told.decode(errors="replace")
        if str(cluster.root) in text and re.search(words, text):
            found.append(int(path.name))
    return found


def test_while_the_database_of_accounting_is_down_nothing_is_concluded_or_lost(
    stage, engine, cluster
):
    """The daemon before it answers still, with no rows to tell: that is not "no jobs"."""
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 4", cards=2)
    runs(stage, engine, job)
    cluster.kill(DATABASE)
    try:
        later = stage.submit(grant, engine, "later", script="sleep 1", cards=3)
        assert later.state == "queued", "the controller takes it, as it does in life"
        node_saw_its_end(cluster, job)
        node_saw_its_end(cluster, later)
        with pytest.raises(EngineUnwell):
            stage.poll(engine)
        stage.check(grant)
        assert standing_of(grant).held == 60 * (2 + 3)
        assert not Line.objects.exists()
    finally:
        cluster.start_database()
    for one in (job, later):
        wait(stage, engine, one)
        assert one.state == "completed"
        assert posted(one) == (engine_seconds(cluster, one), 0)
        assert Attempt.objects.filter(job=one).count() == 1
    assert drift(stage, engine) == 0


def test_an_engine_that_is_away_for_an_hour_loses_no_run_and_tells_none_twice(
    stage, engine, cluster
):
    """All three daemons; the hour passes by the platform's clock, which no amount follows. One
    run may last longer than that: what goes beyond its limit is ended by the platform."""
    grant = stage.grant()
    short = stage.submit(grant, engine, "short", script="sleep 8", cards=3)
    long = stage.submit(grant, engine, "long", script="sleep 900", cards=2, time_limit_s=7200)
    for job in (short, long):
        has_run(stage, engine, cluster, job)
    for daemon in ("slurmctld", "slurmdbd", "slurmrestd"):
        cluster.kill(daemon, signal.SIGTERM)
    try:
        for minutes in range(0, 61, 10):
            with pytest.raises(EngineUnwell):
                stage.poll(engine, at=now() + timedelta(minutes=minutes))
        stage.check(grant)
        assert standing_of(grant).held == 3 * 60 + 2 * 7200
        assert {job.state for job in grant.jobs.all()} == {"running"}
        until(lambda: not processes(cluster, rf"SLURM_JOB_ID={short.engine_job}\0"), 60)
    finally:
        cluster.start("slurmdbd")
        until(lambda: cluster.run("sacctmgr", "-n", "show", "cluster", check=False).strip(), 30)
        cluster.start("slurmctld")
        cluster.start_rest()
    cluster.until_up()

    def look() -> bool:
        stage.poll(engine, at=now() + HOUR)
        short.refresh_from_db()
        return short.state in CLOSED

    until(look, WAIT_S_MAX)
    long.refresh_from_db()
    assert (short.state, long.state) == ("completed", "running")
    cancel_job(OPERATOR, long, engine, at=now() + HOUR)
    wait(stage, engine, long)
    assert long.state == "cancelled"
    for job in (short, long):
        assert posted(job) == (engine_seconds(cluster, job), 0)
        assert Attempt.objects.filter(job=job).count() == 1
    assert drift(stage, engine) == 0


def test_a_machine_that_dies_under_a_job_is_borne_and_the_next_run_is_metered_apart(
    stage, engine, cluster
):
    """Its daemon and what kept the job, at once: nobody says good-bye, and the job's own
    process runs on. The controller finds out by itself."""
    grant = stage.grant()
    job = stage.submit(grant, engine, script=TWICE, cards=2, time_limit_s=660)
    has_run(stage, engine, cluster, job)
    node = cluster.run("squeue", "-h", "-j", job.engine_job, "-o", "%N").strip()
    orphans = processes(cluster, rf"SLURM_JOB_ID={job.engine_job}\0")
    keepers = processes(cluster, rf"^slurmstepd: \[{job.engine_job}\.")
    assert orphans and keepers
    for pid in keepers:
        os.kill(pid, signal.SIGKILL)
    cluster.kill(f"slurmd-{node}")
    try:
        lost = lambda: {"NODE_FAIL", "REQUEUED"} & set(attempts(cluster, job))  # noqa: E731
        until(lost, WAIT_S_MAX)
        ends_again(stage, engine, cluster, job)
    finally:
        for pid in orphans:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)
        cluster.start("slurmd", "-N", node)
        cluster.run("scontrol", "update", f"nodename={node}", "state=resume", check=False)
    assert job.state == "completed"
    assert Attempt.objects.filter(job=job).count() == 2
    causes = {one.cause for one in Line.objects.filter(attempt__job=job)}
    assert causes == {"node_failure", "use"}
    assert sum(posted(job)) == engine_seconds(cluster, job)
    assert standing_of(grant).held == 0
    assert drift(stage, engine) == 0


@pytest.fixture
def recycling(cluster):
    """A controller that forgets what has ended as soon as it may, and whose next id is the one
    that it gave out last."""
    before = cluster.reconfigure(MinJobAge="2")
    yield cluster
    cluster.restore(before)


def test_a_job_id_that_comes_again_is_another_job_with_a_line_of_its_own(stage, recycling):
    engine = recycling.engine()
    first, second = stage.grant("first", organisation="other"), stage.grant()
    before = stage.submit(first, engine, script="sleep 3", cards=1)
    wait(stage, engine, before)
    id = before.engine_job
    until(lambda: f"JobId={id} " not in recycling.run("scontrol", "-o", "show", "jobs"), 180)
    recycling.reconfigure(FirstJobId=id, MaxJobId=str(int(id) + 2))

    def again():
        """The next one is before the last of these ids, or the first of them anew."""
        try:
            job = stage.submit(second, engine, f"again-{now()}", script="sleep 4", cards=3)
        except EngineRefused:
            return None  # the files of the old job are still there
        wait(stage, engine, job)
        return job if job.engine_job == id else None

    job = until(again, WAIT_S_MAX)
    assert (job.state, before.engine_job) == ("completed", job.engine_job)
    for one in (before, job):
        (attempt,) = Attempt.objects.filter(job=one)
        assert attempt.attempt_key.startswith(f"{id}@")
        assert posted(one) == (engine_seconds(recycling, one), 0)
    assert drift(stage, engine) == 0
    assert not Attempt.objects.filter(is_disputed=True).exists()
    doubts = Finding.objects.filter(state="open", what__startswith=f"{id}@")
    assert list(doubts.values_list("cause", flat=True)) == []


@pytest.fixture
def wrong_clock(cluster):
    """The clocks of all nodes go forty seconds ahead of the controller's."""
    record = cluster.root / "etc" / "node-record"
    before = record.read_text()
    record.write_text(before.replace("$(date +%s)", "$(( $(date +%s) + 40 ))"))
    yield cluster
    record.write_text(before)


def test_a_node_whose_clock_is_wrong_changes_no_amount(stage, wrong_clock):
    engine = wrong_clock.engine(late_s=5)
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 4", cards=2)
    wait(stage, engine, job)
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 8, 20)  # beyond what accounting is waited for
    assert (job.state, posted(job)) == ("completed", (engine_seconds(wrong_clock, job), 0))
    assert drift(stage, engine) == 0
    assert not Attempt.objects.filter(is_disputed=True).exists()


@pytest.fixture
def midnight(cluster, monkeypatch):
    """A cluster that lives where it is midnight in twelve seconds."""
    at = datetime.now(UTC) + timedelta(seconds=12)
    into_day_s = at.hour * 3600 + at.minute * 60 + at.second
    ahead_s = 86_400 - into_day_s
    told = time.strftime("%H:%M:%S", time.gmtime(ahead_s))
    for daemon in ("slurmctld", "slurmdbd"):
        cluster.kill(daemon, signal.SIGTERM)
    with monkeypatch.context() as there:
        there.setenv("TZ", f"HERE-{told}")  # east of Greenwich, by POSIX
        _up(cluster)
    yield cluster, at
    for daemon in ("slurmctld", "slurmdbd"):
        cluster.kill(daemon, signal.SIGTERM)
    _up(cluster)


def _up(cluster: SlurmRig) -> None:
    cluster.start("slurmdbd")
    until(lambda: cluster.run("sacctmgr", "-n", "show", "cluster", check=False).strip(), 30)
    cluster.start("slurmctld")
    cluster.until_up()


def test_a_run_over_the_clusters_midnight_is_one_line_and_told_to_the_second(stage, midnight):
    cluster, at = midnight
    engine = cluster.engine()
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 20", cards=2)
    wait(stage, engine, job)
    (attempt,) = Attempt.objects.filter(job=job)
    assert attempt.started_at < at < attempt.ended_at, "it ran over midnight"
    assert posted(job) == (engine_seconds(cluster, job), 0)
    assert sum(posted(job)) >= 40
    assert drift(stage, engine) == 0

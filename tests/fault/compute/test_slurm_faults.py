"""A real Slurm, made to do what it does in life: the twelve ways in which its accounting is not
a ledger, and daemons that die. After each of them: nothing lost, nothing twice, drift 0, no
quota exceeded.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from compute_stage import Stage, now
from metering_market import OPERATOR
from slurm_rig import USER, until
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
from madang.compute.engines.types import GrantRef
from madang.compute.errors import DecisionInvalid, EngineUnclear, EngineUnwell
from madang.compute.findings.models import Finding
from madang.compute.grants.actions import change_budget
from madang.compute.grants.queries import locked_grant, standing_of
from madang.compute.jobs.actions import cancel_job
from madang.compute.jobs.deciding import decide_submission
from madang.compute.jobs.doubts import submissions_in_doubt
from madang.compute.jobs.handing import ready
from madang.compute.jobs.models import Job
from madang.compute.jobs.queries import ref_of
from madang.compute.lines.models import Line
from madang.compute.sites.models import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def engine(cluster):
    return cluster.engine()


def test_a_real_job_is_charged_to_the_second_that_slurm_booked(stage, engine, cluster):
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 3", cards=3)
    wait(stage, engine, job)
    assert job.state == "completed"
    assert sum(posted(job)) == engine_seconds(cluster, job) >= 9
    assert drift(stage, engine) == 0


def test_f1_a_preempted_attempt_that_slurm_hides_is_on_its_own_line(stage, engine, cluster):
    grant = stage.grant()
    ready(grant, engine)
    cheap_and_dear(cluster, grant.account)
    job = stage.submit(grant, engine, script=TWICE, cards=8, time_limit_s=660)
    has_run(stage, engine, cluster, job)
    node = cluster.run("squeue", "-h", "-j", job.engine_job, "-o", "%N").strip()
    dear = ("--account=rival", "--qos=high", f"--nodelist={node}", "--gres=gpu:h100:8")
    cluster.run("sbatch", f"--uid={USER}", *dear, "--time=1", "--output=/dev/null",
                "--chdir=/", "--wrap=exit 0")  # fmt: skip
    until(lambda: len(attempts(cluster, job)) > 1 or "PREEMPTED" in attempts(cluster, job), 60)
    ends_again(stage, engine, cluster, job)
    ended_as_booked(cluster, job, first="PREEMPTED")
    lines = {one.cause: one for one in Line.objects.filter(attempt__job=job)}
    assert sorted(lines) == ["preempted_by_programme", "use"]
    assert Attempt.objects.filter(job=job).count() == 2
    assert sum(posted(job)) == engine_seconds(cluster, job)
    assert drift(stage, engine) == 0


def cheap_and_dear(cluster, account: str) -> None:
    """Jobs of an account that give way, and a rival who needs no leave."""
    for words in (
        ("add", "qos", "low"),
        ("add", "qos", "high", "preempt=low", "priority=100"),
        ("modify", "account", account, "set", "qos=low", "defaultqos=low"),
        ("modify", "user", USER, "where", f"account={account}", "set", "qos=low",
         "defaultqos=low"),
        ("add", "account", "rival"),
        ("add", "user", USER, "account=rival"),
        ("modify", "user", USER, "where", "account=rival", "set", "qos=high"),
    ):  # fmt: skip
        cluster.run("sacctmgr", "-i", *words, check=False)


def test_f1_a_requeued_job_is_metered_by_its_runs_and_ends_with_the_last(
    stage, engine, cluster
):
    grant = stage.grant()
    job = stage.submit(grant, engine, script=TWICE, cards=8, time_limit_s=660)
    has_run(stage, engine, cluster, job)
    cluster.run("scontrol", "requeue", job.engine_job)
    ends_again(stage, engine, cluster, job)
    ended_as_booked(cluster, job, first="REQUEUED")
    assert Attempt.objects.filter(job=job).count() == 2
    assert sum(posted(job)) == engine_seconds(cluster, job)
    assert Line.objects.filter(attempt__job=job).count() == 2
    assert drift(stage, engine) == 0


def test_a_job_requeued_as_soon_as_it_starts_is_closed_for_what_slurm_booked(
    stage, engine, cluster
):
    grant = stage.grant()
    job = stage.submit(grant, engine, script=TWICE, cards=2, time_limit_s=660)
    cluster_says = ("squeue", "-h", "-j", job.engine_job, "-o", "%T")
    until(lambda: "RUNNING" in cluster.run(*cluster_says), WAIT_S_MAX)
    stage.poll(engine)
    cluster.run("scontrol", "requeue", job.engine_job)
    ends_again(stage, engine, cluster, job)
    ended_as_booked(cluster, job, first="REQUEUED")
    assert Attempt.objects.filter(job=job).count() == 2
    assert sum(posted(job)) == engine_seconds(cluster, job)
    assert standing_of(grant).held == 0
    assert drift(stage, engine) == 0


def ended_as_booked(cluster, job, *, first: str) -> None:
    """By the second run's own end: `completed` as a rule; let go before its two minutes are
    over it may fail in Slurm (its node has not forgotten the first run yet), and then it failed
    for both. Any other end would be the platform's doing or a third run, and is an error."""
    words = ("squeue", "-h", "-j", job.engine_job, "-o", "%T")
    until(lambda: not cluster.run(*words, check=False).strip(), WAIT_S_MAX)
    booked = attempts(cluster, job)
    assert booked[0] == first, booked
    assert len(booked) == 2, "it ran again before it was closed"
    assert job.state == {"COMPLETED": "completed", "FAILED": "failed"}[booked[1]], booked
    assert job.cancel_asked_at is None


def test_f2_suspended_cards_stay_held_and_are_charged(stage, engine, cluster):
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 6", cards=4)
    runs(stage, engine, job)
    cluster.run("scontrol", "suspend", job.engine_job)
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 4, 10)
    cluster.run("scontrol", "resume", job.engine_job)
    wait(stage, engine, job)
    attempt = Attempt.objects.get(job=job)
    held = (attempt.ended_at - attempt.started_at).total_seconds() * 4
    assert attempt.suspended_s >= 3
    assert posted(job) == (held, 0)
    assert held >= engine_seconds(cluster, job) + 3 * 4 - 4
    assert drift(stage, engine) == 0


def test_f4_a_lowered_budget_stops_a_running_job_that_slurm_would_let_run(stage, engine):
    grant = stage.grant(gpu_seconds=1200)
    job = stage.submit(grant, engine, script="sleep 300", cards=4, time_limit_s=300)
    runs(stage, engine, job)
    change_budget(OPERATOR, locked_grant(grant.id), gpu_seconds=300, at=now())
    wait(stage, engine, job)
    assert job.state == "cancelled"
    grant.refresh_from_db()
    standing = standing_of(grant)
    assert standing.used <= 300
    assert standing.granted - standing.expired == 300
    assert drift(stage, engine) == 0


def test_f5_an_overcount_after_crashes_is_disputed_not_charged(stage, engine, cluster):
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 6", cards=2)
    runs(stage, engine, job)
    cluster.kill("slurmdbd", signal.SIGKILL)
    log = cluster.records
    until(lambda: any(f"epilog_slurmd {job.engine_job} " in one.read_text()
                      for one in log.glob("n*.log")), 30)  # fmt: skip
    with pytest.raises(EngineUnwell):
        stage.poll(engine)
    stage.check(grant)
    assert Line.objects.filter(attempt__job=job).count() == 0
    cluster.kill("slurmctld", signal.SIGKILL)
    cluster.start("slurmdbd")
    until(lambda: cluster.run("sacctmgr", "-n", "show", "cluster", check=False).strip(), 30)
    cluster.start("slurmctld")
    cluster.until_up()
    wait(stage, engine, job, lambda: _is_settled_or_disputed(job), within_s=100)
    user, borne = posted(job)
    assert user + borne <= 2 * 12
    assert standing_of(grant).held == (120 if user + borne == 0 else 0)
    assert drift(stage, engine) == 0
    if job.state not in CLOSED:  # long before the books ended it, its node said so
        keys = Attempt.objects.filter(job=job).values("attempt_key")
        assert Finding.objects.filter(cause="phantom", what__in=keys).exists()


def _is_settled_or_disputed(job) -> bool:
    return (
        job.state in CLOSED
        or Finding.objects.filter(
            attempt__job=job, cause__in=["overcounted", "phantom", "runaway"], state="open"
        ).exists()
    )


def test_f6_a_controller_killed_at_a_jobs_end_charges_what_was_run(stage, engine, cluster):
    grant = stage.grant()
    job = stage.submit(grant, engine, script="sleep 3", cards=2)
    until(lambda: any(f"epilog_slurmd {job.engine_job} " in one.read_text()
                      for one in cluster.records.glob("n*.log")), 30)  # fmt: skip
    cluster.kill("slurmctld", signal.SIGKILL)
    cluster.start("slurmctld")
    cluster.until_up()
    wait(stage, engine, job, lambda: _is_settled_or_disputed(job), within_s=100)
    assert sum(posted(job)) <= 2 * 8
    # A controller that had not saved the end runs the job again, and accounting keeps the
    # second run alone: the first is what the node has seen.
    assert drift(stage, cluster.engine(late_s=5)) == 0
    cluster.run("scancel", job.engine_job, check=False)


def test_f7_a_lost_node_is_borne_and_the_next_attempt_is_metered_apart(stage, engine, cluster):
    grant = stage.grant()
    job = stage.submit(grant, engine, script=TWICE, cards=2, time_limit_s=660)
    has_run(stage, engine, cluster, job)
    node = cluster.run("squeue", "-h", "-j", job.engine_job, "-o", "%N").strip()
    cluster.run("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    try:
        ends_again(stage, engine, cluster, job)
    finally:
        cluster.run("scontrol", "update", f"nodename={node}", "state=resume", check=False)
    causes = {one.cause for one in Line.objects.filter(attempt__job=job)}
    assert causes == {"node_failure", "use"}
    assert sum(posted(job)) == engine_seconds(cluster, job)
    assert drift(stage, engine) == 0


def test_f8_with_accounting_away_jobs_are_taken_and_nothing_is_concluded(
    stage, engine, cluster
):
    grant = stage.grant()
    cluster.kill("slurmdbd", signal.SIGKILL)
    try:
        known = stage.grant("known", organisation="other")
        assert stage.submit(known, engine, script="sleep 1").state == "intent"
        with pytest.raises(EngineUnwell):
            stage.poll(engine)
    finally:
        cluster.start("slurmdbd")
    cluster.until_up()
    job = stage.submit(grant, engine, "after", script="sleep 1")
    wait(stage, engine, job)
    (waiting,) = known.jobs.all()
    wait(stage, engine, waiting)
    assert (job.state, waiting.state) == ("completed", "completed")
    assert drift(stage, engine) == 0


def closing(message: bytes) -> bytes:
    """Says behind its first line that its connection carries nothing more."""
    return message.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


class Deaf:
    """A door before slurmrestd that passes one submission on and loses its answer."""

    def __init__(self, port: int) -> None:
        self.port, self.lost = port, 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.door.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.door.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self.port)) as behind:
                asked = client.recv(1 << 20)
                while b"\r\n\r\n" not in asked:
                    asked += client.recv(1 << 20)
                behind.sendall(closing(asked))
                if b"Content-Length" in asked and not asked.rstrip().endswith(b"}"):
                    behind.sendall(client.recv(1 << 20))
                answer = behind.recv(1 << 20)
                if b"job/submit" in asked and not self.lost:
                    self.lost += 1
                    continue
                answer = closing(answer)
                while answer:
                    client.sendall(answer)
                    answer = behind.recv(1 << 20)

    def close(self) -> None:
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        self.thread.join(10)


def test_f9_a_lost_reply_is_adopted_and_never_a_second_job(stage, cluster):
    door = Deaf(cluster.port + 20)
    engine = cluster.engine(address=door.address)
    try:
        grant = stage.grant()
        job = stage.submit(grant, engine, script="sleep 1")
        assert (job.state, door.lost) == ("intent", 1)
        again = stage.submit(grant, engine, script="sleep 1")
        assert again.state == "queued"
        wait(stage, engine, again)
        assert len(attempts(cluster, again)) == 1
        assert drift(stage, engine) == 0
    finally:
        door.close()


def test_f10_a_held_job_that_the_books_do_not_show_is_not_lost(stage, engine, cluster):
    grant = stage.grant()
    blocker = stage.submit(grant, engine, "blocker", script="sleep 4", cards=8)
    job = stage.submit(grant, engine, "waits", script="exit 0", cards=8)
    cluster.run("scontrol", "hold", job.engine_job)
    wait(stage, engine, blocker)
    assert (job.state, standing_of(grant).held) == ("queued", 480)
    cluster.run("scontrol", "release", job.engine_job)
    wait(stage, engine, job)
    assert drift(stage, engine) == 0


def test_an_array_with_failures_is_metered_by_task(stage, engine, cluster):
    grant = stage.grant()
    script = "#!/bin/sh\nsleep 1; exit $(( SLURM_ARRAY_TASK_ID % 2 ))\n"
    job = stage.submit(grant, engine, script=script, cards=1, array=6)
    wait(stage, engine, job)
    states = sorted(Attempt.objects.filter(job=job).values_list("state", flat=True))
    assert states == ["completed"] * 3 + ["failed"] * 3
    assert sum(posted(job)) == engine_seconds(cluster, job)
    assert drift(stage, engine) == 0


RENAMES = """\
set -e
scontrol update JobId=$SLURM_JOB_ID Comment="mine|or|yours"
scontrol update JobId=$SLURM_JOB_ID JobName="$(printf 'no\\nbody|s')"
sleep 4
"""


def test_a_job_that_renames_itself_is_charged_like_any_other(stage, engine, cluster):
    """Its user may do that. A row that is not read, or is nobody's, would be free of charge."""
    grant = stage.grant()
    conf = f"export SLURM_CONF={cluster.conf}\n"
    job = stage.submit(grant, engine, script=f"#!/bin/bash\n{conf}{RENAMES}", cards=2)
    wait(stage, engine, job)
    assert job.state == "completed"
    told = cluster.run("sacct", "-a", "-X", "-P", "-n", "-S", "now-1hours", "-E", "now+1days",
                       "-j", job.engine_job, "--format=ElapsedRaw,JobName,Comment")  # fmt: skip
    assert "body|s" in told and "mine|or|yours" in told, told
    assert posted(job) == (2 * int(told.partition("|")[0]), 0)
    mine = f"{job.engine_job}@"  # the cluster also shows the jobs of other tests
    assert not Finding.objects.filter(cause="unmatched", what__startswith=mine).exists()
    assert drift(stage, engine) == 0


def test_a_job_that_submits_jobs_is_charged_for_them_and_they_are_cancelled(
    stage, engine, cluster
):
    """One that waits and a heterogeneous one, whose two parts have an id each. The user's own
    account on the cluster is another grant's, the first one's."""
    first = stage.grant("first", organisation="other")
    before = stage.submit(first, engine, "before", script="exit 0")
    wait(stage, engine, before)
    grant = stage.grant()
    conf = f"#!/bin/sh\nexport SLURM_CONF={cluster.conf}\ncd /; sleep 1\n"
    parts = "--gres=gpu:h100:1 -t 2 -o /dev/null : --gres=gpu:h100:3 --wrap 'sleep 100'"
    waits = "sbatch --gres=gpu:h100:8 -N 4 -t 2 -o /dev/null --wrap 'sleep 100'"
    runs = f"squeue -h -A {grant.account} -t R -o %b"
    begun = f"until {runs} | grep -q h100:3; do sleep 1; done"  # else the other takes its cards
    script = f"{conf}sbatch {parts}\n{begun}\n{waits}\nsleep 1"
    job = stage.submit(grant, engine, script=script, time_limit_s=170)
    until(lambda: "h100:3" in cluster.run(*runs.split()), WAIT_S_MAX)
    began = time.monotonic()  # whole seconds are counted: let one pass before the first look
    until(lambda: time.monotonic() - began > 2, 10)
    others = grant.jobs.exclude(pk=job.pk)

    def told() -> str:
        rows = cluster.run("sacct", "-a", "-D", "-X", "-P", "-n", "-S", "now-1hours", "-E",
                           "now+1days", f"--accounts={grant.account}")  # fmt: skip
        return f"{list(others.values())}\n{rows}"

    def both() -> bool:
        stage.poll(engine)
        stage.check(grant)
        return others.count() == 2

    until(both, WAIT_S_MAX, told)
    wait(stage, engine, job, lambda: not others.exclude(state__in=CLOSED).exists())
    assert set(others.values_list("state", "name")) == {("cancelled", "stray")}
    ran = [one for one in Attempt.objects.filter(job__in=others) if one.started_at]
    assert sorted(one.cards for one in ran) == [1, 3]
    lasted = sum((one.ended_at - one.started_at).total_seconds() * one.cards for one in ran)
    assert sum(sum(posted(one)) for one in others) == lasted > 0
    assert standing_of(grant).held == 0
    assert drift(stage, engine) == 0


@pytest.mark.parametrize("by_rest", [True, False])
def test_with_a_user_for_each_grant_no_job_can_spend_another_grants_time(cluster, by_rest):
    """Slurm itself refuses: each user belongs to the account of its own grant alone. Nor can it
    end what the other runs."""
    stage, engine = Stage(), cluster.engine(rest=by_rest)
    Site.objects.filter(pk=stage.site.pk).update(grant_users=["games", "news"])
    first, second = stage.grant(), stage.grant("g2", organisation="other")
    victim = stage.submit(first, engine, script="sleep 20")
    tries = [
        f"sbatch -A {first.account} --gres=gpu:h100:1 -t 1 -o /dev/null --wrap 'sleep 9'",
        f"scancel {victim.engine_job}",
        "sbatch --gres=gpu:h100:1 -t 1 -o /dev/null --wrap 'sleep 60'",
    ]
    script = "\n".join([f"#!/bin/sh\nexport SLURM_CONF={cluster.conf}\ncd /; id -un", *tries])
    job = stage.submit(second, engine, script=f"{script}\nsleep 5\n")
    wait(stage, engine, job)
    told = engine.log(ref_of(job), bytes_max=10_000)
    assert told.startswith("news\n") and "Invalid account" in told, told
    assert "Access/permission denied" in told, told
    wait(stage, engine, victim)
    assert (victim.state, first.jobs.count()) == ("completed", 1)
    (stray,) = second.jobs.filter(name="stray")
    wait(stage, engine, stray)
    assert (stray.state, stray.is_borne) == ("cancelled", False)
    cancelled = stage.submit(first, engine, "again", script="sleep 100")
    runs(stage, engine, cancelled)
    cancel_job(OPERATOR, cancelled, engine, at=now())
    wait(stage, engine, cancelled)
    assert cancelled.state == "cancelled"
    assert drift(stage, engine) == 0


RENAMED = "scontrol update JobId=$SLURM_JOB_ID JobName=other Comment=other\nsleep 12\n"


def test_a_lost_reply_of_a_job_that_renames_itself_is_adopted_and_not_sent_again(
    stage, cluster
):
    door = Deaf(cluster.port + 20)
    engine = cluster.engine(address=door.address)
    try:
        grant = stage.grant()
        script = f"#!/bin/sh\nexport SLURM_CONF={cluster.conf}\n{RENAMED}"
        job = stage.submit(grant, engine, script=script)
        assert (job.state, door.lost) == ("intent", 1)
        mine = ("squeue", "-h", "-A", grant.account, "-o", "%A %j")
        until(lambda: "other" in cluster.run(*mine), WAIT_S_MAX)
        later = now() + timedelta(minutes=2)  # what is not known by then is sent again
        again = stage.submit(grant, engine, script=script, at=later)
        assert again.state == "queued"
        assert len(cluster.run(*mine).splitlines()) == 1
        wait(stage, engine, again)
        assert Attempt.objects.filter(job__grant=grant).count() == 1
        assert drift(stage, engine) == 0
    finally:
        door.close()


def test_a_renamed_job_is_found_by_its_line_when_the_controller_has_forgotten_it(
    stage, cluster, monkeypatch
):
    engine = cluster.engine(rest=False)
    grant = stage.grant()
    script = f"#!/bin/sh\nexport SLURM_CONF={cluster.conf}\n{RENAMED}"
    job = stage.submit(grant, engine, script=script)
    until(lambda: "other" in cluster.run("squeue", "-h", "-j", job.engine_job, "-o", "%j"),
          WAIT_S_MAX)  # fmt: skip
    ref = GrantRef(grant.account, USER)
    assert engine.find(job.engine_key, ref, since=job.created_at).job_id == job.engine_job
    monkeypatch.setattr(engine, "_controller", lambda *, name="": [])
    by_line = until(lambda: engine.find(job.engine_key, ref, since=job.created_at), WAIT_S_MAX)
    assert by_line.job_id == job.engine_job
    monkeypatch.undo()
    cluster.run("scancel", job.engine_job, check=False)
    wait(stage, engine, job)
    assert drift(stage, engine) == 0


@pytest.fixture
def forgetful(cluster):
    """The controller forgets a job as soon as it may, a minute or two after its end."""
    conf = Path(cluster.conf)
    before = conf.read_text()
    conf.write_text(before.replace("MinJobAge=300", "MinJobAge=2"))
    cluster.run("scontrol", "reconfigure")
    yield cluster
    conf.write_text(before)
    cluster.run("scontrol", "reconfigure")


def forgotten(cluster, stage):
    """A submission over REST whose answer is lost, whose job gives itself another name and
    ends, and is in nobody's memory but accounting's."""
    door = Deaf(cluster.port + 20)
    engine = cluster.engine(address=door.address)
    grant = stage.grant()
    renamed = RENAMED.replace("sleep 12", "sleep 2")
    script = f"#!/bin/sh\nexport SLURM_CONF={cluster.conf}\n{renamed}"
    job = stage.submit(grant, engine, script=script)
    assert (job.state, door.lost) == ("intent", 1)
    door.close()
    mine = ("sacct", "-a", "-X", "-n", "-P", "-S", "now-1hours", "-E", "now+1days",
            f"--accounts={grant.account}", "--format=JobIDRaw,JobName,State")  # fmt: skip
    until(lambda: "|other|COMPLETED" in cluster.run(*mine), WAIT_S_MAX)
    (job_id,) = [line.partition("|")[0] for line in cluster.run(*mine).splitlines()]
    until(lambda: f"JobId={job_id} " not in cluster.run("scontrol", "-o", "show", "jobs"), 180)
    return grant, job, job_id, cluster.engine()


def asked_again(stage, grant, job, engine):
    """Later than an unanswered submission can arrive."""
    return stage.submit(grant, engine, script=job.script, at=now() + timedelta(minutes=2))


def test_a_submission_that_nobody_finds_is_not_sent_again_while_something_may_be_it(
    stage, forgetful
):
    """A person says that it is the one: it is charged, and there was one job."""
    grant, job, job_id, engine = forgotten(forgetful, stage)
    again = asked_again(stage, grant, job, engine)
    assert (again.state, standing_of(grant).held) == ("intent", 120)
    stage.poll(engine, at=now() + timedelta(minutes=2))
    (doubt,) = Finding.objects.filter(cause="unanswered", detail__job=str(job.id))
    assert (doubt.state, doubt.detail["engine_job"]) == ("open", job_id)
    with pytest.raises(DecisionInvalid):
        decide_submission(OPERATOR, job, engine_job="1000000", reason="no", at=now())
    decide_submission(OPERATOR, job, engine_job=job_id, reason="its log says so", at=now())
    wait(stage, engine, again)
    told = forgetful.run("sacct", "-X", "-P", "-n", "-j", job_id, "--format=ElapsedRaw,State")
    assert told == f"{sum(posted(again)) // 2}|COMPLETED\n"
    assert sum(posted(again)) > 0
    assert Job.objects.filter(grant=grant).count() == 1
    assert drift(stage, engine) == 0


def test_a_submission_that_no_book_settles_is_shown_to_a_person_with_what_can_be_seen(
    stage, forgetful, monkeypatch
):
    """`sdiag` shows a queue at every look, as it does on a busy controller: after an hour there
    is a finding, nothing is sent, and accounting's rows are read all the same."""
    grant, job, job_id, engine = forgotten(forgetful, stage)

    def waits():
        raise EngineUnclear(site="gwangju", reason="the controller has not told everything")

    monkeypatch.setattr(engine, "_need_all_told", waits)
    stage.poll(engine, at=now() + timedelta(minutes=2))
    assert submissions_in_doubt(OPERATOR, at=now()) == []
    stage.poll(engine, at=now() + timedelta(minutes=61))
    (told,) = submissions_in_doubt(OPERATOR, at=now())
    assert (told["key"], told["user"]) == (job.key, USER)
    assert "told everything" in str(told["unsettled"])
    assert [(one["engine_job"], one["account"], one["state"]) for one in told["arrivals"]] == [
        (job_id, grant.account, "completed")
    ]
    job.refresh_from_db()
    assert (job.state, standing_of(grant).held) == ("intent", 120)
    decide_submission(OPERATOR, job, engine_job=job_id, reason="its log says so", at=now())
    wait(stage, engine, job)
    assert sum(posted(job)) > 0
    mine = ("sacct", "-a", "-D", "-X", "-n", "-P", "-S", "now-1hours", "-E", "now+1days",
            f"--accounts={grant.account}", "--format=JobIDRaw")  # fmt: skip
    assert forgetful.run(*mine).split() == [job_id]  # one submission, one job
    assert drift(stage, engine) == 0


DIRECTIVES = """#!/bin/sh
#SBATCH --nodes=2
#SBATCH --array=0-3
#PBS -l nodes=2
#BSUB -n 200

# a comment
#SBATCH hetjob
#SBATCH --gres=gpu:h100:8
sleep 3
"""


def test_a_job_that_slurm_takes_while_no_node_is_up_is_taken_and_waits(stage, cluster):
    """slurmrestd tells that as an error, with the job's id beside it: told as refused, it would
    run all the same, and its people would submit it again."""
    cluster.run("scontrol", "update", "nodename=ALL", "state=drain", "reason=test")
    engine = cluster.engine()
    try:
        grant = stage.grant()
        job = stage.submit(grant, engine, script="sleep 1")
        assert (job.state, standing_of(grant).held) == ("queued", 120)
    finally:
        cluster.run("scontrol", "update", "nodename=ALL", "state=resume")
    wait(stage, engine, job)
    assert job.state == "completed"
    assert len(attempts(cluster, job)) == 1
    assert drift(stage, engine) == 0


ODD = 'a,b c\'d "e" $HOME `x` \\ ALL=1\nNEW=2'


@pytest.mark.parametrize("by_rest", [True, False])
def test_a_variable_of_a_job_is_what_was_asked_for_whatever_stands_in_it(
    stage, cluster, by_rest
):
    engine = cluster.engine(rest=by_rest)
    grant = stage.grant()
    told = cluster.records / "logs" / f"odd-{by_rest}"
    given = {"ODD": ODD, "SBATCH_ARRAY_INX": "0-3", "SBATCH_GPUS": "8"}
    script = f"#!/bin/sh\nenv -0 > {told}\n"
    job = stage.submit(grant, engine, script=script, environment=given, cards=1)
    wait(stage, engine, job)
    assert Attempt.objects.get(job=job).cards == 1
    found = dict(one.partition("=")[::2] for one in told.read_text().split("\0") if one)
    assert found.items() >= given.items()
    assert found["MADANG_JOB"] == job.engine_key
    assert not {"NEW", "TZ", "SLURM_TIME_FORMAT", "MADANG_DATA"} & found.keys()


@pytest.mark.parametrize("by_rest", [True, False])
def test_directives_in_a_script_take_no_card_more_than_was_asked_for(stage, cluster, by_rest):
    engine = cluster.engine(rest=by_rest)
    grant = stage.grant()
    job = stage.submit(grant, engine, script=DIRECTIVES, cards=1)
    wait(stage, engine, job)
    assert job.state == "completed"
    assert Attempt.objects.get(job__grant=grant).cards == 1
    assert drift(stage, engine) == 0


@pytest.mark.parametrize("by_rest", [True, False])
def test_a_job_of_two_servers_that_gives_one_back_is_charged_for_each_size_once(
    stage, cluster, by_rest
):
    engine = cluster.engine(rest=by_rest)
    grant = stage.grant(cards_max=16)
    job = stage.submit(grant, engine, script="sleep 15", cards=16)
    has_run(stage, engine, cluster, job)
    cluster.run("scontrol", "update", f"job={job.engine_job}", "NumNodes=1")
    wait(stage, engine, job)
    assert job.state == "completed"
    first, second = Attempt.objects.filter(job=job).order_by("number")
    assert [first.cards, second.cards] == [16, 8]
    assert first.state == "resized" and first.ended_at == second.started_at
    lasted = (second.ended_at - first.started_at).total_seconds()
    resized = (first.ended_at - first.started_at).total_seconds()
    assert posted(job) == (8 * lasted + 8 * resized, 0)
    assert standing_of(grant).held == 0
    assert drift(stage, engine) == 0


def test_cards_of_one_server_and_a_half_are_given_on_two(stage, engine, cluster):
    grant = stage.grant(cards_max=12)
    job = stage.submit(grant, engine, script="sleep 2", cards=12)
    wait(stage, engine, job)
    assert job.state == "completed"
    assert Attempt.objects.get(job=job).cards == 12
    assert drift(stage, engine) == 0

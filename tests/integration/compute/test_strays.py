"""Jobs on a grant's account that nobody submitted through the platform: they cost what they
took, they end, and they are never mistaken for a submission that waits for its answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, Stage, changed, declare_policy, fact, now

from madang.compute import polling
from madang.compute.engines.types import RunState
from madang.compute.errors import EngineUnclear
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.models import Job
from madang.compute.lines.models import Line

pytestmark = pytest.mark.django_db


def an_hour_ago(**more) -> Stage:
    """A site whose grants are older than what runs on them."""
    made = Stage(**more)
    made.at -= timedelta(hours=1)
    return made


@pytest.fixture
def stage():
    return an_hour_ago()


@pytest.fixture
def engine():
    return ScriptedEngine()


@pytest.fixture
def grant(stage):
    return stage.grant()


def stray(job, *, lasts_s=None, starts=None, job_id="900", **more):
    """What `sbatch` in a job leaves: another id, a name of its own, the same account."""
    begun = starts or now() - timedelta(seconds=60)
    return changed(
        fact(job, starts=begun, lasts_s=lasts_s, cards=1, job_id=job_id),
        **({"key": "wrap"} | more),
    )


def at_work(stage, engine, grant, **more):
    """A job of the grant that has run for some minutes: only such a one can submit others."""
    job = stage.submit(grant, engine, **more)
    engine.live.append(fact(job, starts=now() - timedelta(seconds=300), lasts_s=None))
    return job


def causes() -> dict[str, str]:
    return dict(Finding.objects.values_list("cause", "state"))


def test_a_job_submitted_in_a_job_is_the_grants_it_is_cancelled_and_charged(
    stage, engine, grant
):
    job = at_work(stage, engine, grant)
    engine.facts = [stray(job)]
    stage.poll(engine)
    stage.check(grant)
    (found,) = Job.objects.exclude(pk=job.pk)
    assert (found.state, found.engine_job, found.name) == ("running", "900", "stray")
    assert engine.cancelled == [found.engine_key]
    assert causes() == {"stray": "open"}
    engine.facts = [stray(job, starts=engine.facts[0].started_at, lasts_s=44,
                          state=RunState.CANCELLED)]  # fmt: skip
    stage.poll(engine)
    stage.check(grant)
    found.refresh_from_db()
    assert (found.state, stage.charged(grant)) == ("cancelled", 44)
    assert Line.objects.get().borne_gpu_seconds == 0
    assert (causes(), Job.objects.count()) == ({"stray": "explained"}, 2)


def test_one_that_was_over_before_anybody_looked_is_charged_once(stage, engine, grant):
    job = at_work(stage, engine, grant)
    engine.facts = [stray(job, lasts_s=30)]
    for _ in range(3):
        stage.poll(engine)
        stage.check(grant)
    assert (stage.charged(grant), engine.cancelled) == (30, [])
    assert Job.objects.exclude(pk=job.pk).get().state == "completed"


def test_one_that_waits_is_cancelled_before_it_costs(stage, engine, grant):
    job = at_work(stage, engine, grant)
    waits = stray(job, started_at=None, state=RunState.PENDING, cards=0)
    engine.facts = [waits]
    stage.poll(engine)
    assert len(engine.cancelled) == 1
    at = now()
    engine.facts = [changed(waits, ended_at=at, state=RunState.CANCELLED)]
    stage.poll(engine, at=at)
    stage.check(grant)
    assert Job.objects.exclude(pk=job.pk).get().state == "cancelled"
    assert (stage.charged(grant), standing_of(grant).held) == (0, 120)


def test_parts_of_a_heterogeneous_job_are_one_job_and_each_part_counts(stage, engine, grant):
    job = at_work(stage, engine, grant)
    first = stray(job, lasts_s=20, whole_job="900")
    later = first.submitted_at + timedelta(seconds=1)
    second = changed(first, job_id="901", cards=2, submitted_at=later)
    engine.facts = [first, second]
    stage.poll(engine)
    stage.check(grant)
    found = Job.objects.exclude(pk=job.pk).get()
    assert (found.attempts.count(), stage.charged(grant)) == (2, 20 + 40)


def test_what_the_grant_cannot_pay_is_borne_and_no_quota_exceeded(stage, engine):
    grant = stage.grant(gpu_seconds=140)
    job = at_work(stage, engine, grant)
    engine.facts = [stray(job, lasts_s=30)]
    stage.poll(engine)
    stage.check(grant)
    line = Line.objects.get()
    assert (line.user_gpu_seconds, line.borne_gpu_seconds) == (20, 10)


def test_it_is_paid_for_at_the_price_of_the_grants_class(engine):
    stage = an_hour_ago(won_each="3")
    grant = stage.grant(subsidy_won=1_000_000)
    job = at_work(stage, engine, grant)
    engine.facts = [stray(job, lasts_s=30)]
    stage.poll(engine)
    stage.check(grant)
    assert Line.objects.get().charge_microwon == 30 * 3_000_000


def test_where_policy_leaves_them_they_are_only_found(stage, engine, grant):
    declare_policy(stray_job="leave")
    job = at_work(stage, engine, grant)
    engine.facts = [stray(job)]
    stage.poll(engine)
    assert (Job.objects.count(), engine.cancelled) == (1, [])
    assert causes() == {"unmatched": "open"}


class Reading(ScriptedEngine):
    """As Slurm's accounting: from its cursor on, and an hour back at most by itself."""

    def usage(self, cursor):
        since_s = int(cursor or 0)
        told = [one for one in self.facts if one.ended_at.timestamp() >= since_s]
        return told, str(max(self.hour_ago_s, since_s))


def test_strays_that_waited_for_an_answer_are_read_again_when_it_comes_by_itself(stage):
    """Nobody decides anything: the job is found after two hours by its key, and the stray that
    came beside it lies behind every reading by then."""
    engine = Reading()
    engine.hour_ago_s = 0
    grant, at = stage.grant(), now()
    runs = stage.submit(grant, engine, "runs")
    engine.failing = EngineUnclear(site="gwangju", reason="no answer")
    lost = stage.submit(grant, engine, "lost")
    engine.failing = None
    runs.refresh_from_db()
    started = fact(runs, starts=at - timedelta(seconds=20), lasts_s=40)
    came = fact(runs, starts=at, lasts_s=5, job_id="900", submitted=lost.created_at)
    engine.arrived = [changed(came, key="other")]
    engine.facts = [started, changed(came, key="other")]
    stage.poll(engine, at=at + timedelta(minutes=2))
    stage.site.refresh_from_db()
    assert stage.site.passed_over_at == lost.created_at
    assert stage.charged(grant) == 2 * 40
    later = at + timedelta(hours=2)
    engine.hour_ago_s = int((later - timedelta(hours=1)).timestamp())
    stage.poll(engine, at=later)  # still no answer: read no further back than ever
    stage.site.refresh_from_db()
    assert stage.site.cursor == str(engine.hour_ago_s)
    engine.submitted.append((lost.engine_key, None))
    stage.poll(engine, at=later)
    stage.site.refresh_from_db()
    assert stage.site.passed_over_at is None
    assert stage.site.cursor == str(int(lost.created_at.timestamp()))
    stage.poll(engine, at=later)
    assert stage.charged(grant) == 2 * 40 + 2 * 5
    stage.poll(engine, at=later)
    stage.check(grant)
    assert stage.charged(grant) == 2 * 40 + 2 * 5


@pytest.mark.parametrize("account", ["own", "other"])
def test_a_stranger_that_may_be_an_unanswered_submission_is_left_alone(
    stage, engine, grant, account
):
    """Its answer was lost and it has another name by now, and another account of the same user
    perhaps: no stray, and nobody ends it."""
    accounts = {"own": grant.account, "other": stage.grant("g2").account}
    engine.failing = EngineUnclear(site="gwangju", reason="lost")
    job = at_work(stage, engine, grant)
    job.refresh_from_db()
    assert (job.state, job.asked_at is None) == ("intent", False)
    engine.failing = None
    engine.find = lambda key, ref, *, since: None
    engine.facts = [stray(job, submitted_at=job.created_at, account=accounts[account])]
    stage.poll(engine)
    assert (Job.objects.count(), engine.cancelled) == (1, [])
    assert causes() == {"unmatched": "open"}


@pytest.mark.parametrize("away", ["account", "before"])
def test_what_is_of_no_grants_account_or_older_than_it_is_nobodys(stage, engine, grant, away):
    job = at_work(stage, engine, grant)
    others = {
        "account": {"account": "m" + "0" * 32},
        "before": {"submitted_at": grant.created_at - timedelta(days=400)},
    }
    engine.facts = [stray(job, **others[away])]
    stage.poll(engine)
    assert (Job.objects.count(), causes()) == (1, {"unmatched": "open"})


def test_its_name_is_free_whatever_keys_the_grant_has_used(stage, engine, grant):
    """Who writes a job's key beforehand must not stop the reading of the site."""
    job = at_work(stage, engine, grant)
    found = stray(job)
    at_s = int(found.submitted_at.timestamp())
    stage.submit(grant, engine, key=f"stray-900-{at_s}")
    engine.facts = [found]
    stage.poll(engine)
    stage.check(grant)
    assert Job.objects.filter(engine_job="900", state="running").count() == 1


def test_parts_of_one_job_on_two_accounts_are_each_grants_own(stage, engine, grant):
    other = stage.grant(code="other")
    jobs = [at_work(stage, engine, one) for one in (grant, other)]
    first = stray(jobs[0], lasts_s=20, whole_job="900")
    second = changed(first, job_id="901", account=other.account, cards=2)
    engine.facts = [first, second]
    stage.poll(engine)
    for one in (grant, other):
        stage.check(one)
    assert (stage.charged(grant), stage.charged(other)) == (20, 40)


def test_an_array_of_which_one_task_is_over_is_cancelled_while_others_wait(
    stage, engine, grant
):
    job = at_work(stage, engine, grant)
    over = stray(job, lasts_s=20, whole_job="900")
    waits = changed(over, job_id="901", started_at=None, ended_at=None,
                    state=RunState.PENDING, cards=0)  # fmt: skip
    engine.facts = [over, waits]
    stage.poll(engine)
    stage.check(grant)
    found = Job.objects.exclude(pk=job.pk).get()
    assert (found.state, engine.cancelled) == ("queued", [found.engine_key])
    at = now()
    engine.facts = [over, changed(waits, ended_at=at, state=RunState.CANCELLED)]
    stage.poll(engine, at=at)
    stage.check(grant)
    found.refresh_from_db()
    assert (found.ended_at is None, stage.charged(grant)) == (False, 20)
    assert standing_of(grant).held == 120  # the first job's alone


def test_one_whose_answer_came_while_the_reading_was_posted_is_no_stray(
    stage, engine, grant, monkeypatch
):
    """Between the look for jobs by id and the look for unanswered ones it is written down."""
    engine.failing = EngineUnclear(site="gwangju", reason="lost")
    job = at_work(stage, engine, grant)
    engine.failing = None
    job.refresh_from_db()
    engine.find = lambda key, ref, *, since: None

    def answered(*given, **more):
        Job.objects.filter(pk=job.pk).update(state="queued", engine_job="900")
        return by_job(*given, **more)

    by_job = polling._by_job
    monkeypatch.setattr(polling, "_by_job", answered)
    engine.facts = [stray(job, submitted_at=job.created_at)]
    stage.poll(engine)
    assert Job.objects.count() == 1


def test_a_job_that_took_a_key_of_nobodys_is_charged_as_the_job_it_is(stage, engine, grant):
    """It looks like one of ours, and is no reason to charge nothing or to charge it twice."""
    job = stage.submit(grant, engine)
    begun = now() - timedelta(seconds=30)
    runs = fact(job, starts=begun, lasts_s=None, submitted=job.created_at)
    engine.facts = [runs]
    stage.poll(engine)
    over = fact(job, starts=begun, lasts_s=20, submitted=job.created_at)
    engine.facts = [changed(over, key="madang-" + "0" * 32)]
    stage.poll(engine)
    stage.check(grant)
    job.refresh_from_db()
    assert (job.state, stage.charged(grant)) == ("completed", 40)
    assert (Job.objects.count(), engine.cancelled, causes()) == (1, [], {})


def test_what_was_nobodys_until_its_answer_came_is_explained_by_its_line(stage, engine, grant):
    engine.failing = EngineUnclear(site="gwangju", reason="lost")
    job = at_work(stage, engine, grant)
    engine.failing = None
    engine.find = lambda key, ref, *, since: None
    begun = job.created_at + timedelta(milliseconds=1)
    found = stray(job, starts=begun, lasts_s=0.5, submitted_at=job.created_at)
    engine.facts = [found]
    stage.poll(engine, at=now() + timedelta(seconds=3))
    assert causes() == {"unmatched": "open"}
    Job.objects.filter(pk=job.pk).update(state="queued", engine_job="900")
    stage.poll(engine, at=now() + timedelta(seconds=3))
    stage.check(grant)
    assert (Job.objects.count(), causes()) == (1, {"unmatched": "explained"})


def test_a_stray_on_the_account_of_a_grant_of_which_nothing_ran_is_borne(engine):
    """Another grant's job named its account: it neither pays nor holds, and the supplier is
    paid. Nothing of it is free."""
    stage = an_hour_ago(won_each="3")
    victim = stage.grant(subsidy_won=1_000_000)
    other = stage.grant("g2", subsidy_won=1_000_000)
    job = stage.submit(victim, engine)
    at_work(stage, engine, other, key="k2")
    for ends in (None, 44):
        engine.facts = [
            stray(job, lasts_s=ends, starts=engine.facts[0].started_at if ends else None)
        ]
        stage.poll(engine)
        stage.check(victim)
    found = Job.objects.get(grant=victim, name="stray")
    assert (found.is_borne, found.state, stage.charged(victim)) == (True, "completed", 0)
    line = Line.objects.get(attempt__job=found)
    assert (line.user_gpu_seconds, line.borne_gpu_seconds, line.charge_microwon) == (0, 44, 0)
    assert standing_of(victim).held == 120
    detail = Finding.objects.get(cause="stray").detail
    assert (detail["borne"], detail["ran"]) == (1, "g2")
    assert (engine.cancelled, causes()) == ([found.engine_key], {"stray": "explained"})


@pytest.mark.parametrize(("after_s", "pays"), [(-5, True), (30, False)])
def test_a_run_that_ended_in_this_very_reading_counts_to_its_end(
    stage, engine, grant, after_s, pays
):
    job = stage.submit(grant, engine)
    ended = fact(job, starts=now() - timedelta(seconds=300), lasts_s=100)
    came = ended.ended_at + timedelta(seconds=after_s)
    engine.facts = [ended, stray(job, submitted_at=came, starts=came, lasts_s=30)]
    stage.poll(engine)
    stage.check(grant)
    assert stage.charged(grant) == 2 * 100 * 60 // 100 + (30 if pays else 0)


def test_what_a_stray_submits_in_its_turn_is_of_the_same_grant(stage, engine, grant):
    job = stage.submit(grant, engine)
    ran = fact(job, starts=now() - timedelta(seconds=300), lasts_s=50)
    first = stray(job, submitted_at=ran.ended_at, starts=ran.ended_at, lasts_s=60)
    later = first.ended_at - timedelta(seconds=1)
    second = stray(job, submitted_at=later, starts=later, lasts_s=20, job_id="901")
    engine.facts = [second, first, ran]
    stage.poll(engine)
    stage.check(grant)
    assert set(grant.jobs.filter(name="stray").values_list("is_borne", flat=True)) == {False}


def test_where_several_grants_ran_the_named_one_pays_and_a_person_reads_which(
    stage, engine, grant
):
    other = stage.grant("g2")
    job = at_work(stage, engine, grant)
    at_work(stage, engine, other)
    engine.facts = [stray(job, lasts_s=30)]
    stage.poll(engine)
    stage.check(grant)
    assert (stage.charged(grant), stage.charged(other)) == (30, 0)
    assert Finding.objects.get(cause="stray").detail["ran"] == "g1, g2"

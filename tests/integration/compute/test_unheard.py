"""A run that only a node saw: whose it is, held in dispute, decided, or told late after all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, fact, now
from django.db import connection
from django.test.utils import CaptureQueriesContext
from metering_market import OPERATOR

from madang.compute.attempts.decisions import decide_attempt
from madang.compute.attempts.models import Attempt
from madang.compute.engines.types import Discrepancy, RunState
from madang.compute.findings.models import Finding
from madang.compute.grants.actions import change_budget
from madang.compute.grants.queries import locked_grant, standing_of
from madang.compute.jobs.models import Job
from madang.compute.reconciling import reconcile_site

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def job(stage, engine):
    """Submitted ten minutes ago."""
    made = stage.submit(stage.grant(), engine, cards=2, time_limit_s=60)
    then = now() - 10 * MINUTE
    Job.objects.filter(pk=made.pk).update(created_at=then, asked_at=then)
    return made


def saw(job, *, ago=5 * MINUTE, lasts_s: int | None = 40, job_id=""):
    """What the engine tells of a node's word: an id and two times, nothing else."""
    told = fact(job, starts=(now() - ago).replace(microsecond=0), lasts_s=lasts_s)
    node = changed(
        told, key="", account="", cards=0, submitted_at=told.started_at,
        job_id=job_id or told.job_id, state=RunState.UNKNOWN, source="node",
    )  # fmt: skip
    return told, Discrepancy(node.job_id, "", "unheard", None, None, node)


def polled(stage, engine, job, *facts, at=None):
    engine.facts = list(facts)
    stage.poll(engine, at=at)
    stage.check(job.grant)
    job.refresh_from_db()


def drift(stage, engine) -> tuple[int, set[str]]:
    report = reconcile_site(stage.site, engine, now() - 60 * MINUTE, now())
    return int(report.as_data()["drift_gpu_seconds"]), set(report.by_cause)


def named(stage, engine, what) -> list[tuple[str, str, str, bool]]:
    """What differs: the cause, the names by which a person decides, and whether to do so."""
    data = reconcile_site(stage.site, engine, now() - 60 * MINUTE, now()).as_data()
    return [
        (one["cause"], one["grant"], one["key"],
         all("madang compute decide" in one[name] for name in ("proposal", "proposal_ko")))
        for one in data[what]
    ]  # fmt: skip


def test_it_is_disputed_and_held_and_a_person_decides(stage, engine, job):
    told, doubt = saw(job)
    engine.doubts = [doubt]
    for _ in range(2):
        polled(stage, engine, job)
    attempt = job.attempts.get()
    assert (attempt.is_disputed, attempt.cards, attempt.ended_at) == (True, 2, told.ended_at)
    assert (standing_of(job.grant).held, stage.charged(job.grant)) == (120, 0)
    assert Finding.objects.get(cause="unheard").attempt == attempt
    assert drift(stage, engine) == (0, set())
    assert named(stage, engine, "books") == [("unheard", job.grant.code, job.key, True)]
    decide_attempt(OPERATOR, attempt, ended_at=told.ended_at, reason="epilog", at=now())
    polled(stage, engine, job)
    assert (stage.charged(job.grant), standing_of(job.grant).held) == (80, 0)
    assert job.state == "lost"
    assert drift(stage, engine) == (0, {"decided"})
    assert named(stage, engine, "lines") == [("decided", job.grant.code, job.key, False)]
    assert named(stage, engine, "books") == [("decided", job.grant.code, job.key, False)]


@pytest.mark.parametrize("is_decided", [False, True])
def test_told_late_after_all_it_is_the_same_run_by_the_word_of_the_books(
    stage, engine, job, is_decided
):
    told, doubt = saw(job)
    engine.doubts = [doubt]
    polled(stage, engine, job)
    if is_decided:
        decide_attempt(
            OPERATOR, job.attempts.get(), ended_at=told.ended_at, reason="epilog", at=now()
        )
    engine.doubts = []
    late = changed(
        told, started_at=told.started_at - timedelta(seconds=2), submitted_at=told.submitted_at
    )
    polled(stage, engine, job, late)
    assert job.attempts.count() == 1
    assert (stage.charged(job.grant), standing_of(job.grant).held) == (84, 0)
    assert job.state == ("lost" if is_decided else "completed")
    assert Finding.objects.get(cause="unheard").state in {"explained", "decided"}
    assert drift(stage, engine) == (0, set())


def test_a_run_that_was_seen_to_begin_and_then_overwritten_keeps_its_attempt(
    stage, engine, job
):
    told, doubt = saw(job)
    running = changed(told, ended_at=None, state=RunState.RUNNING)
    engine.live = [changed(running, source="controller")]
    polled(stage, engine, job, running)
    again = fact(job, starts=now() - MINUTE, lasts_s=20, submitted=told.submitted_at)
    engine.live, engine.doubts = [], [doubt]
    polled(stage, engine, job, again)
    first, second = job.attempts.order_by("number")
    assert (first.attempt_key, first.is_disputed) == (told.attempt_key, True)
    assert first.ended_at == told.ended_at
    assert (stage.charged(job.grant), second.is_held) == (40, False)
    assert drift(stage, engine) == (0, set())
    decide_attempt(OPERATOR, first, ended_at=told.ended_at, reason="epilog", at=now())
    job.refresh_from_db()
    assert (job.state, job.ended_at) == ("completed", second.ended_at), "as its last run ended"
    assert stage.charged(job.grant) == 80 + 40
    assert drift(stage, engine) == (0, {"decided"})


def test_a_run_that_was_posted_and_then_overwritten_stands_by_the_nodes_word(
    stage, engine, job
):
    told, doubt = saw(job)
    polled(stage, engine, job, told)
    assert stage.charged(job.grant) == 80
    again = fact(job, starts=now() - MINUTE, lasts_s=20, submitted=told.submitted_at)
    polled(stage, engine, job, again)
    assert drift(stage, engine) == (80, {"vanished"})
    engine.doubts = [doubt]
    polled(stage, engine, job, again)
    assert (stage.charged(job.grant), Attempt.objects.filter(is_disputed=True).count()) == (
        120, 0,
    )  # fmt: skip
    assert drift(stage, engine) == (0, {"overwritten"})


def test_it_is_the_last_job_that_had_the_id_when_it_began(stage, engine, job):
    _, doubt = saw(job)
    other = stage.submit(job.grant, engine, "later", cards=2, time_limit_s=60)
    Job.objects.filter(pk=other.pk).update(engine_job=job.engine_job)
    engine.doubts = [doubt]
    polled(stage, engine, job)
    assert Attempt.objects.get(is_disputed=True).job == job


@pytest.mark.parametrize("id", ["999", ""])
def test_what_is_not_ours_is_not_our_business(stage, engine, job, id):
    ago = 5 * MINUTE if id else 20 * MINUTE  # under our id, before we had it
    engine.doubts = [saw(job, job_id=id, ago=ago)[1]]
    polled(stage, engine, job)
    assert not Finding.objects.exists()
    assert not job.attempts.get().attempt_key


def test_it_is_found_also_when_nobody_looked_for_hours(stage, engine, job):
    """It began and ended while no poll was answered, and its next run took its place."""
    hours = timedelta(hours=5)
    Job.objects.filter(pk=job.pk).update(created_at=now() - hours, asked_at=now() - hours)
    polled(stage, engine, job, at=now() - hours)
    told, doubt = saw(job, ago=hours / 2)
    engine.doubts = [doubt]
    again = fact(job, starts=now() - MINUTE, lasts_s=None, submitted=told.submitted_at)
    polled(stage, engine, job, again)
    assert [one.ended_at for one in job.attempts.filter(is_disputed=True)] == [told.ended_at]


def test_an_id_is_of_the_job_that_its_engine_was_asked_for_last_before_the_run(
    stage, engine, job
):
    """Both were written down before it; the second waited for its engine until after it."""
    _, doubt = saw(job)
    later = stage.submit(job.grant, engine, "later", cards=2, time_limit_s=60)
    Job.objects.filter(pk=later.pk).update(
        engine_job=job.engine_job, created_at=now() - 9 * MINUTE, asked_at=now() - MINUTE
    )
    engine.doubts = [doubt]
    polled(stage, engine, job)
    assert Attempt.objects.get(is_disputed=True).job == job


def statements_of_a_poll(stage, engine) -> int:
    with CaptureQueriesContext(connection) as caught:
        stage.poll(engine)
    return len(caught)


def test_many_that_are_known_cost_no_more_statements_than_one(stage, engine):
    grant, counts = stage.grant(), []
    for number in range(6):
        job = stage.submit(grant, engine, f"k{number}", cards=2, time_limit_s=60)
        then = now() - 10 * MINUTE
        Job.objects.filter(pk=job.pk).update(created_at=then, asked_at=then)
        engine.doubts.append(saw(job)[1])
        stage.poll(engine)
        counts.append(statements_of_a_poll(stage, engine))
    assert Attempt.objects.filter(is_disputed=True).count() == 6
    assert counts[-1] == counts[0]


def test_one_that_could_hold_nothing_and_is_told_no_more_is_in_doubt(stage, engine):
    """Its next run took its place in the books, and no node wrote it down."""
    grant = stage.grant("tight", gpu_seconds=120)
    job = stage.submit(grant, engine)
    starts = now() - timedelta(hours=3)
    first = fact(job, starts=starts, lasts_s=60, state=RunState.REQUEUED)
    second = fact(job, starts=starts + 3 * MINUTE, lasts_s=None)
    engine.live = [changed(second, source="controller")]
    polled(stage, engine, job, first, second)
    assert job.attempts.get(number=2).is_held is False
    engine.live = []
    polled(stage, engine, job, first)
    lost = job.attempts.get(number=2)
    assert lost.is_disputed
    decide_attempt(OPERATOR, lost, ended_at=lost.started_at + MINUTE, reason="site", at=now())
    polled(stage, engine, job, first)
    assert job.state == "lost" or job.state == "completed"
    assert (stage.charged(grant), standing_of(grant).used) == (120, 120)


def test_a_decision_closes_no_job_that_runs_though_it_could_hold_nothing(stage, engine):
    grant = stage.grant("tight", gpu_seconds=120)
    job = stage.submit(grant, engine)
    then = now() - 10 * MINUTE
    Job.objects.filter(pk=job.pk).update(created_at=then, asked_at=then)
    told, doubt = saw(job)
    engine.doubts = [doubt]
    polled(stage, engine, job)
    second = fact(job, starts=now() - MINUTE, lasts_s=None)
    engine.live = [changed(second, source="controller")]
    polled(stage, engine, job, second)
    assert [one.is_held for one in job.attempts.order_by("number")] == [True, False]
    first = job.attempts.get(number=1)
    decide_attempt(OPERATOR, first, ended_at=told.ended_at, reason="epilog", at=now())
    polled(stage, engine, job, second)
    assert job.state == "running"


def test_what_a_decision_releases_pays_first_what_the_grant_owes(stage, engine, job):
    told, doubt = saw(job)
    engine.doubts = [doubt]
    polled(stage, engine, job)
    grant = locked_grant(job.grant_id)
    change_budget(OPERATOR, grant, gpu_seconds=80, at=now())
    assert grant.owed_back == 40
    decide_attempt(
        OPERATOR, job.attempts.get(), ended_at=told.ended_at, reason="epilog", at=now()
    )
    grant.refresh_from_db()
    assert (grant.owed_back, standing_of(grant).available, standing_of(grant).used) == (
        0, 0, 80,
    )  # fmt: skip

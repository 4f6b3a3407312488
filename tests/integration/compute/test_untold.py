"""A job that an engine took and nobody knows any more: its hold returns after the time that
policy names, never earlier, and a run that is told after that is posted all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import Stage, changed, fact, now
from django.db import connection
from django.test.utils import CaptureQueriesContext
from metering_market import OPERATOR, position

from madang.compute import polling
from madang.compute.attempts.actions import locked_rows
from madang.compute.engines.types import RunState
from madang.compute.findings.models import Finding
from madang.compute.grants.actions import change_budget
from madang.compute.grants.queries import locked_grant, standing_of
from madang.compute.jobs.models import Job
from madang.compute.lines.models import Line
from madang.parties.events.models import Event

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def seen(stage, engine, job, at, *live):
    engine.live = list(live)
    stage.poll(engine, at=at)
    stage.check(job.grant)
    job.refresh_from_db()
    return job.state


def waiting(job):
    one = fact(job, starts=now(), lasts_s=None)
    return changed(one, started_at=None, cards=0, state=RunState.PENDING, source="controller")


def test_a_job_that_nobody_knows_is_lost_after_the_time_of_policy_and_its_hold_returns(
    stage, engine
):
    grant = stage.grant()
    job = stage.submit(grant, engine)
    start = now()
    assert seen(stage, engine, job, start) == "queued"
    assert seen(stage, engine, job, start + DAY - timedelta(seconds=1)) == "queued"
    assert standing_of(grant).held == 120
    assert seen(stage, engine, job, start + DAY) == "lost"
    assert (standing_of(grant).held, job.ended_at) == (0, start + DAY)
    event = Event.objects.get(action="gpu_job.give_up", subject_id=str(job.id))
    assert event.facts["held_gpu_seconds"] == 120
    assert Event.objects.filter(action="gpu_job.lose", subject_id=str(job.id)).count() == 1
    assert Finding.objects.get(cause="untold").gpu_seconds == 120
    assert Line.objects.count() == 0


def test_one_that_its_controller_shows_again_starts_its_time_anew(stage, engine):
    job = stage.submit(stage.grant(), engine)
    start = now()
    seen(stage, engine, job, start)
    assert seen(stage, engine, job, start + DAY / 2, waiting(job)) == "queued"
    assert job.missing_since is None
    assert seen(stage, engine, job, start + DAY) == "queued"
    assert seen(stage, engine, job, start + 2 * DAY) == "lost"


def test_what_such_a_job_held_in_money_returns_too(engine):
    stage = Stage(won_each="100")
    grant = stage.grant()
    job = stage.submit(grant, engine)
    before = position(grant.voucher, now()).held
    start = now()
    seen(stage, engine, job, start)
    assert seen(stage, engine, job, start + DAY) == "lost"
    assert before > 0
    assert position(grant.voucher, now()).held == 0


def test_a_run_told_after_that_is_posted_all_the_same(stage, engine):
    grant = stage.grant()
    job = stage.submit(grant, engine)
    start = now() - 2 * DAY
    seen(stage, engine, job, start)
    assert seen(stage, engine, job, start + DAY) == "lost"
    engine.facts = [fact(job, starts=start + timedelta(hours=1), lasts_s=30)]
    assert seen(stage, engine, job, now()) == "lost"
    assert (stage.charged(grant), standing_of(grant).held) == (60, 0)


def test_what_it_held_pays_first_what_the_grant_owes(stage, engine):
    job = stage.submit(stage.grant(), engine)
    start = now()
    seen(stage, engine, job, start)
    grant = locked_grant(job.grant_id)
    change_budget(OPERATOR, grant, gpu_seconds=100, at=start)
    assert grant.owed_back == 20
    assert seen(stage, engine, job, start + DAY) == "lost"
    grant.refresh_from_db()
    assert (grant.owed_back, standing_of(grant).available) == (0, 100)


def test_who_is_missing_is_noted_after_its_grant_is_locked(stage, engine):
    """Whoever cancels locks the grant first, then the job."""
    job = stage.submit(stage.grant(), engine)
    with CaptureQueriesContext(connection) as caught:
        seen(stage, engine, job, now())
    told = [one["sql"] for one in caught]
    locks = [at for at, sql in enumerate(told) if "compute_grant" in sql and "FOR NO" in sql]
    notes = [at for at, sql in enumerate(told) if 'SET "missing_since"' in sql]
    assert len(notes) == 1
    assert min(locks) < notes[0]


def test_one_that_another_reading_has_seen_meanwhile_is_not_lost(stage, engine, monkeypatch):
    job = stage.submit(stage.grant(), engine)
    start = now()
    seen(stage, engine, job, start)

    def meanwhile(site, places):
        Job.objects.filter(pk=job.pk).update(missing_since=start + DAY / 2)
        return locked_rows(site, places)

    monkeypatch.setattr(polling, "locked_rows", meanwhile)
    assert seen(stage, engine, job, start + DAY) == "queued"
    assert standing_of(job.grant).held == 120

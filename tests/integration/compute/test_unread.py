"""A row of accounting that nobody can read: found, held, and posted once it can be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, fact, now

from madang.compute.engines.types import UNREADABLE, Discrepancy, RunState
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.models import Job

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def unread(told):
    bare = changed(told, cards=0, started_at=None, ended_at=None, state=RunState.UNKNOWN)
    detail = "AllocTRES 'gres/gpu=1K'"
    return Discrepancy(
        told.job_id, told.key, UNREADABLE, bare, None, None, detail, doubts=False
    )


def polled(stage, engine, *facts, doubts=(), at=None):
    engine.facts, engine.doubts = list(facts), list(doubts)
    stage.poll(engine, at=at)


def states() -> dict[str, str]:
    return dict(Finding.objects.values_list("cause", "state"))


def test_its_hold_stays_and_it_is_posted_once_it_can_be_read(stage, engine):
    """20 s of 2 cards are 40 GPU-seconds; 2 cards for 60 s are held for."""
    grant = stage.grant()
    job = stage.submit(grant, engine)
    other = stage.submit(grant, engine, key="k2")
    start = now() - 3 * DAY
    told = fact(job, starts=start, lasts_s=20)
    seen = fact(other, starts=start, lasts_s=10)
    for days in range(3):
        polled(stage, engine, seen, doubts=[unread(told)], at=start + days * DAY + HOUR)
        assert (stage.charged(grant), standing_of(grant).held) == (20, 120)
        assert states() == {"unreadable": "open"}
        stage.check(grant)
    assert Finding.objects.get().detail["books"] == "AllocTRES 'gres/gpu=1K'"
    assert Job.objects.get(pk=job.pk).state == "queued"
    polled(stage, engine, seen, told)
    assert (stage.charged(grant), standing_of(grant).held) == (60, 0)
    assert states() == {"unreadable": "explained"}


def test_a_row_that_is_not_told_any_more_stays_found(stage, engine):
    grant = stage.grant()
    told = fact(stage.submit(grant, engine), starts=now(), lasts_s=20)
    polled(stage, engine, doubts=[unread(told)])
    polled(stage, engine, at=now() + 2 * DAY)
    assert (states(), standing_of(grant).held) == ({"unreadable": "open"}, 120)


def test_a_job_is_not_over_while_its_next_run_cannot_be_read(stage, engine):
    grant = stage.grant()
    job = stage.submit(grant, engine)
    start = now() - timedelta(hours=1)
    first = fact(job, starts=start, lasts_s=10, state=RunState.REQUEUED)
    again = fact(job, starts=start + timedelta(minutes=5), lasts_s=15)
    polled(stage, engine, first, doubts=[unread(again)])
    job.refresh_from_db()
    assert (job.state, stage.charged(grant), standing_of(grant).held) == ("queued", 20, 120)
    polled(stage, engine, first, again)
    job.refresh_from_db()
    assert (job.state, stage.charged(grant), standing_of(grant).held) == ("completed", 50, 0)


def test_the_next_readings_go_back_to_it_for_a_week(stage, engine, monkeypatch):
    told = fact(stage.submit(stage.grant(), engine), starts=now() - DAY, lasts_s=20)
    late = str(int(now().timestamp()))
    monkeypatch.setattr(engine, "usage", lambda cursor: (list(engine.facts), late))
    since = []
    monkeypatch.setattr(engine, "reconcile", lambda a, b: since.append(a) or engine.doubts)
    polled(stage, engine, doubts=[unread(told)])
    stage.site.refresh_from_db()
    assert int(stage.site.cursor) < told.submitted_at.timestamp()
    polled(stage, engine, doubts=[unread(told)])
    assert since[-1] < told.submitted_at
    polled(stage, engine, at=now() + 8 * DAY)
    stage.site.refresh_from_db()
    assert stage.site.cursor == late


def test_what_is_nobodys_of_ours_is_not_found(stage, engine):
    told = fact(stage.submit(stage.grant(), engine), starts=now(), lasts_s=20)
    polled(stage, engine, doubts=[unread(changed(told, key="x", account="physics"))])
    assert states() == {}

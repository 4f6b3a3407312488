"""Ids come again, and a job can be renamed: then its time tells whose it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, fact, now

from madang.compute.jobs.models import Job

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def jobs(stage, engine):
    """Two of one grant that had the same id at their engine, an hour apart."""
    grant = stage.grant()
    made = [stage.submit(grant, engine, key) for key in ("first", "second")]
    for job, at in zip(made, (now() - HOUR, now()), strict=True):
        Job.objects.filter(pk=job.pk).update(engine_job="100", engine_at=at, created_at=at)
        job.refresh_from_db()
    return made


@pytest.mark.parametrize("whose", [0, 1])
def test_a_renamed_run_under_an_id_that_came_again_is_the_one_of_its_own_time(
    stage, engine, jobs, whose
):
    begun = jobs[whose].created_at.replace(microsecond=0) + timedelta(seconds=1)
    run = fact(jobs[whose], starts=begun, lasts_s=1, submitted=begun, cards=3)
    engine.facts = [changed(run, key="renamed")]
    stage.poll(engine, at=now() + timedelta(seconds=3))
    stage.check(jobs[0].grant)
    used = [job.attempts.filter(cards=3, ended_at__isnull=False).count() for job in jobs]
    assert used == [int(whose == n) for n in (0, 1)]
    assert stage.charged(jobs[0].grant) == 3
    assert Job.objects.count() == 2

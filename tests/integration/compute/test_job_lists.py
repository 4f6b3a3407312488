"""Lists of jobs: what each was refused for is read once, however many were refused."""

from __future__ import annotations

import pytest
from compute_stage import Stage, now
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madang.compute.jobs.models import Job
from madang.compute.jobs.queries import job_report, job_reports
from madang.compute.jobs.workflow import JOB
from madang.parties.actor import system_actor

pytestmark = pytest.mark.django_db


def refused(stage: Stage, grant, engine, count: int) -> list[Job]:
    jobs = [stage.submit(grant, engine, key=f"j{number}", cards=1) for number in range(count)]
    Job.objects.update(state="intent", engine_job="")
    for number, job in enumerate(jobs):
        job.refresh_from_db()
        JOB.move(job, "refuse", system_actor("cli"), at=now(), reason=f"engine says {number}")
    return list(Job.objects.select_related("grant", "site").order_by("key"))


def test_a_list_reads_the_refusals_of_all_its_jobs_at_once(stage, engine):
    jobs = refused(stage, stage.grant(), engine, 3)
    with CaptureQueriesContext(connection) as read:
        found = job_reports(jobs)
    assert [one["refused"] for one in found] == [f"engine says {n}" for n in range(3)]
    assert found == [job_report(one) for one in jobs]
    asked = [one["sql"] for one in read if "parties_event" in one["sql"]]
    assert len(asked) == 1
    assert '"subject_type" = ' in asked[0]  # by the index; all events are read without


def test_a_list_without_refused_jobs_reads_no_event(stage, engine):
    job = stage.submit(stage.grant(), engine, cards=1)
    with CaptureQueriesContext(connection) as read:
        assert job_reports([job])[0]["refused"] is None
    assert not [one for one in read if "parties_event" in one["sql"]]

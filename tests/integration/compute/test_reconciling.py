"""What `madang compute reconcile` calls explained, and what it must not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, declare_policy, fact, now

from madang.compute.reconciling import reconcile_site

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SINCE = 60 * MINUTE


@pytest.fixture
def job(stage, engine):
    return stage.submit(stage.grant(), engine)


def told(job, **more):
    begun = now().replace(microsecond=0) - 10 * MINUTE
    return fact(job, **{"starts": begun, "lasts_s": 60, **more})


def compared(stage, engine, since=None):
    """Drift in GPU-seconds, and the causes of what differs."""
    report = reconcile_site(stage.site, engine, since or now() - SINCE, now())
    assert report.told_ms - report.posted_ms == sum(report.by_cause.values())
    return int(str(report.as_data()["drift_gpu_seconds"])), dict(report.by_cause)


def test_a_run_of_our_job_of_which_we_know_nothing_is_drift_and_not_somebody_elses(
    stage, engine, job
):
    """Lost on the way from the books to the ledger, it would be nobody's job and no drift."""
    engine.facts = [told(job)]
    assert compared(stage, engine) == (120, {"unposted": 120_000})
    stage.poll(engine)
    assert compared(stage, engine) == (0, {})


@pytest.mark.parametrize("named", ["ours", "theirs"])
def test_a_stray_on_a_grants_account_is_drift_until_it_is_found_or_charged(
    stage, engine, job, named
):
    declare_policy(stray_job="leave" if named == "theirs" else "charge")
    run = told(job, job_id="977", starts=now().replace(microsecond=0), lasts_s=1)
    engine.facts = [changed(run, key="", submitted_at=now())]
    assert compared(stage, engine) == (2, {"unposted": 2_000})
    stage.poll(engine)
    after = {"ours": {}, "theirs": {"unmatched": 2_000}}
    assert compared(stage, engine) == (0, after[named])


def test_a_job_on_an_account_that_is_no_grants_is_not_ours(stage, engine, job):
    engine.facts = [changed(told(job, job_id="977", account="physics"), key="")]
    assert compared(stage, engine) == (0, {"unmatched": 120_000})


IMPOSSIBLE = [("before its start", -30), ("in the future", 24 * 3600)]


@pytest.mark.parametrize(("name", "lasts_s"), IMPOSSIBLE)
def test_times_that_cannot_be_do_not_stop_the_comparison_and_are_no_amount(
    stage, engine, job, name, lasts_s
):
    engine.facts = [told(job, lasts_s=lasts_s)]
    stage.poll(engine)
    assert [one.cause for one in stage.site.findings.all()] == ["clock"]
    drift, causes = compared(stage, engine)
    assert (drift, set(causes) - {"clock"}) == (0, set())


def test_an_end_that_became_impossible_after_it_was_posted_is_drift(stage, engine, job):
    engine.facts = [told(job)]
    stage.poll(engine)
    engine.facts = [told(job, starts=engine.facts[0].started_at, lasts_s=-30)]
    stage.poll(engine)
    assert compared(stage, engine)[0] == 120


def test_a_run_that_ended_as_the_window_begins_is_no_difference(stage, engine, job):
    """Slurm tells it, for its end is not before the window; we need not look it up as new."""
    engine.facts = [told(job)]
    stage.poll(engine)
    assert compared(stage, engine, since=engine.facts[0].ended_at) == (0, {})


def test_a_run_that_one_reading_tells_twice_is_counted_once(stage, engine, job):
    engine.facts = [told(job)] * 2
    stage.poll(engine)
    assert compared(stage, engine) == (0, {})

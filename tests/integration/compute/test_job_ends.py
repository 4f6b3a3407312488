"""When a job is over: by what stands in the rows and by what the controller still has, in
whatever order, and in however many readings, the engine tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, fact, now

from madang.compute.engines.types import RunState
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import standing_of
from madang.compute.lines.models import Line

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=30)


@pytest.fixture
def grant(stage):
    return stage.grant()


def polled(stage, engine, job, *facts, live=()) -> str:
    """The job's state after one reading."""
    engine.facts, engine.live = list(facts), list(live)
    stage.poll(engine)
    stage.check(job.grant)
    job.refresh_from_db()
    return job.state


def runs_of(job):
    """Two runs, the first of them requeued; and what the controller says between them."""
    starts = now() - LONG_AGO
    first = fact(job, starts=starts, lasts_s=7, state=RunState.REQUEUED)
    again = first.ended_at + timedelta(seconds=1)
    second = fact(job, starts=again + timedelta(seconds=120), lasts_s=9, submitted=again)
    waits = changed(second, started_at=None, ended_at=None, cards=0, state=RunState.PENDING,
                    source="controller")  # fmt: skip
    return first, second, waits


def ending(one):
    return changed(one, started_at=None, ended_at=None, cards=0, state=RunState.ENDING,
                   source="controller")  # fmt: skip


def running(one):
    return changed(one, ended_at=None, state=RunState.RUNNING)


def test_a_job_whose_end_was_read_while_its_controller_had_it_is_closed_when_it_is_gone(
    stage, engine, grant
):
    job = stage.submit(grant, engine)
    _, told, waits = runs_of(job)
    assert polled(stage, engine, job, told, live=[waits]) == "queued"
    assert polled(stage, engine, job) == "completed"
    assert polled(stage, engine, job) == "completed"
    assert (Line.objects.count(), standing_of(grant).held) == (1, 0)


def test_a_requeued_job_that_gives_its_cards_back_is_no_third_attempt(stage, engine, grant):
    job = stage.submit(grant, engine)
    first, second, waits = runs_of(job)
    polled(stage, engine, job, running(first), live=[running(first)])
    assert polled(stage, engine, job, first, live=[ending(first)]) == "queued"
    assert standing_of(grant).held == 120
    assert polled(stage, engine, job, first, live=[waits]) == "queued"
    assert polled(stage, engine, job, first, running(second)) == "running"
    assert polled(stage, engine, job, first, second, live=[ending(second)]) == "completed"
    assert (job.attempts.count(), standing_of(grant).held) == (2, 0)


def test_what_the_controller_alone_saw_end_waits_for_the_books(stage, engine, grant):
    job = stage.submit(grant, engine)
    first, second, _ = runs_of(job)
    seen = changed(second, source="controller")
    assert polled(stage, engine, job, first, live=[seen]) == "queued"
    assert polled(stage, engine, job, first, second, live=[seen]) == "completed"
    assert sum(line.user_gpu_seconds for line in Line.objects.all()) == 2 * (7 + 9)


def test_tasks_of_an_array_that_run_again_hold_again_and_the_worst_names_the_whole(
    stage, engine, grant
):
    job = stage.submit(grant, engine, array=3)
    starts = now() - LONG_AGO
    a, b, c = (
        fact(job, starts=starts, lasts_s=5 + n, job_id=str(700 + n),
             state=[RunState.COMPLETED, RunState.REQUEUED, RunState.FAILED][n])
        for n in range(3)
    )  # fmt: skip
    waits = changed(b, started_at=None, ended_at=None, cards=0, state=RunState.PENDING)
    assert polled(stage, engine, job, a, b, c, live=[waits]) == "queued"
    assert standing_of(grant).held == 120
    again = fact(job, starts=starts + timedelta(minutes=3), lasts_s=6, job_id="701")
    assert polled(stage, engine, job, again, live=[waits]) == "queued"
    assert polled(stage, engine, job) == "failed"
    assert stage.charged(grant) == 2 * (5 + 6 + 7 + 6)
    assert (job.attempts.filter(is_held=False).exclude(attempt_key="").count()) == 4


ZERO = [
    ("booked with its start", RunState.REQUEUED, True),
    ("booked as never started", RunState.CANCELLED, False),
]


@pytest.mark.parametrize(("name", "state", "has_start"), ZERO)
def test_an_attempt_that_ended_in_the_second_it_began_costs_nothing_and_is_closed(
    stage, engine, grant, name, state, has_start
):
    job = stage.submit(grant, engine)
    starts = now() - LONG_AGO
    seen = fact(job, starts=starts, lasts_s=None)
    assert polled(stage, engine, job, live=[seen]) == "running"
    booked = changed(seen, started_at=starts if has_start else None, ended_at=starts,
                     cards=0, state=state, source="accounting")  # fmt: skip
    assert polled(stage, engine, job, booked) == "cancelled"
    (line,) = Line.objects.all()
    assert (line.gpu_ms, line.user_gpu_seconds, standing_of(grant).held) == (0, 0, 0)
    assert job.attempts.count() == 1


def test_an_attempt_that_nobody_tells_any_more_is_in_doubt_and_comes_back(stage, engine, grant):
    job = stage.submit(grant, engine)
    starts = now() - timedelta(hours=2)
    seen = fact(job, starts=starts, lasts_s=None)
    polled(stage, engine, job, live=[seen])
    assert polled(stage, engine, job) == "running"
    assert Finding.objects.get(cause="vanished").state == "open"
    assert (job.attempts.get().is_disputed, standing_of(grant).held) == (True, 120)
    told = changed(seen, ended_at=starts + timedelta(seconds=30), state=RunState.COMPLETED)
    assert polled(stage, engine, job, told) == "completed"
    assert Finding.objects.get(cause="vanished").state == "explained"
    assert stage.charged(grant) == 60


def test_a_job_that_goes_on_with_fewer_cards_is_charged_for_each_size_once(
    stage, engine, grant
):
    job = stage.submit(grant, engine, cards=8, time_limit_s=600)
    starts = now() - LONG_AGO
    first = fact(job, starts=starts, lasts_s=6, cards=8, state=RunState.RESIZED)
    second = fact(job, starts=first.ended_at, lasts_s=18, cards=4, submitted=first.ended_at)
    live = running(changed(second, source="controller"))
    assert polled(stage, engine, job, first, live=[live]) == "running"
    assert polled(stage, engine, job, first, running(second), live=[live]) == "running"
    assert polled(stage, engine, job, first, second) == "completed"
    lines = Line.objects.filter(attempt__job=job)
    assert sorted(one.user_gpu_seconds for one in lines) == [48, 72]
    assert standing_of(grant).held == 0


def test_a_job_that_gives_itself_another_name_is_charged_like_any_other(stage, engine, grant):
    """By the id under which it was taken; its user may write what he likes into it."""
    job = stage.submit(grant, engine)
    since = job.created_at
    told = changed(fact(job, starts=since, lasts_s=1, submitted=since), key="nobody|s")
    assert polled(stage, engine, job, told) == "completed"
    assert [one.user_gpu_seconds for one in Line.objects.filter(attempt__job=job)] == [2]
    assert not Finding.objects.exists()


@pytest.mark.parametrize("away", ["account", "before"])
def test_what_was_not_taken_as_a_job_of_ours_stays_unmatched(stage, engine, grant, away):
    job = stage.submit(grant, engine)
    told = changed(fact(job, starts=now(), lasts_s=0), key="")
    others = {
        "account": {"account": "m" + "0" * 32},
        "before": {"submitted_at": job.created_at - timedelta(days=400)},
    }
    assert polled(stage, engine, job, changed(told, **others[away])) == "queued"
    assert [one.cause for one in Finding.objects.all()] == ["unmatched"]

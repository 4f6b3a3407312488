"""Many submissions at once: all of them written down or none, in few statements, each found
again by its own key, whatever becomes of the engine's answers."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from compute_stage import PLATFORM, Stage, declare_policy, now
from django.db import connection
from django.test.utils import CaptureQueriesContext
from metering_market import position

from madang.compute.engines.types import JobRef
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell, JobExists
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.actions import _each, _Named, submit_jobs
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder
from madang.core.errors import Refused
from madang.parties.events.models import Event

pytestmark = pytest.mark.django_db
COUNT = 30
STATEMENTS_MAX = 24


@pytest.fixture
def grant(stage):
    return stage.grant()


def orders(count: int = COUNT, **more):
    facts = {"cards": 1, "time_limit_s": 60, "script": "exit 0"} | more
    return [JobOrder(f"k{number:03d}", **facts) for number in range(count)]


def submitted(grant, engine, wanted, at=None):
    grant.refresh_from_db()
    return submit_jobs(PLATFORM, grant, wanted, engine, at=at or now())


def test_all_are_held_for_and_handed_over_in_few_statements(stage, engine, grant):
    stage.submit(grant, engine, "first", cards=1)
    grant.refresh_from_db()
    with CaptureQueriesContext(connection) as queries:
        done = submitted(grant, engine, orders())
    assert len(queries) <= STATEMENTS_MAX, [one["sql"][:60] for one in queries]
    assert [one.job.key for one in done] == [one.key for one in orders()]
    assert {one.job.state for one in done} == {"queued"}
    assert standing_of(grant).held == (COUNT + 1) * 60
    assert Event.objects.filter(action="gpu_job.take").count() == COUNT + 1
    stage.check(grant)


def test_nothing_asked_is_nothing_done(engine, grant):
    assert submitted(grant, engine, []) == []
    assert engine.submitted == []


def test_what_the_quota_cannot_carry_as_a_whole_leaves_no_trace(stage, engine):
    grant = stage.grant("small", gpu_seconds=60 * COUNT - 1)
    with pytest.raises(Refused) as refused:
        submitted(grant, engine, orders())
    assert refused.value.code == "metering.quota.insufficient"
    assert refused.value.fields["needed"] == 60 * COUNT
    assert (Job.objects.count(), engine.submitted) == (0, [])
    stage.check(grant)


def test_money_is_held_for_each_of_them_or_for_none(engine):
    stage = Stage(won_each="1.5")
    grant = stage.grant()
    submitted(grant, engine, orders(4))
    assert position(grant.voucher, now()).held == 4 * 60 * 1_500_000 * 7 // 10
    with pytest.raises(Refused) as refused:
        submitted(stage.grant("poor", subsidy_won=100, deposit_won=50), engine, orders(40))
    assert refused.value.code == "voucher.balance.insufficient"
    assert Job.objects.count() == 4
    stage.check(grant)


def test_the_same_again_is_the_same_jobs_and_other_content_is_refused(stage, engine, grant):
    first = submitted(grant, engine, orders())
    again = submitted(grant, engine, [*orders(), *orders(2)])
    assert [one.job.id for one in again[:COUNT]] == [one.job.id for one in first]
    assert {one.replayed for one in again} == {True}
    assert len(engine.submitted) == COUNT
    with pytest.raises(JobExists):
        submitted(grant, engine, orders(1, cards=2))
    with pytest.raises(JobExists):
        submitted(grant, engine, [JobOrder("new", 1, 60, script="a"),
                                  JobOrder("new", 1, 60, script="b")])  # fmt: skip
    assert Job.objects.filter(key="new").count() == 0


def losing(engine, lost: set[int]):
    """Every answer whose number is in `lost` gets lost on its way, after its job was made."""
    real = engine.submit

    def submit(spec, key, **more):
        found = real(spec, key, **more)
        if len(engine.submitted) - 1 in lost:
            raise EngineUnclear(site="gwangju", reason="no answer")
        return found

    engine.submit = submit


def test_lost_answers_wait_as_intents_and_are_adopted_never_submitted_twice(
    stage, engine, grant
):
    stage.submit(grant, engine, "first", cards=1)
    losing(engine, {3, 7, 12})
    done = submitted(grant, engine, orders())
    states = [one.job.state for one in done]
    assert states.count("intent") >= 1
    assert states.count("queued") == COUNT - states.count("intent")
    again = submitted(grant, engine, orders())
    assert {one.job.state for one in again} == {"queued"}
    keys = [key for key, _ in engine.submitted]
    assert len(keys) == len(set(keys)) == COUNT + 1
    stage.check(grant)


def test_one_that_the_engine_refuses_gets_its_hold_back_and_the_others_run(
    stage, engine, grant
):
    real = engine.submit

    def submit(spec, key, **more):
        if spec.cards == 2:
            raise EngineRefused(site="gwangju", reason="not this one")
        return real(spec, key, **more)

    engine.submit = submit
    done = submitted(grant, engine, [*orders(3), JobOrder("odd", 2, 60, script="exit 0")])
    assert [one.job.state for one in done[:3]] == ["queued"] * 3
    assert str(done[3].refusal.fields["reason"]) == "not this one"
    assert Job.objects.get(key="odd").state == "refused"
    assert standing_of(grant).held == 180
    stage.check(grant)


def test_an_engine_that_is_away_gets_all_of_them_later_and_each_once(stage, engine, grant):
    engine.failing = EngineUnwell(site="gwangju", reason="down")
    done = submitted(grant, engine, orders())
    assert {one.job.state for one in done} == {"intent"}
    assert Job.objects.filter(asked_at=None).count() == COUNT
    engine.failing = None
    assert stage.poll(engine).handed_over == COUNT
    assert len(engine.submitted) == COUNT
    stage.check(grant)


def test_what_comes_too_late_to_be_sent_safely_is_left_to_the_next_reading(
    stage, engine, grant, monkeypatch
):
    stage.submit(grant, engine, "first", cards=1)
    grant.refresh_from_db()
    clock = iter(range(0, 10_000, 4))
    monkeypatch.setattr("madang.compute.jobs.handing.time.monotonic", lambda: next(clock))
    done = submitted(grant, engine, orders())
    waiting = [one for one in done if one.job.state == "intent"]
    assert 0 < len(waiting) < COUNT
    monkeypatch.undo()
    stage.poll(engine)
    assert Job.objects.filter(state="queued").count() == COUNT + 1
    keys = [key for key, _ in engine.submitted]
    assert len(keys) == len(set(keys)) == COUNT + 1


def test_one_that_waited_too_long_for_its_grant_is_not_sent_beside_who_gave_it_up(
    stage, engine, grant, monkeypatch
):
    """A reading may find it unanswered for longer than it settles, and sends it."""
    stage.submit(grant, engine, "first", cards=1)
    clock = iter(range(0, 10_000, 40))
    monkeypatch.setattr("madang.compute.jobs.handing.time.monotonic", lambda: next(clock))
    job = stage.submit(grant, engine, "late")
    job.refresh_from_db()
    assert (job.state, job.asked_at, len(engine.submitted)) == ("intent", None, 1)
    monkeypatch.undo()
    stage.poll(engine)
    assert [key for key, _ in engine.submitted].count(job.engine_key) == 1


def test_what_has_waited_in_line_is_as_late_as_its_own_call(stage, engine, grant):
    stage.submit(grant, engine, "first", cards=1)
    named = _Named(PLATFORM, grant.code, orders(1)[0], since_s=time.monotonic() - 40)
    grant.refresh_from_db()
    (done,) = _each([named.wanted({grant.code: grant})], engine, now())
    assert (done.job.state, len(engine.submitted)) == ("intent", 1)


def test_where_nothing_settles_many_are_sent_all_the_same(stage, engine, grant):
    declare_policy(unclear_settle_s=0)
    assert {one.job.state for one in submitted(grant, engine, orders(3))} == {"queued"}


def test_who_sent_nothing_leaves_the_mark_of_who_asks_meanwhile(stage, engine, grant):
    """Without it the next one would send it without a look for it."""
    stage.submit(grant, engine, "first", cards=1)
    later = now() + timedelta(seconds=40)

    def submit(spec, key, **more):
        Job.objects.filter(key="k2").update(asked_at=later)
        raise EngineUnwell(site="gwangju", reason="down")

    engine.submit = submit
    stage.submit(grant, engine, "k2")
    assert Job.objects.get(key="k2").asked_at == later


def test_somebody_who_wrote_the_answer_down_first_is_left_alone(stage, engine, grant):
    stage.submit(grant, engine, "first", cards=1)
    grant.refresh_from_db()
    real = engine.submit

    def submit(spec, key, **more):
        ref = real(spec, key, **more)
        found = Job.objects.filter(key="k000")
        found.update(engine_job=ref.job_id, state="running")
        return JobRef(ref.job_id, key, ref.grant)

    engine.submit = submit
    (done,) = submitted(grant, engine, orders(1))
    assert done.job.state == "running"

"""Exactly-once metering, event by event, with an engine whose facts the test writes itself.

After every step the books are checked: lines are what quota was used, holds what is open.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import Stage, changed, fact, now
from django.db import connection
from django.test.utils import CaptureQueriesContext
from metering_market import OPERATOR, balance, position

from madang.compute.attempts.decisions import decide_attempt
from madang.compute.engines.types import Discrepancy, RunState
from madang.compute.errors import (
    DecisionInvalid,
    EngineUnclear,
    EngineUnwell,
    NotDisputed,
)
from madang.compute.findings.models import Finding
from madang.compute.grants.actions import change_budget
from madang.compute.grants.queries import locked_grant, standing_of
from madang.compute.jobs.actions import cancel_job
from madang.compute.jobs.models import Job
from madang.compute.lines.models import Line, LineKind
from madang.core.errors import Refused
from madang.ledger.queries import identities
from madang.metering.identities import identities as metering_identities
from madang.metering.models import Usage

pytestmark = pytest.mark.django_db
PRICE = 1_500_000


@pytest.fixture
def stage():
    return Stage(won_each="1.5")


@pytest.fixture
def grant(stage):
    return stage.grant()


def polled(stage, engine, grant, *facts, live=()):
    engine.facts, engine.live = list(facts), list(live)
    done = stage.poll(engine)
    stage.check(grant)
    assert all(one.ok for one in (*identities(), *metering_identities()))
    return done


def test_a_submission_holds_quota_and_money_before_the_engine_hears_of_it(stage, engine, grant):
    engine.failing = EngineUnwell(site="gwangju", reason="down")
    job = stage.submit(grant, engine)
    assert (job.state, engine.submitted) == ("intent", [])
    assert standing_of(grant).held == 120
    assert position(grant.voucher, now()).held == 120 * PRICE * 7 // 10
    stage.check(grant)


def test_start_and_end_are_the_engines_and_the_rest_returns(stage, engine, grant):
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=5)
    polled(stage, engine, grant, fact(job, starts=starts, lasts_s=None))
    assert standing_of(grant).held == 120
    polled(stage, engine, grant, fact(job, starts=starts, lasts_s=20.5))
    (line,) = Line.objects.all()
    assert (line.gpu_ms, line.user_gpu_seconds, line.borne_gpu_seconds) == (41_000, 41, 0)
    assert line.charge_microwon == 41 * PRICE
    assert (standing_of(grant).held, standing_of(grant).used) == (0, 41)
    assert position(grant.voucher, now()).held == 0


def test_the_same_facts_again_post_nothing(stage, engine, grant):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=20)
    polled(stage, engine, grant, told)
    again = polled(stage, engine, grant, told, told)
    assert (again.changed, again.lines, Line.objects.count()) == (0, 0, 1)


def test_a_preempted_attempt_is_borne_by_the_programme_and_its_next_run_holds_at_once(
    stage, engine, grant
):
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=30)
    first = fact(job, starts=starts, lasts_s=7, state=RunState.PREEMPTED)
    waits = changed(first, started_at=None, ended_at=None, state=RunState.PENDING)
    polled(stage, engine, grant, first, live=[waits])
    assert (standing_of(grant).held, standing_of(grant).used) == (120, 0)
    second = fact(job, starts=starts + timedelta(minutes=2), lasts_s=25)
    polled(stage, engine, grant, first, second)
    lines = {line.cause: line for line in Line.objects.all()}
    assert lines["preempted_by_programme"].borne_gpu_seconds == 14
    assert lines["use"].user_gpu_seconds == 50
    job.refresh_from_db()
    assert job.state == "completed"


def test_every_attempt_of_a_requeued_job_has_its_own_line(stage, engine, grant):
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=30)
    first = fact(job, starts=starts, lasts_s=10, state=RunState.REQUEUED)
    second = fact(job, starts=starts + timedelta(minutes=3), lasts_s=30)
    polled(stage, engine, grant, first, second)
    assert sorted(line.user_gpu_seconds for line in Line.objects.all()) == [20, 60]


def test_a_second_run_that_does_not_fit_is_cancelled_and_never_exceeds_the_quota(stage, engine):
    grant = stage.grant("tight", gpu_seconds=130)
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=30)
    first = fact(job, starts=starts, lasts_s=50, state=RunState.REQUEUED)
    running = fact(job, starts=starts + timedelta(minutes=3), lasts_s=None)
    engine.facts, engine.live = [first], [running]
    stage.poll(engine)
    assert engine.cancelled == [job.engine_key]
    stage.check(grant)
    ended = changed(running, ended_at=running.started_at + timedelta(seconds=4),
                    state=RunState.CANCELLED)  # fmt: skip
    polled(stage, engine, grant, first, ended)
    assert standing_of(grant).used == 100 + 8  # of the 30 that were left
    assert sum(line.borne_gpu_seconds for line in Line.objects.all()) == 0


def test_cards_that_stay_held_while_suspended_are_counted(stage, engine, grant):
    job = stage.submit(grant, engine, cards=8)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=20, cards=8)
    polled(stage, engine, grant, changed(told, suspended_s=8))
    (line,) = Line.objects.all()
    assert line.user_gpu_seconds == 160
    assert line.attempt.suspended_s == 8


def test_a_lost_node_is_borne_by_policy(stage, engine, grant):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=51, state=RunState.NODE_FAIL)
    polled(stage, engine, grant, told)
    (line,) = Line.objects.all()
    assert (line.user_gpu_seconds, line.borne_gpu_seconds, line.cause) == (
        0,
        102,
        "node_failure",
    )
    job.refresh_from_db()
    assert job.state == "lost"


def test_what_an_engine_runs_beyond_the_limit_is_borne_not_charged(stage, engine, grant):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=66, state=RunState.TIMEOUT)
    polled(stage, engine, grant, told)
    (line,) = Line.objects.all()
    assert (line.user_gpu_seconds, line.borne_gpu_seconds, line.cause) == (120, 12, "overrun")
    used = Usage.objects.get(programme_microwon__gt=0)
    assert (used.programme_microwon, balance("2300P")) == (12 * PRICE, 12 * PRICE)


def test_what_the_programme_cannot_bear_is_a_dispute_with_the_supplier(engine):
    stage = Stage(won_each="1000")
    grant = stage.grant()
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=66, state=RunState.TIMEOUT)
    polled(stage, engine, grant, told)
    used = Usage.objects.get(disputed_microwon__gt=0)
    assert (used.disputed_microwon, used.programme_microwon) == (12_000_000_000, 0)
    polled(stage, engine, grant, told)
    assert Usage.objects.filter(disputed_microwon__gt=0).count() == 1


def test_borne_seconds_that_change_later_are_a_finding_and_never_borne_twice(
    stage, engine, grant
):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=66, state=RunState.TIMEOUT)
    polled(stage, engine, grant, told)
    late = changed(told, ended_at=told.started_at + timedelta(seconds=70))
    polled(stage, engine, grant, late)
    assert balance("2300P") == 12 * PRICE
    assert Finding.objects.get(cause="borne_changed").gpu_seconds == 20


@pytest.mark.parametrize("lasts_s", [11, 40])
def test_a_changed_fact_reverses_the_line_and_posts_another(stage, engine, grant, lasts_s):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=20)
    polled(stage, engine, grant, told)
    late = changed(told, ended_at=told.started_at + timedelta(seconds=lasts_s))
    polled(stage, engine, grant, late)
    kinds = [line.kind for line in Line.objects.order_by("at", "fact_version")]
    assert sorted(kinds) == [LineKind.REVERSAL, LineKind.USE, LineKind.USE]
    assert stage.charged(grant) == 2 * lasts_s
    spent = position(grant.voucher, now())
    assert (spent.charged_supply, spent.held) == (2 * lasts_s * PRICE, 0)
    again = polled(stage, engine, grant, late)
    assert again.lines == 0


def test_books_that_disagree_dispute_the_attempt_and_keep_the_hold(stage, engine, grant):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=130, state=RunState.TIMEOUT)
    node = changed(told, ended_at=told.started_at + timedelta(seconds=5), source="node")
    engine.doubts = [Discrepancy("100", job.engine_key, "overcounted", told, None, node)]
    polled(stage, engine, grant, told)
    assert Line.objects.count() == 0
    assert standing_of(grant).held == 120
    (finding,) = Finding.objects.filter(cause="overcounted")
    assert finding.state == "open"
    engine.doubts = []
    agreed = changed(told, ended_at=node.ended_at, state=RunState.COMPLETED)
    polled(stage, engine, grant, agreed)
    finding.refresh_from_db()
    assert (finding.state, stage.charged(grant)) == ("explained", 10)


def test_what_nodes_contradict_stays_in_doubt_while_their_records_are_away(
    stage, engine, grant
):
    job, told = disputed(stage, engine, grant)
    doubt = engine.doubts
    away = Discrepancy(
        "records", "", "records_away", None, None, detail="/shared/madang", doubts=False
    )
    for engine.doubts in ([away], doubt, [away]):
        polled(stage, engine, grant, told)
        assert Line.objects.count() == 0
        assert (job.attempts.get().is_disputed, standing_of(grant).held) == (True, 120)
        noted = Finding.objects.filter(cause="records_away", state="open")
        assert [one.detail for one in noted] == [
            {"books": "/shared/madang"} for one in engine.doubts if one is away
        ]
    engine.doubts = []
    polled(stage, engine, grant, told)
    assert stage.charged(grant) == 120, "by the books that can be read, and nobody doubts"


@pytest.mark.parametrize("ended_ago", [timedelta(minutes=59, seconds=55), timedelta(hours=12)])
def test_what_is_told_late_is_compared_as_far_back_as_it_is_told(
    stage, engine, grant, ended_ago
):
    """A reading of usage begins where the last one ended, and reaches further back than the
    window of comparison: after an outage by hours, otherwise by the time between two polls."""
    job = stage.submit(grant, engine)
    starts = now() - ended_ago - timedelta(seconds=130)
    told = fact(job, starts=starts, lasts_s=130, state=RunState.TIMEOUT)
    engine.doubts = [Discrepancy("100", job.engine_key, "overcounted", told, None, None)]
    for _ in range(2):
        engine.facts = [told]
        stage.poll(engine, at=now() + timedelta(seconds=10))
        assert Line.objects.count() == 0
        assert (job.attempts.get().is_disputed, standing_of(grant).held) == (True, 120)


def disputed(stage, engine, grant):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=130, state=RunState.TIMEOUT)
    engine.doubts = [Discrepancy("100", job.engine_key, "overcounted", told, None, None)]
    polled(stage, engine, grant, told)
    return job, told


@pytest.mark.parametrize("is_doubted", [True, False])
def test_a_person_decides_and_the_engines_old_word_is_not_taken_again(
    stage, engine, grant, is_doubted
):
    """Whether the other books contradict it still, or have come to say the same."""
    job, told = disputed(stage, engine, grant)
    attempt, end = job.attempts.get(), told.started_at + timedelta(seconds=5)
    decide_attempt(OPERATOR, attempt, ended_at=end, reason="node record", at=now())
    stage.check(grant)
    assert stage.charged(grant) == 10
    job.refresh_from_db()
    assert job.state == "timeout"
    engine.doubts = engine.doubts if is_doubted else []
    again = polled(stage, engine, grant, told)
    assert (again.lines, stage.charged(grant)) == (0, 10)
    assert not job.attempts.get().is_disputed
    assert Finding.objects.get(cause="overcounted").state == "decided"


@pytest.mark.parametrize(
    ("kind", "ends_s", "reason"),
    [(DecisionInvalid, -1, "x"), (DecisionInvalid, 10**6, "x"), (DecisionInvalid, 5, " ")],
)
def test_a_decision_needs_a_reason_and_an_end_that_can_be(
    stage, engine, grant, kind, ends_s, reason
):
    job, told = disputed(stage, engine, grant)
    end = told.started_at + timedelta(seconds=ends_s)
    with pytest.raises(kind):
        decide_attempt(OPERATOR, job.attempts.get(), ended_at=end, reason=reason, at=now())


def test_what_is_not_disputed_is_not_decided(stage, engine, grant):
    job = stage.submit(grant, engine)
    with pytest.raises(NotDisputed):
        decide_attempt(OPERATOR, job.attempts.get(), ended_at=now(), reason="x", at=now())


@pytest.mark.parametrize(("starts_s", "lasts_s"), [(-60, -1), (-10, 600)])
def test_a_negative_or_future_duration_is_a_finding_and_waits(
    stage, engine, grant, starts_s, lasts_s
):
    job = stage.submit(grant, engine)
    told = fact(job, starts=now() + timedelta(seconds=starts_s), lasts_s=lasts_s)
    polled(stage, engine, grant, told)
    assert Line.objects.count() == 0
    assert Finding.objects.get(cause="clock").state == "open"
    assert standing_of(grant).held == 120
    good = changed(told, ended_at=told.started_at + timedelta(seconds=5))
    polled(stage, engine, grant, good)
    assert stage.charged(grant) == 10
    assert Finding.objects.get(cause="clock").state == "explained"


def test_a_lowered_budget_cancels_the_newest_jobs_that_no_longer_fit(stage, engine):
    grant = stage.grant("low", gpu_seconds=600)
    old = stage.submit(grant, engine, "old", time_limit_s=100)
    new = stage.submit(grant, engine, "new", time_limit_s=100)
    starts = now() - timedelta(seconds=40)
    runs = [fact(job, starts=starts, lasts_s=None) for job in (old, new)]
    polled(stage, engine, grant, *runs, live=runs)
    change_budget(OPERATOR, locked_grant(grant.id), gpu_seconds=300, at=now())
    polled(stage, engine, grant, *runs, live=runs)
    assert engine.cancelled == [new.engine_key]
    ended = fact(new, starts=starts, lasts_s=42 - 4, state=RunState.CANCELLED)
    polled(stage, engine, grant, runs[0], ended, live=[runs[0]])
    standing = standing_of(grant)
    assert standing.granted - standing.expired >= standing.used + standing.held
    last = fact(old, starts=starts, lasts_s=39)
    polled(stage, engine, grant, last, ended)
    grant.refresh_from_db()
    assert (grant.owed_back, standing_of(grant).available + standing_of(grant).used) == (0, 300)


def test_a_job_of_nobody_is_a_finding_and_stops_nothing(stage, engine, grant):
    job = stage.submit(grant, engine)
    mine = fact(job, starts=now() - timedelta(minutes=5), lasts_s=5)
    stranger = changed(mine, key="madang-" + "0" * 32, job_id="7", account="m" + "e" * 32)
    recycled = changed(mine, account="m" + "f" * 32, job_id=mine.job_id,
                       submitted_at=mine.submitted_at - timedelta(days=900))  # fmt: skip
    elsewhere = changed(mine, account="mathematics", key="train", job_id="8")
    polled(stage, engine, grant, stranger, recycled, elsewhere, mine)
    assert stage.charged(grant) == 10
    assert Finding.objects.filter(cause="unmatched").count() == 2


def test_strangers_that_are_told_again_cost_one_statement_however_many(stage, engine):
    job = stage.submit(stage.grant(), engine)
    ours = "m" + "f" * 32
    strange = fact(job, starts=now() - timedelta(minutes=5), lasts_s=60, account=ours)
    counts = []
    for many in (1, 12):
        engine.facts = [
            changed(strange, job_id=str(9000 + number), key="") for number in range(many)
        ]
        stage.poll(engine)
        with CaptureQueriesContext(connection) as caught:
            stage.poll(engine)
        counts.append(len(caught))
    assert Finding.objects.filter(cause="unmatched").count() == 12
    assert counts[1] == counts[0]


def test_an_array_is_metered_by_task_and_failed_tasks_count(stage, engine, grant):
    job = stage.submit(grant, engine, array=3)
    assert standing_of(grant).held == 360
    starts = now() - timedelta(minutes=5)
    tasks = [
        fact(job, starts=starts, lasts_s=10 + n, job_id=str(200 + n),
             state=RunState.FAILED if n == 1 else RunState.COMPLETED)
        for n in range(3)
    ]  # fmt: skip
    polled(stage, engine, grant, *tasks[:2])
    job.refresh_from_db()
    assert job.state != "completed"
    polled(stage, engine, grant, *tasks)
    assert stage.charged(grant) == 2 * (10 + 11 + 12)
    job.refresh_from_db()
    assert job.state in {"completed", "failed"}
    assert standing_of(grant).held == 0


def test_an_attempt_over_midnight_and_the_months_end_is_one_line(stage, engine, grant):
    job = stage.submit(grant, engine, time_limit_s=7200)
    starts = (now() - timedelta(days=1)).replace(hour=23, minute=59, second=0, microsecond=0)
    told = fact(job, starts=starts - timedelta(days=1), lasts_s=3600)
    polled(stage, engine, grant, told)
    assert stage.charged(grant) == 7200


def test_what_was_cancelled_before_the_engine_heard_of_it_waits_for_nothing(
    stage, engine, grant
):
    engine.failing = EngineUnwell(site="gwangju", reason="down")
    job = stage.submit(grant, engine)
    done = cancel_job(OPERATOR, job, engine, reason="not needed", at=now())
    attempt = job.attempts.get()
    assert (done.state, attempt.state, attempt.is_held) == ("cancelled", "cancelled", False)
    assert standing_of(grant).held == 0
    engine.failing = None
    polled(stage, engine, grant)
    assert engine.submitted == []


def test_a_lost_reply_makes_no_second_job(stage, engine, grant):
    def lost(spec, key, **_):
        engine.submitted.append((key, spec))
        raise EngineUnclear(site="gwangju", reason="no answer")

    real, engine.submit = engine.submit, lost
    at = now()
    job = stage.submit(grant, engine, at=at)
    assert job.state == "intent"
    engine.submit = real
    again = stage.submit(grant, engine, at=at + timedelta(seconds=1))
    assert (again.id, again.state, again.engine_job) == (job.id, "queued", "100")
    assert len(engine.submitted) == 1
    stage.check(grant)


def test_a_submission_that_never_arrived_is_sent_again_only_when_it_no_longer_can(
    stage, engine, grant
):
    real = engine.submit
    engine.submit = lambda *_, **__: (_ for _ in ()).throw(EngineUnclear(site="g", reason="-"))
    at = now()
    job = stage.submit(grant, engine, at=at)
    engine.submit = real
    stage.submit(grant, engine, at=at + timedelta(seconds=5))
    assert engine.submitted == []
    stage.poll(engine, at=at + timedelta(seconds=40))
    job.refresh_from_db()
    assert (job.state, len(engine.submitted)) == ("queued", 1)


def test_an_engine_that_was_down_for_an_hour_gets_what_waited(stage, engine, grant):
    engine.failing = EngineUnwell(site="gwangju", reason="down")
    at = now()
    job = stage.submit(grant, engine, at=at)
    with pytest.raises(EngineUnwell):
        stage.poll(engine, at=at + timedelta(minutes=30))
    engine.failing = None
    stage.poll(engine, at=at + timedelta(hours=1))
    job.refresh_from_db()
    assert (job.state, len(engine.submitted)) == ("queued", 1)


def test_a_job_refused_for_want_of_quota_leaves_no_trace(stage, engine):
    grant = stage.grant("small", gpu_seconds=100)
    with pytest.raises(Refused):
        stage.submit(grant, engine)
    assert (Job.objects.filter(grant=grant).count(), engine.submitted) == (0, [])
    stage.check(grant)

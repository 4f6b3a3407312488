"""One suite for every engine: what the room above relies on, asked of each of them.

A real engine runs real processes here; the tests wait on its state, never on time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from slurm_rig import USER, until

from madang.compute.engines.local import LocalEngine
from madang.compute.engines.types import GrantSpec, JobSpec, RunState
from madang.compute.errors import EngineRefused, EngineUnclear
from madang.core.ids import uuid7

WAIT_S_MAX = 60


def now() -> datetime:
    return datetime.now(UTC)


def spec(grant, script: str = "exit 0", *, cards: int = 1, limit_s: int = 60, gres="gpu:h100"):
    text = f"#!/bin/sh\n{script}\n"
    return JobSpec(grant, "job", cards, gres, limit_s, text)


def new_key() -> str:
    return f"madang-{uuid7().hex}"


def submitted(engine, grant, script: str = "exit 0", **more):
    since = now() - timedelta(seconds=1)
    return engine.submit(spec(grant, script, **more), new_key(), since=since, is_first=True)


def facts_of(engine, ref):
    facts, _ = engine.usage("")
    return [one for one in facts if one.key == ref.key]


def ended(engine, ref):
    """Its one attempt, once the books have its end."""

    def look():
        engine.status([ref])
        return [one for one in facts_of(engine, ref) if one.ended_at is not None]

    return until(look, WAIT_S_MAX)[0]


def running(engine, ref):
    def look():
        return [one for one in engine.status([ref]) if one.state is RunState.RUNNING]

    return until(look, WAIT_S_MAX)[0]


def test_a_job_runs_and_its_attempt_is_told_with_cards_and_both_ends(engine, grant):
    fact = ended(engine, submitted(engine, grant, "sleep 2", cards=3))
    assert fact.state is RunState.COMPLETED
    assert fact.cards == 3
    assert 2 <= (fact.ended_at - fact.started_at).total_seconds() < 10
    assert fact.account == grant.account
    assert fact.source == "accounting"


@pytest.mark.parametrize(("code", "state"), [(0, "completed"), (3, "failed")])
def test_how_a_job_ended_is_told(engine, grant, code, state):
    assert ended(engine, submitted(engine, grant, f"exit {code}")).state == state


def test_what_came_since_a_time_is_told_whole_or_finding_by_key_is_enough(engine, grant):
    """What was sent is told, whatever the books know it by: only so is the rest not there."""
    ref = submitted(engine, grant, "sleep 1")
    ended(engine, ref)

    def told(since):
        try:
            return {one.submission for one in engine.arrivals(grant, since=since)}
        except EngineUnclear:
            return None  # accounting is still being told

    since = now() - timedelta(seconds=30)
    found = until(lambda: told(since) is not None and [told(since)], WAIT_S_MAX)[0]
    assert ref.job_id in found or engine.find(ref.key, grant, since=since) is not None
    assert found or engine.id == "here"
    assert ref.job_id not in (told(now() + timedelta(minutes=1)) or set())


def test_the_same_key_again_is_the_same_job(engine, grant):
    since, key = now() - timedelta(seconds=1), new_key()
    first = engine.submit(spec(grant, "sleep 1"), key, since=since, is_first=True)
    again = engine.submit(spec(grant, "sleep 1"), key, since=since)
    assert again.job_id == first.job_id
    assert engine.find(key, grant, since=since).job_id == first.job_id
    ended(engine, first)
    assert engine.find(key, grant, since=since).job_id == first.job_id


def test_what_nobody_submitted_is_not_found(engine, grant):
    assert engine.find(new_key(), grant, since=now()) is None


def test_a_job_under_another_grant_is_not_ours(engine, grant):
    ref = submitted(engine, grant)
    other = type(grant)(f"m{uuid7().hex}", grant.user)
    assert engine.find(ref.key, other, since=now() - timedelta(hours=1)) is None


def test_an_unknown_job_is_unknown_and_not_finished(engine, grant):
    ref = submitted(engine, grant)
    stranger = type(ref)("999999", new_key(), grant)
    (fact,) = engine.status([stranger])
    assert fact.state is RunState.UNKNOWN
    assert fact.ended_at is None


def test_cancel_ends_a_running_job_and_may_be_repeated(engine, grant):
    ref = submitted(engine, grant, "sleep 300", cards=2)
    running(engine, ref)
    engine.cancel(ref, "no longer needed", grace_s=1)
    engine.cancel(ref, "no longer needed", grace_s=1)
    fact = ended(engine, ref)
    assert fact.state is RunState.CANCELLED
    assert fact.cards == 2
    engine.cancel(ref, "once more, after its end", grace_s=1)


def test_a_frozen_grant_takes_no_new_job_and_its_running_one_goes_on(engine, grant):
    ref = submitted(engine, grant, "sleep 300")
    running(engine, ref)
    engine.freeze(grant, "test")
    with pytest.raises(EngineRefused):
        submitted(engine, grant)
    assert running(engine, ref)
    engine.thaw(grant)
    engine.cancel(ref, "done", grace_s=1)
    assert ended(engine, submitted(engine, grant)).state is RunState.COMPLETED


def test_usage_is_told_again_from_an_old_cursor_and_from_the_new_one_while_open(engine, grant):
    ref = submitted(engine, grant, "sleep 300")
    running(engine, ref)
    until(lambda: facts_of(engine, ref), WAIT_S_MAX)
    _, cursor = engine.usage("")
    again, _ = engine.usage(cursor)
    assert ref.key in {one.key for one in again}
    engine.cancel(ref, "done", grace_s=1)
    ended(engine, ref)
    assert ref.key in {one.key for one in engine.usage(cursor)[0]}


def test_controller_and_books_name_an_attempt_alike(engine, grant):
    ref = submitted(engine, grant, "sleep 300", cards=2)
    seen = running(engine, ref)
    until(lambda: any(one.started_at for one in facts_of(engine, ref)), WAIT_S_MAX)
    (booked,) = facts_of(engine, ref)
    assert booked.attempt_key == seen.attempt_key
    assert booked.cards == seen.cards == 2
    engine.cancel(ref, "done", grace_s=1)
    assert ended(engine, ref).attempt_key == seen.attempt_key


def test_what_the_job_wrote_can_be_read(engine, grant):
    ref = submitted(engine, grant, "echo for the submitter")
    ended(engine, ref)
    until(lambda: "for the submitter" in engine.log(ref, bytes_max=1000), 10)


def test_no_more_than_the_grants_cards_run_at_once(engine, grant):
    refs = [submitted(engine, grant, "sleep 2", cards=3) for _ in range(2)]
    one, two = (ended(engine, ref) for ref in refs)
    first, second = sorted((one, two), key=lambda fact: fact.started_at)
    assert first.ended_at <= second.started_at


def budget(engine, grant, *, gpu_seconds: int = 6000, cards_max: int = 4) -> None:
    not_after = now() + timedelta(days=1)
    engine.set_budget(grant, gpu_seconds=gpu_seconds, cards_max=cards_max, not_after=not_after)


def test_a_budget_is_absolute_and_fewer_cards_than_before_run_at_once(engine, grant):
    for _ in range(2):
        budget(engine, grant, cards_max=3)
    refs = [submitted(engine, grant, "sleep 2", cards=2) for _ in range(2)]
    one, two = sorted((ended(engine, ref) for ref in refs), key=lambda fact: fact.started_at)
    assert one.ended_at <= two.started_at
    budget(engine, grant, cards_max=4)
    refs = [submitted(engine, grant, "sleep 300", cards=2) for _ in range(2)]
    for ref in (*refs, refs[0]):
        running(engine, ref)
    for ref in refs:
        engine.cancel(ref, "done", grace_s=1)


def test_an_engine_says_truly_whether_it_keeps_a_budget_by_itself(engine, grant):
    """Slurm's is in whole minutes, with one minute of all cards over: 3 card-minutes here."""
    budget(engine, grant, gpu_seconds=60, cards_max=2)
    beyond = submitted(engine, grant, cards=2, limit_s=120)
    within = submitted(engine, grant, cards=1, limit_s=60)
    assert ended(engine, within).state is RunState.COMPLETED
    waits = RunState.PENDING in {one.state for one in engine.status([beyond])}
    assert waits is engine.capabilities().has_hard_quota
    budget(engine, grant, cards_max=2)
    assert ended(engine, beyond).state is RunState.COMPLETED


def test_an_engine_says_what_it_can_the_same_each_time(engine):
    can = engine.capabilities()
    assert can == engine.capabilities()
    assert can.time_limit_step_s in {1, 60}
    assert can.clock


def test_a_grant_made_again_is_the_same_and_goes_on(engine, grant):
    gres = "gpu" if isinstance(engine, LocalEngine) else "gpu:h100"
    ref = submitted(engine, grant, "sleep 300")
    running(engine, ref)
    again = engine.ensure_grant(GrantSpec(grant.account, USER, gres, 4))
    assert again == grant
    assert running(engine, ref)
    engine.cancel(ref, "done", grace_s=1)
    assert ended(engine, submitted(engine, again)).state is RunState.COMPLETED


def test_healthy_books_have_no_differences(engine, grant):
    ref = submitted(engine, grant, "sleep 1")
    ended(engine, ref)
    until(lambda: [one for one in engine.reconcile(now() - timedelta(hours=1), now())
                   if one.key == ref.key] == [], 15)  # fmt: skip


def test_every_task_of_an_array_runs_once_and_is_told_by_itself(engine, grant):
    since = now() - timedelta(seconds=1)
    script = 'echo "task $SLURM_ARRAY_TASK_ID"; exit $(( SLURM_ARRAY_TASK_ID % 2 ))'
    wanted = replace(spec(grant, script), array=3)
    ref = engine.submit(wanted, new_key(), since=since, is_first=True)

    def look():
        engine.status([ref])
        done = [one for one in facts_of(engine, ref) if one.ended_at is not None]
        return done if len(done) == 3 else None

    tasks = until(look, WAIT_S_MAX)  # ids are the engine's own: Slurm's last task has the first
    assert len({one.attempt_key for one in tasks}) == 3
    states = sorted(one.state for one in tasks)
    assert states == [RunState.COMPLETED, RunState.COMPLETED, RunState.FAILED]

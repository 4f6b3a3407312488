"""A run that goes on beyond its hold is cancelled after the time that policy gives it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, Stage, changed, declare_policy, fact, now

from madang.compute.engines.types import RunState

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("beyond_s", "state", "after_s", "cancelled"),
    [
        (890, RunState.RUNNING, 900, 0),
        (910, RunState.RUNNING, 900, 1),
        (910, RunState.SUSPENDED, 900, 1),
        (910, RunState.RUNNING, 0, 0),
        (-30, RunState.RUNNING, 1, 0),
    ],
)
def test_a_run_beyond_its_hold_is_cancelled_when_policy_says_so(
    beyond_s, state, after_s, cancelled
):
    stage, engine = Stage(), ScriptedEngine()
    declare_policy(overrun_cancel_s=after_s)
    job = stage.submit(stage.grant(), engine)
    starts = now() - timedelta(seconds=60 + beyond_s)
    one = fact(job, starts=starts, lasts_s=None)
    engine.facts = [changed(one, state=state)]
    stage.poll(engine)
    stage.poll(engine)
    assert len(set(engine.cancelled)) == cancelled
    job.refresh_from_db()
    assert job.state == "running", "until its engine tells the end"
    stage.check(job.grant)


def test_a_job_of_a_grant_whose_last_day_has_passed_is_cancelled_at_the_next_reading():
    """Whether or not the duty has come round that ends the grant."""
    stage, engine = Stage(), ScriptedEngine()
    grant = stage.grant()
    job = stage.submit(grant, engine)
    grant.ends_at = now() + timedelta(seconds=30)
    grant.save(update_fields=["ends_at"])
    engine.live = [fact(job, starts=now(), lasts_s=None)]
    stage.poll(engine)
    assert engine.cancelled == []
    stage.poll(engine, at=grant.ends_at)
    stage.check(grant)
    assert (engine.cancelled, grant.state) == ([job.engine_key], "open")

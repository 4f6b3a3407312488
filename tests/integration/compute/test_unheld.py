"""A run for which nothing was left to hold is borne by the programme, to the second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, Stage, changed, fact, now

from madang.compute.engines.types import RunState
from madang.compute.grants.queries import standing_of
from madang.compute.lines.models import Line, LineKind
from madang.compute.reconciling import reconcile_site

pytestmark = pytest.mark.django_db


def test_a_run_that_could_hold_nothing_is_borne_whole_and_reversed_when_its_facts_change():
    stage, engine = Stage(), ScriptedEngine()
    grant = stage.grant("tight", gpu_seconds=130)
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=30)
    first = fact(job, starts=starts, lasts_s=50, state=RunState.REQUEUED)
    second = fact(job, starts=starts + timedelta(minutes=3), lasts_s=4)

    def poll(*facts):
        engine.facts = list(facts)
        stage.poll(engine)
        stage.check(grant)
        used = Line.objects.filter(attempt__job=job, kind=LineKind.USE)
        return sorted((one.user_gpu_seconds, one.borne_gpu_seconds) for one in used)

    engine.live = [changed(second, ended_at=None, state=RunState.RUNNING)]
    assert poll(first, *engine.live) == [(100, 0)]
    engine.live = []
    assert poll(first, second) == [(0, 8), (100, 0)]
    assert poll(first, second) == [(0, 8), (100, 0)]
    later = changed(second, ended_at=second.ended_at + timedelta(seconds=1))
    assert poll(first, later) == [(0, 8), (0, 10), (100, 0)]
    assert Line.objects.filter(kind=LineKind.REVERSAL).count() == 1
    assert standing_of(grant).used == 100
    report = reconcile_site(stage.site, engine, now() - timedelta(hours=2), now())
    assert report.as_data()["drift_gpu_seconds"] == 0
    job.refresh_from_db()
    assert job.state == "completed"

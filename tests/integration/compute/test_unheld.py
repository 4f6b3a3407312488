"""A run that began before it could be held for takes what is left; the programme bears
what goes beyond, to the second and to the won."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, Stage, changed, declare_policy, fact, now

from madang.compute.engines.types import RunState
from madang.compute.grants.queries import standing_of
from madang.compute.lines.models import Line, LineKind
from madang.compute.reconciling import reconcile_site
from madang.metering.usage.models import Usage

pytestmark = pytest.mark.django_db


WON = 1_000_000


def test_a_run_that_could_hold_nothing_is_borne_whole_and_reversed_when_its_facts_change():
    stage, engine = Stage(), ScriptedEngine()
    grant = stage.grant("tight", gpu_seconds=120)
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=30)
    first = fact(job, starts=starts, lasts_s=60, state=RunState.REQUEUED)
    second = fact(job, starts=starts + timedelta(minutes=3), lasts_s=4)

    def poll(*facts):
        engine.facts = list(facts)
        stage.poll(engine)
        stage.check(grant)
        used = Line.objects.filter(attempt__job=job, kind=LineKind.USE)
        return sorted((one.user_gpu_seconds, one.borne_gpu_seconds) for one in used)

    engine.live = [changed(second, ended_at=None, state=RunState.RUNNING)]
    assert poll(first, *engine.live) == [(120, 0)]
    engine.live = []
    assert poll(first, second) == [(0, 8), (120, 0)]
    assert poll(first, second) == [(0, 8), (120, 0)]
    later = changed(second, ended_at=second.ended_at + timedelta(seconds=1))
    assert poll(first, later) == [(0, 8), (0, 10), (120, 0)]
    assert Line.objects.filter(kind=LineKind.REVERSAL).count() == 1
    assert standing_of(grant).used == 120
    report = reconcile_site(stage.site, engine, now() - timedelta(hours=2), now())
    assert report.as_data()["drift_gpu_seconds"] == 0
    job.refresh_from_db()
    assert job.state == "completed"


def priced(**voucher):
    stage = Stage(won_each="100")
    return stage, stage.grant("tight", gpu_seconds=130, **voucher)


def two_runs(stage, grant, engine, *, second_s: int):
    """A job that is requeued and runs again before it could be held for."""
    job = stage.submit(grant, engine)
    starts = now() - timedelta(minutes=30)
    first = fact(job, starts=starts, lasts_s=50, state=RunState.REQUEUED)
    second = fact(job, starts=starts + timedelta(minutes=3), lasts_s=second_s)
    engine.facts = [first]
    engine.live = [changed(second, ended_at=None, state=RunState.RUNNING)]
    stage.poll(engine)
    engine.facts, engine.live = [first, second], []
    stage.poll(engine)
    stage.check(grant)
    return job


def paid(grant) -> tuple[int, int, int]:
    """What the voucher was charged, what the programme bore and what is disputed, in won."""
    rows = list(Usage.objects.filter(voucher=grant.voucher))
    charged = sum(
        charge.amount_microwon for row in rows for charge in row.charges.filter(kind="charge")
    )
    borne = sum(row.programme_microwon for row in rows)
    return charged // WON, borne // WON, sum(row.disputed_microwon for row in rows) // WON


def test_an_unheld_run_of_a_priced_grant_pays_what_is_left_and_the_programme_the_rest():
    stage, grant = priced()
    job = two_runs(stage, grant, ScriptedEngine(), second_s=20)
    lines = Line.objects.filter(attempt__job=job).order_by("gpu_ms")
    assert [(one.user_gpu_seconds, one.borne_gpu_seconds) for one in lines] == [
        (30, 10), (100, 0),
    ]  # fmt: skip
    assert standing_of(grant).used == 130
    charged, borne, disputed = paid(grant)
    assert (charged, borne + disputed) == (13_000, 1_000)


def test_money_that_is_short_is_used_as_far_as_halves_of_the_quota_reach():
    stage, grant = priced(subsidy_won=100_000, deposit_won=4_900)
    job = two_runs(stage, grant, ScriptedEngine(), second_s=20)
    second = Line.objects.filter(attempt__job=job).order_by("gpu_ms")[0]
    assert (second.user_gpu_seconds, second.borne_gpu_seconds) == (15, 25), (
        "30 were left; the 900 won of deposit carry 2,250 won of supply"
    )
    charged, borne, disputed = paid(grant)
    assert charged == 100 * (100 + second.user_gpu_seconds)
    assert borne + disputed == 100 * second.borne_gpu_seconds


def test_where_policy_says_so_the_programme_bears_an_unheld_run_whole():
    declare_policy(unheld_run="programme")
    stage, grant = priced()
    job = two_runs(stage, grant, ScriptedEngine(), second_s=20)
    lines = Line.objects.filter(attempt__job=job).order_by("gpu_ms")
    assert [(one.user_gpu_seconds, one.borne_gpu_seconds) for one in lines] == [
        (0, 40), (100, 0),
    ]  # fmt: skip
    assert (standing_of(grant).used, stage.charged(grant)) == (100, 100)
    charged, borne, disputed = paid(grant)
    assert (charged, borne + disputed) == (10_000, 4_000)

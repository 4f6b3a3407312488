"""One of a group that is refused is told apart, and the others go on together without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from compute_stage import PLATFORM, ScriptedEngine, Stage, now

from madang.compute.grants.queries import standing_of
from madang.compute.jobs import actions
from madang.compute.jobs.intents import Wanted, write_intents
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder
from madang.core.errors import MadangError

pytestmark = pytest.mark.django_db
GRANTS, EACH = 3, 4


@pytest.fixture
def groups(monkeypatch) -> list[int]:
    """How many were wanted in each transaction that was tried."""
    found: list[int] = []

    def written(wanted, **more):
        found.append(len(wanted))
        return write_intents(wanted, **more)

    monkeypatch.setattr(actions, "write_intents", written)
    return found


def order(key: str, **more) -> JobOrder:
    return JobOrder(**{"key": key, "cards": 1, "time_limit_s": 60, "script": "exit 0"} | more)


def group_of(stage: Stage) -> list[Wanted]:
    grants = [stage.grant(f"g{n}", organisation=f"o{n}") for n in range(GRANTS)]
    return [Wanted(PLATFORM, grants[n % GRANTS], order(f"k{n}")) for n in range(GRANTS * EACH)]


def asked(one: Wanted, **more) -> Wanted:
    return replace(one, order=replace(one.order, **more))


def known_otherwise(stage: Stage, one: Wanted) -> Wanted:
    stage.submit(one.grant, ScriptedEngine(), one.order.key, cards=2)
    one.grant.refresh_from_db()
    return one


def of_a_poor_grant(stage: Stage, one: Wanted) -> Wanted:
    return replace(one, grant=stage.grant("poor", gpu_seconds=59, organisation="poor"))


def of_a_poor_voucher(stage: Stage, one: Wanted) -> Wanted:
    poor = stage.grant("poor", organisation="poor", subsidy_won=7, deposit_won=3)
    return replace(one, grant=poor)


def of_a_frozen_grant(stage: Stage, one: Wanted) -> Wanted:
    frozen = stage.grant("frozen", organisation="frozen")
    frozen.state = "frozen"
    frozen.save()
    return replace(one, grant=frozen)


REFUSED: dict[str, Callable[[Stage, Wanted], Wanted]] = {
    "compute.job.cards_too_many": lambda _, one: asked(one, cards=9),
    "compute.job.time_limit_invalid": lambda _, one: asked(one, time_limit_s=10**8),
    "compute.job.command_missing": lambda _, one: asked(one, script=""),
    "compute.job.exists_with_different_content": known_otherwise,
    "compute.grant.frozen": of_a_frozen_grant,
    "metering.quota.insufficient": of_a_poor_grant,
    "voucher.balance.insufficient": of_a_poor_voucher,
}


@pytest.mark.parametrize("code", REFUSED)
def test_only_the_refused_one_goes_by_itself(code: str, groups: list[int]) -> None:
    stage, engine = Stage(won_each="1.5"), ScriptedEngine()
    group = group_of(stage)
    group[5] = REFUSED[code](stage, group[5])
    before = Job.objects.count()
    groups.clear()
    done = actions._each(group, engine, now())
    assert groups == [len(group), len(group) - 1, 1]
    assert isinstance(done[5], MadangError)
    assert done[5].code == code
    told = [one.job.key for one in done if isinstance(one, actions.SubmittedOne)]
    assert told == [one.order.key for n, one in enumerate(group) if n != 5]
    assert Job.objects.count() == before + len(group) - 1
    for grant in {one.grant.id: one.grant for one in group}.values():
        stage.check(grant)


def test_several_that_cannot_be_are_told_apart_at_once(groups: list[int]) -> None:
    stage, engine = Stage(), ScriptedEngine()
    group = group_of(stage)
    bad = {2: {"cards": 9}, 3: {"script": ""}, 7: {"time_limit_s": 10**8}}
    group = [asked(one, **bad.get(n, {})) for n, one in enumerate(group)]
    done = actions._each(group, engine, now())
    assert groups == [len(group), len(group) - len(bad), 1, 1, 1]
    assert {n for n, one in enumerate(done) if isinstance(one, MadangError)} == set(bad)
    assert len(engine.submitted) == len(group) - len(bad)


def test_of_a_grant_that_can_carry_some_the_first_are_taken(groups: list[int]) -> None:
    stage, engine = Stage(), ScriptedEngine()
    group = group_of(stage)
    poor = stage.grant("poor", gpu_seconds=120, organisation="poor")
    for n in (1, 4, 6):
        group[n] = replace(group[n], grant=poor)
    done = actions._each(group, engine, now())
    assert groups == [len(group), len(group) - 3, 1, 1, 1]
    assert [n for n, one in enumerate(done) if isinstance(one, MadangError)] == [6]
    assert standing_of(poor).available == 0
    stage.check(poor)


def test_two_contents_under_one_key_are_the_first_and_a_refusal(groups: list[int]) -> None:
    stage, engine = Stage(), ScriptedEngine()
    group = group_of(stage)
    group.append(asked(group[0], cards=2))
    done = actions._each(group, engine, now())
    assert groups == [len(group), len(group) - 2, 1, 1]
    assert isinstance(done[-1], MadangError)
    assert done[-1].code == "compute.job.exists_with_different_content"
    assert isinstance(done[0], actions.SubmittedOne)
    assert done[0].job.cards == 1

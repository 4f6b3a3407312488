from __future__ import annotations

import uuid

import pytest

from madang.core.errors import NotAllowed, NotFound
from madang.parties.actor import Actor, Role, need_four_eyes, system_actor
from madang.parties.errors import FourEyes

HOME, AWAY = uuid.uuid4(), uuid.uuid4()
KIM = Actor(
    "kim",
    frozenset({Role.BENEFICIARY, Role.REVIEWER}),
    organisations=frozenset({HOME, AWAY}),
    places=frozenset({(HOME, Role.BENEFICIARY), (AWAY, Role.REVIEWER)}),
)


def test_role_held_at_home_is_not_held_elsewhere() -> None:
    assert KIM.acts_as(Role.BENEFICIARY, HOME)
    assert not KIM.acts_as(Role.BENEFICIARY, AWAY)
    with pytest.raises(NotAllowed):
        KIM.need_at(Role.BENEFICIARY, AWAY)
    with pytest.raises(NotFound):
        KIM.need_at(Role.BENEFICIARY, uuid.uuid4())


def test_need_refuses_a_role_that_nobody_gave() -> None:
    KIM.need(Role.OPERATOR, Role.REVIEWER)
    with pytest.raises(NotAllowed):
        KIM.need(Role.OPERATOR)
    with pytest.raises(NotAllowed):
        KIM.need()


def test_maker_may_not_approve_and_neither_may_the_platform_for_itself() -> None:
    need_four_eyes(KIM, "lee")
    with pytest.raises(FourEyes):
        need_four_eyes(KIM, "kim")
    with pytest.raises(FourEyes):
        need_four_eyes(system_actor("worker"), "system")


def test_platform_holds_every_role_everywhere() -> None:
    system = system_actor("cli")
    assert system.acts_for(HOME)
    assert system.acts_as(Role.BENEFICIARY, AWAY)
    assert system.sees_everything

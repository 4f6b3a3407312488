"""Every table refuses what it does not list: each state × each step × each role.

Goal: no step is taken from a state, or by a role, that its table does not name. Method: the
interpreter over rows without a database, for a refusal comes before anything is written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from madang.core.errors import NotAllowed
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.programme.agreements.workflow import AGREEMENT
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.workflow import CALL
from madang.programme.copayments.workflow import COPAYMENT
from madang.review.appeals.workflow import APPEAL
from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.challenges.workflow import CHALLENGE
from madang.review.rankings.workflow import RANKING

AT = datetime(2026, 3, 2, tzinfo=UTC)
EVERYTHING = Actor("1", frozenset(Role))
TABLES = [
    AGREEMENT,
    APPEAL,
    CHALLENGE,
    APPLICATION,
    ASSIGNMENT,
    AWARD,
    CALL,
    COPAYMENT,
    RANKING,
]
STEPS = [(table, move) for table in TABLES for move in table.transitions]
WRONG_STATES = [
    (table, move, state.code)
    for table, move in STEPS
    if move.who
    for state in table.states
    if state.code not in move.sources
]
WRONG_ROLES = [
    (table, move, role) for table, move in STEPS for role in Role if role not in move.who
]


def name(value: object) -> str:
    return str(getattr(value, "noun", getattr(value, "code", value)))


@pytest.mark.parametrize(("table", "move", "state"), WRONG_STATES, ids=name)
def test_step_is_refused_from_a_state_that_the_table_does_not_list(table, move, state) -> None:
    row = SimpleNamespace(pk="1", state=state)
    with pytest.raises(TransitionNotAllowed) as caught:
        table.move(row, move.code, EVERYTHING, at=AT)
    assert caught.value.fields["state"] == state
    assert row.state == state


@pytest.mark.parametrize(("table", "move", "role"), WRONG_ROLES, ids=name)
def test_step_is_refused_to_a_role_that_the_table_does_not_list(table, move, role) -> None:
    row = SimpleNamespace(pk="1", state=move.sources[0])
    with pytest.raises(NotAllowed):
        table.move(row, move.code, Actor("1", frozenset({role})), at=AT)
    assert row.state == move.sources[0]

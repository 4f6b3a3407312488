"""Every table is closed and reachable, and the page of drawings is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from madang.programme.agreements.workflow import AGREEMENT
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.workflow import CALL
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.matches.workflow import MATCH
from madang.programme.workflows import page
from madang.review.appeals.workflow import APPEAL
from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.challenges.workflow import CHALLENGE
from madang.review.rankings.workflow import RANKING

ALL = [
    MATCH,
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
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "workflows.md"


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.noun)
def test_every_state_can_be_reached(table) -> None:
    reached = {table.initial}
    for _ in table.states:
        reached |= {m.target for m in table.transitions if reached & set(m.sources)}
    assert reached == {state.code for state in table.states}


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.noun)
def test_final_states_have_no_way_out_and_others_have_one(table) -> None:
    leaves = {source for move in table.transitions for source in move.sources}
    for state in table.states:
        assert (state.code in leaves) != state.final, state.code


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.noun)
def test_every_state_and_step_has_a_name_in_both_languages(table) -> None:
    for item in (*table.states, *table.transitions):
        assert item.ko
        assert item.en


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.noun)
def test_only_the_clock_moves_into_a_state_that_is_read_from_it(table) -> None:
    derived = {state.code for state in table.states if state.derived}
    assert all(not move.who for move in table.transitions if move.target in derived)


def test_page_of_drawings_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"

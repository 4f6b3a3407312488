"""The room's tables of states: no dead ends, both languages, and a fresh page of drawings."""

from __future__ import annotations

from pathlib import Path

import pytest

from madang.datahub.workflows import (
    ACCESS,
    BUILD_GOAL,
    BUILD_PROJECT,
    BUILD_TERMS,
    COMMENT,
    DELIVERY,
    DEMAND,
    QUALITY,
    RELEASE,
    RESULT,
    SURVEY,
    VERSION,
    page,
)

ALL = [SURVEY, DEMAND, BUILD_GOAL, BUILD_PROJECT, VERSION, QUALITY, RELEASE, ACCESS]
ALL += [COMMENT, BUILD_TERMS, DELIVERY, RESULT]
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "workflows-datahub.md"


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.noun)
def test_every_state_can_be_reached_and_left_unless_final(table) -> None:
    reached = {table.initial}
    for _ in table.states:
        reached |= {m.target for m in table.transitions if reached & set(m.sources)}
    assert reached == {state.code for state in table.states}
    leaves = {source for move in table.transitions for source in move.sources}
    for state in table.states:
        assert (state.code in leaves) != state.final, state.code


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.noun)
def test_every_state_and_step_has_a_name_in_both_languages(table) -> None:
    for item in (*table.states, *table.transitions):
        assert item.ko
        assert item.en


def test_page_of_drawings_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"

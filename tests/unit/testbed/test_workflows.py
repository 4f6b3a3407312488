"""Tables of states: every state can be reached, every dead end is meant, the page is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from madang.testbed.submissions.models import SubmissionState
from madang.testbed.submissions.workflow import APPEAL, SUBMISSION
from madang.testbed.workflows import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "workflows-testbed.md"


@pytest.mark.parametrize("table", [SUBMISSION, APPEAL], ids=lambda table: table.noun)
def test_every_state_is_reached_and_only_final_ones_are_dead_ends(table):
    reached = {table.initial}
    while (
        more := {step.target for step in table.transitions if reached & set(step.sources)}
        - reached
    ):
        reached |= more
    stored = {state.code for state in table.states}
    assert reached == stored
    left = {source for step in table.transitions for source in step.sources}
    assert stored - left == {state.code for state in table.states if state.final}


def test_the_table_has_the_states_of_the_rows():
    assert {state.code for state in SUBMISSION.states} == set(SubmissionState.values)


def test_the_drawings_are_fresh():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"

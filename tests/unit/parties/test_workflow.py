from __future__ import annotations

import pytest

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.parties.workflow_drawing import drawing

LIGHT: Workflow = Workflow(
    noun="light",
    initial="off",
    states=(
        State("off", "꺼짐", "off"),
        State("on", "켜짐", "on"),
        State("gone", "끝", "gone", final=True),
    ),
    transitions=(
        Transition(
            "switch_on", ("off",), "on", "켜기", "Switch on", frozenset({Role.OPERATOR})
        ),
        Transition("break", ("off", "on"), "gone", "고장", "Break"),
    ),
)


def test_drawing_shows_each_state_and_each_way() -> None:
    text = drawing(LIGHT)
    assert "[*] --> off" in text
    assert "on --> gone: break" in text
    assert "gone --> [*]" in text
    assert "| switch_on | off | on | 켜기 | operator |" in text
    assert "| break | off, on | gone | 고장 | platform |" in text


def test_label_speaks_both_languages() -> None:
    assert (LIGHT.label("on", "ko"), LIGHT.label("on", "en")) == ("켜짐", "on")


@pytest.mark.parametrize(
    ("initial", "source", "target"),
    [("dim", "off", "on"), ("off", "dim", "on"), ("off", "off", "dim")],
)
def test_table_that_names_an_unknown_state_is_refused(initial, source, target) -> None:
    with pytest.raises(AssertionError):
        Workflow(
            noun="light",
            initial=initial,
            states=(State("off", "", ""), State("on", "", "")),
            transitions=(Transition("x", (source,), target, "", ""),),
        )

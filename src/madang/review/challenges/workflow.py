"""The challenge's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.review.challenges.models import Challenge

OPERATOR = frozenset({Role.OPERATOR})

CHALLENGE: Workflow[Challenge] = Workflow(
    noun="challenge",
    initial="filed",
    states=(
        State("filed", "접수", "filed"),
        State("upheld", "인용", "upheld", final=True),
        State("dismissed", "기각", "dismissed", final=True),
    ),
    transitions=(
        Transition("uphold", ("filed",), "upheld", "인용", "Uphold", OPERATOR),
        Transition("dismiss", ("filed",), "dismissed", "기각", "Dismiss", OPERATOR),
    ),
)

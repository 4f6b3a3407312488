"""The ranking run's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.review.rankings.models import RankingRun

OPERATOR = frozenset({Role.OPERATOR})

RANKING: Workflow[RankingRun] = Workflow(
    noun="ranking",
    initial="computed",
    states=(
        State("computed", "산정", "computed"),
        State("confirmed", "확정", "confirmed"),
        State("superseded", "대체됨", "superseded", final=True),
    ),
    transitions=(
        Transition("confirm", ("computed",), "confirmed", "확정", "Confirm", OPERATOR),
        Transition(
            "supersede", ("computed", "confirmed"), "superseded", "대체", "Supersede", OPERATOR
        ),
    ),
)

"""The lives of a survey and of what it gathers, as tables."""

from __future__ import annotations

from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

SURVEY: Workflow[DemandSurvey] = Workflow(
    noun="demand_survey",
    initial="draft",
    states=(
        State("draft", "작성중", "Draft"),
        State("open", "접수중", "Open"),
        State("closed", "마감", "Closed"),
        State("analysed", "분석완료", "Analysed"),
        State("published", "공표", "Published", final=True),
    ),
    transitions=(
        Transition("open", ("draft",), "open", "접수", "Open", OPERATOR),
        Transition("close", ("open",), "closed", "마감", "Close", OPERATOR),
        Transition("analyse", ("closed", "analysed"), "analysed", "분석", "Analyse", OPERATOR),
        Transition("publish", ("analysed",), "published", "공표", "Publish", OPERATOR),
    ),
)
DEMAND: Workflow[DemandItem] = Workflow(
    noun="demand",
    initial="received",
    states=(
        State("received", "접수", "Received"),
        State("merged", "통합", "Merged"),
        State("adopted", "채택", "Adopted", final=True),
        State("declined", "미채택", "Declined", final=True),
    ),
    transitions=(
        Transition("merge", ("received",), "merged", "통합", "Merge", OPERATOR),
        Transition("split", ("merged",), "received", "분리", "Split", OPERATOR),
        Transition("adopt", ("received",), "adopted", "채택", "Adopt", OPERATOR),
        Transition("decline", ("received",), "declined", "미채택", "Decline", OPERATOR),
    ),
)

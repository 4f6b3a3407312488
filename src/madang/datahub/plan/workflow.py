"""The lives of a goal and of a build project, as tables."""

from __future__ import annotations

from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})
BUILDERS = frozenset({Role.BUILDER, Role.OPERATOR})
AT_WORK = ("contracted", "collecting", "refining", "labelling", "inspecting", "delivered")

BUILD_GOAL: Workflow[BuildGoal] = Workflow(
    noun="build_goal",
    initial="proposed",
    states=(
        State("proposed", "안", "Proposed"),
        State("agreed", "협약", "Agreed"),
        State("changed", "변경협약", "Changed"),
        State("met", "달성", "Met", final=True),
        State("missed", "미달", "Missed", final=True),
    ),
    transitions=(
        Transition("agree", ("proposed",), "agreed", "협약", "Agree", OPERATOR),
        Transition("change", ("agreed", "changed"), "changed", "변경", "Change", OPERATOR),
        Transition("meet", ("agreed", "changed"), "met", "달성", "Meet", OPERATOR),
        Transition("miss", ("agreed", "changed"), "missed", "미달", "Miss", OPERATOR),
    ),
)
BUILD_PROJECT: Workflow[BuildProject] = Workflow(
    noun="build_project",
    initial="contracted",
    states=(
        State("contracted", "협약", "Contracted"),
        State("collecting", "수집", "Collecting"),
        State("refining", "정제", "Refining"),
        State("labelling", "가공(라벨링)", "Labelling"),
        State("inspecting", "자체검수", "Inspecting"),
        State("delivered", "납품", "Delivered"),
        State("accepted", "인수", "Accepted", final=True),
        State("failed", "미이행", "Failed", final=True),
        State("terminated", "협약해지", "Terminated", final=True),
    ),
    transitions=(
        Transition("collect", ("contracted",), "collecting", "수집", "Collect", BUILDERS),
        Transition("refine", ("collecting",), "refining", "정제", "Refine", BUILDERS),
        Transition("label", ("refining",), "labelling", "가공", "Label", BUILDERS),
        Transition("inspect", ("labelling",), "inspecting", "검수", "Inspect", BUILDERS),
        Transition("deliver", ("inspecting",), "delivered", "납품", "Deliver", BUILDERS),
        Transition("accept", ("delivered",), "accepted", "인수", "Accept", OPERATOR),
        Transition("go_on", ("delivered",), "inspecting", "다음단계", "Go on", OPERATOR),
        Transition("return", ("delivered",), "inspecting", "반려", "Return", OPERATOR),
        Transition("fail", AT_WORK, "failed", "미이행", "Fail", OPERATOR),
        Transition("terminate", AT_WORK, "terminated", "해지", "Terminate", OPERATOR),
    ),
)

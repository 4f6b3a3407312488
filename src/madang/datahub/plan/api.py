"""REST routes of the plan: the public roadmap, goals and build projects."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.plan import actions
from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.datahub.plan.queries import (
    LateRelease,
    late_releases,
    projects_for,
    roadmap,
    unused_sets,
)
from madang.datahub.sets.queries import data_set_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.instants import Day
from madang.parties.organisations.queries import organisation_by_code

router = Router(tags=["datahub"])
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]


class StepIn(Schema):
    """What is there by a day, counted from the beginning, and what is paid then."""

    name_ko: Annotated[str, Field(min_length=1, max_length=200)]
    name_en: Annotated[str, Field(min_length=1, max_length=200)]
    due_on: Day
    volume: Annotated[Whole, Field(ge=1, le=10**12)]
    amount_microwon: Annotated[Whole, Field(ge=0, le=10**18)] = 0


class StandingOut(Schema):
    field: str
    half_year: str
    target: int
    published: int | None
    source: str
    contracted: int
    delivered: int
    opened: int
    used: int


class LateOut(Schema):
    data_set: str
    number: str
    opens_on: date
    days_late: int
    is_open: bool


class RoadmapOut(Schema):
    goals: list[StandingOut]
    late: list[LateOut]
    unused: list[str]


class GoalIn(Schema):
    code: Code
    field: Annotated[str, Field(max_length=24)] = ""
    half_year: Annotated[str, Field(pattern=r"^20[0-9]{2}H[12]$")]
    target: Annotated[Whole, Field(ge=0, le=100_000)]
    published: Annotated[Whole, Field(ge=0, le=100_000)] | None = None
    source: Annotated[str, Field(max_length=400)] = ""


class GoalOut(Schema):
    code: str
    state: str
    target: int


class ProjectIn(Schema):
    code: Code
    goal: str
    organisation: str
    data_set: str | None = None
    targets: Annotated[str, Field(min_length=1, max_length=100_000)]
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=12)]


class ProjectStepIn(Schema):
    step: Annotated[str, Field(pattern="^(collect|refine|label|inspect|fail|terminate)$")]
    reason: Annotated[str, Field(max_length=1000)] = ""


class ProjectOut(Schema):
    id: UUID
    code: str
    state: str
    data_set: str
    unit: str
    promised: int
    delivered: int
    due_on: date


@router.get("/datahub/roadmap", response=RoadmapOut, operation_id="show_roadmap", auth=None)
def show_roadmap(request: ApiRequest) -> dict[str, object]:
    """Promised against contracted, delivered, opened and used; what is late or unused."""
    late = [
        {**_late(one), "data_set": one.data_set.code}
        for one in late_releases(seoul_date(request.at))
        if not one.data_set.is_private
    ]
    unused = [row.code for row in unused_sets() if not row.is_private]
    return {"goals": [asdict(one) for one in roadmap()], "late": late, "unused": unused}


def _late(one: LateRelease) -> dict[str, object]:
    names = ("number", "opens_on", "days_late", "is_open")
    return {name: getattr(one, name) for name in names}


@router.post("/datahub/goals", response=GoalOut, operation_id="set_build_goal")
def set_goal(request: ApiRequest, body: GoalIn) -> BuildGoal:
    facts = actions.GoalFacts(**body.model_dump())
    return actions.declare_goal(request.actor, facts, at=request.at).row


@router.post("/datahub/goals/{code}/settle", response=GoalOut, operation_id="settle_build_goal")
def settle(request: ApiRequest, code: str) -> BuildGoal:
    """Met or missed, once its half-year is over."""
    return actions.settle_goal(request.actor, code, at=request.at)


def project_out(row: BuildProject) -> dict[str, object]:
    names = ("id", "code", "state", "unit", "promised", "delivered", "due_on")
    data_set = row.data_set.code if row.data_set else ""
    return {"data_set": data_set, **{name: getattr(row, name) for name in names}}


@router.get("/datahub/projects", response=list[ProjectOut], operation_id="list_build_projects")
def list_projects(request: ApiRequest) -> list[dict[str, object]]:
    """A builder's own; all for the agency."""
    return [project_out(row) for row in projects_for(request.actor)[:ROWS_MAX]]


@router.post("/datahub/projects", response=ProjectOut, operation_id="contract_build_project")
def contract(request: ApiRequest, body: ProjectIn) -> dict[str, object]:
    """A builder takes on one kind without a call; its goals are signed next."""
    goal = BuildGoal.objects.filter(code=body.goal).first()
    if goal is None:
        raise NotFound
    data_set = data_set_for(request.actor, body.data_set) if body.data_set else None
    steps = [one.model_dump(mode="json") for one in body.steps]
    terms = actions.ProjectTerms(body.code, body.targets, steps)
    organisation = organisation_by_code(body.organisation)
    return project_out(
        actions.contract_project(
            request.actor, goal, organisation, terms, data_set=data_set, at=request.at
        )
    )


@router.post(
    "/datahub/projects/{build_project_id}/step", response=ProjectOut,
    operation_id="move_build_project",
)  # fmt: skip
def step(request: ApiRequest, build_project_id: UUID, body: ProjectStepIn) -> dict[str, object]:
    """Collect, refine, label, inspect; fail or terminate. Deliveries have their own routes."""
    return project_out(
        actions.move_project(
            request.actor, build_project_id, step=body.step, reason=body.reason, at=request.at
        )
    )

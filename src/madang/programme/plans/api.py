"""REST routes of multi-year plans: figures for everybody, goals for operators."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.api import ApiRequest
from madang.programme.plans import actions
from madang.programme.plans.models import Goal, Plan
from madang.programme.plans.queries import (
    by_ministry,
    goals_of,
    lines_of,
    plan_by_code,
    plans,
    total_of,
)

router = Router(tags=["plans"])


class FiguresOut(Schema):
    """Micro-won: promised, appropriated, bound by awards, consumed."""

    planned: int
    appropriated: int
    committed: int
    spent: int


class LineOut(FiguresOut):
    year: int
    through: int
    programme: str
    ministry: str


class GoalOut(Schema):
    id: UUID
    code: str
    name_ko: str
    name_en: str
    due_on: date
    state: str
    evidence_sha256: str | None
    reached_at: datetime | None


class PlanOut(Schema):
    code: str
    name_ko: str
    name_en: str
    source: str


class PlanPageOut(PlanOut):
    total: FiguresOut
    ministries: dict[str, FiguresOut]
    lines: list[LineOut]
    goals: list[GoalOut]


class EvidenceIn(Schema):
    """A stored document's id."""

    document: UUID


class RejectIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


def goal_out(row: Goal) -> GoalOut:
    shown = row.evidence.sha256 if row.evidence else None
    return GoalOut(
        id=row.id,
        code=row.code,
        name_ko=row.name_ko,
        name_en=row.name_en,
        due_on=row.due_on,
        state=row.state,
        evidence_sha256=shown,
        reached_at=row.reached_at,
    )


def plan_page(plan: Plan) -> PlanPageOut:
    lines = lines_of(plan)
    return PlanPageOut(
        code=plan.code,
        name_ko=plan.name_ko,
        name_en=plan.name_en,
        source=plan.source,
        total=FiguresOut(**asdict(total_of(lines))),
        ministries={
            code: FiguresOut(**asdict(sums)) for code, sums in by_ministry(lines).items()
        },
        lines=[
            LineOut(
                year=one.line.year,
                through=one.line.through,
                programme=one.line.programme.code,
                ministry=one.line.ministry.code,
                **asdict(one.figures),
            )
            for one in lines
        ],
        goals=[goal_out(row) for row in goals_of(plan)],
    )


@router.get("/public/plans", response=list[PlanOut], operation_id="list_plans", auth=None)
def list_plans(request: ApiRequest) -> list[PlanOut]:
    return [PlanOut.from_orm(row) for row in plans()]


@router.get("/public/plans/{code}", response=PlanPageOut, operation_id="show_plan", auth=None)
def show_plan(request: ApiRequest, code: str) -> PlanPageOut:
    """What was promised by year and ministry, and what the ledger says became of it."""
    return plan_page(plan_by_code(code))


@router.post("/goals/{goal_id}/report", response=GoalOut, operation_id="report_goal")
def report(request: ApiRequest, goal_id: UUID, body: EvidenceIn) -> GoalOut:
    """With the document that shows it."""
    done = actions.report_goal(request.actor, goal_id, evidence=body.document, at=request.at)
    return goal_out(done)


@router.post("/goals/{goal_id}/confirm", response=GoalOut, operation_id="confirm_goal")
def confirm(request: ApiRequest, goal_id: UUID) -> GoalOut:
    """By somebody other than who reported it."""
    return goal_out(actions.confirm_goal(request.actor, goal_id, at=request.at))


@router.post("/goals/{goal_id}/reject", response=GoalOut, operation_id="reject_goal")
def reject(request: ApiRequest, goal_id: UUID, body: RejectIn) -> GoalOut:
    done = actions.reject_goal(request.actor, goal_id, reason=body.reason, at=request.at)
    return goal_out(done)

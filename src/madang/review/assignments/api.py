"""REST routes of assignments: pledge, decline, recuse, exclude, challenge."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.api import ROWS_MAX, ApiRequest
from madang.review.assignments import actions
from madang.review.assignments.candidates import replace_reviewer
from madang.review.assignments.models import Assignment
from madang.review.assignments.queries import assignment_for, assignments_for

router = Router(tags=["review"])
Text = Annotated[str, Field(max_length=4000)]
ONE = "/assignments/{assignment_id}"


class PledgeIn(Schema):
    has_conflict: bool
    text_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    reason: Text = ""


class ReasonIn(Schema):
    reason: Text


class AssignmentOut(Schema):
    id: UUID
    panel: UUID
    subject: UUID
    subject_type: str
    subject_id: UUID
    reviewer: UUID
    state: str
    created_at: datetime


def assignment_out(row: Assignment) -> AssignmentOut:
    subject = row.subject
    return AssignmentOut(
        id=row.id,
        panel=subject.panel_id,
        subject=subject.id,
        subject_type=subject.subject_type,
        subject_id=subject.subject_id,
        reviewer=row.reviewer.person_id,
        state=row.state,
        created_at=row.created_at,
    )


@router.get("/assignments", response=list[AssignmentOut], operation_id="list_assignments")
def list_assignments(request: ApiRequest) -> list[AssignmentOut]:
    """A reviewer's own; all for operators and auditors."""
    return [assignment_out(row) for row in assignments_for(request.actor)[:ROWS_MAX]]


@router.post(ONE + "/pledge", response=AssignmentOut, operation_id="declare_interest")
def pledge(request: ApiRequest, assignment_id: UUID, body: PledgeIn) -> AssignmentOut:
    """The reviewer's own word for this very subject; without a conflict it opens."""
    row = assignment_for(request.actor, assignment_id)
    done = actions.declare_interest(
        request.actor,
        row.id,
        has_conflict=body.has_conflict,
        text_sha256=body.text_sha256,
        reason=body.reason,
        at=request.at,
    )
    return assignment_out(done)


@router.post(ONE + "/decline", response=AssignmentOut, operation_id="decline_assignment")
def decline(request: ApiRequest, assignment_id: UUID, body: ReasonIn) -> AssignmentOut:
    row = assignment_for(request.actor, assignment_id)
    return assignment_out(
        actions.decline_assignment(request.actor, row.id, reason=body.reason, at=request.at)
    )


@router.post(ONE + "/recuse", response=AssignmentOut, operation_id="recuse_from_assignment")
def recuse(request: ApiRequest, assignment_id: UUID, body: ReasonIn) -> AssignmentOut:
    row = assignment_for(request.actor, assignment_id)
    return assignment_out(
        actions.recuse_from_assignment(request.actor, row.id, reason=body.reason, at=request.at)
    )


@router.post(ONE + "/exclude", response=AssignmentOut, operation_id="exclude_reviewer")
def exclude(request: ApiRequest, assignment_id: UUID, body: ReasonIn) -> AssignmentOut:
    row = assignment_for(request.actor, assignment_id)
    return assignment_out(
        actions.exclude_reviewer(request.actor, row.id, reason=body.reason, at=request.at)
    )


@router.post(ONE + "/challenge", response=AssignmentOut, operation_id="uphold_challenge")
def challenge(request: ApiRequest, assignment_id: UUID, body: ReasonIn) -> AssignmentOut:
    row = assignment_for(request.actor, assignment_id)
    return assignment_out(
        actions.uphold_challenge(request.actor, row.id, reason=body.reason, at=request.at)
    )


@router.post(ONE + "/void", response=AssignmentOut, operation_id="void_review")
def void(request: ApiRequest, assignment_id: UUID, body: ReasonIn) -> AssignmentOut:
    """A handed-in review that must not count; its record stays, the next ranking is new."""
    row = assignment_for(request.actor, assignment_id)
    done = actions.void_review(request.actor, row.id, reason=body.reason, at=request.at)
    return assignment_out(done)


@router.post(ONE + "/replace", response=AssignmentOut, operation_id="replace_reviewer")
def replace(request: ApiRequest, assignment_id: UUID) -> AssignmentOut:
    """The best free candidate in the place of one who is gone."""
    row = assignment_for(request.actor, assignment_id)
    return assignment_out(replace_reviewer(request.actor, row.id, at=request.at))

"""REST routes of the pool of reviewers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.people.queries import person_by_email
from madang.review.pool import actions
from madang.review.pool.models import Reviewer
from madang.review.pool.queries import reviewer_for, reviewers_for

router = Router(tags=["review"])
ONE = "/reviewers/{reviewer_id}"
Topic = Annotated[str, Field(min_length=1, max_length=64)]


class EnrolIn(Schema):
    """Somebody who holds the reviewer's role, by email address."""

    email: Annotated[str, Field(max_length=254)]
    expertise: Annotated[list[Topic], Field(max_length=50)] = []


class ReasonIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class ReviewerOut(Schema):
    id: UUID
    person: UUID
    email: str
    expertise: list[str]
    suspended_at: datetime | None
    waiting: int
    submitted: int


def reviewer_out(row: Reviewer) -> ReviewerOut:
    return ReviewerOut(
        id=row.id,
        person=row.person_id,
        email=row.person.email,
        expertise=row.expertise,
        suspended_at=row.suspended_at,
        waiting=getattr(row, "waiting", 0),
        submitted=getattr(row, "submitted", 0),
    )


@router.get("/reviewers", response=list[ReviewerOut], operation_id="list_reviewers")
def list_reviewers(request: ApiRequest) -> list[ReviewerOut]:
    """The pool with its load, for operators and auditors; oneself for a reviewer."""
    return [reviewer_out(row) for row in reviewers_for(request.actor)[:ROWS_MAX]]


@router.post("/reviewers", response=ReviewerOut, operation_id="enrol_reviewer")
def enrol(request: ApiRequest, body: EnrolIn) -> ReviewerOut:
    """Enter a reviewer, or change the fields of expertise."""
    request.actor.need(Role.OPERATOR)  # before anybody is looked up
    person = person_by_email(body.email)
    made = actions.enrol_reviewer(
        request.actor, person, expertise=body.expertise, at=request.at
    )
    return reviewer_out(reviewer_for(request.actor, made.id))


@router.post(ONE + "/suspend", response=ReviewerOut, operation_id="suspend_reviewer")
def suspend(request: ApiRequest, reviewer_id: UUID, body: ReasonIn) -> ReviewerOut:
    """No new assignments; what was handed in stays."""
    row = reviewer_for(request.actor, reviewer_id)
    actions.suspend_reviewer(request.actor, row, at=request.at, reason=body.reason)
    return reviewer_out(row)


@router.post(ONE + "/reinstate", response=ReviewerOut, operation_id="reinstate_reviewer")
def reinstate(request: ApiRequest, reviewer_id: UUID, body: ReasonIn) -> ReviewerOut:
    row = reviewer_for(request.actor, reviewer_id)
    actions.reinstate_reviewer(request.actor, row, at=request.at, reason=body.reason)
    return reviewer_out(row)

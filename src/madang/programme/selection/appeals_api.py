"""REST routes of appeals, challenges and what is disclosed of a decision."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.people.queries import person_by_email
from madang.programme.applications.queries import application_for
from madang.programme.selection import appeals
from madang.programme.selection.results import name_of, result_for, roster_for
from madang.review.appeals.actions import judge_appeal
from madang.review.appeals.models import Appeal
from madang.review.appeals.queries import appeal_for, appeal_panel, appeals_for
from madang.review.assignments.actions import assign_reviewer
from madang.review.assignments.api import AssignmentOut, assignment_out
from madang.review.challenges.api import ChallengeOut, challenge_out

router = Router(tags=["appeals"])
APPLICATION = "/applications/{application_id}"
ONE = "/appeals/{appeal_id}"
Words = Annotated[str, Field(min_length=1, max_length=20_000)]
Ground = Annotated[str, Field(max_length=32)]


class AppealIn(Schema):
    ground: Ground
    text: Words


class ChallengeIn(Schema):
    """The reviewer, by email address."""

    reviewer: Annotated[str, Field(max_length=254)]
    ground: Ground
    text: Words


class JudgeIn(Schema):
    admissible: bool
    reason: Annotated[str, Field(max_length=4000)] = ""


class DecideIn(Schema):
    upheld: bool
    reason: Words


class AssignIn(Schema):
    """The reviewer, by email address."""

    reviewer: Annotated[str, Field(max_length=254)]


class AppealOut(Schema):
    id: UUID
    application: UUID
    about: str
    ground: str
    text: str
    answer: str
    state: str
    outcome: str
    filed_at: datetime
    delivered_at: datetime | None
    window_ends_at: datetime | None
    judged_at: datetime | None
    decided_at: datetime | None
    panel: UUID | None


class CriterionResult(Schema):
    code: str
    score: str


class ResultOut(Schema):
    state: str
    rank: int | None
    ranked: int | None
    score: str | None
    criteria: list[CriterionResult]
    bonus: str | None
    decided_by: str | None
    comments: list[str]
    reviewers: list[str]
    ranking: UUID
    run: int


class RosterOut(Schema):
    person: UUID
    email: str
    name: str


def appeal_out(row: Appeal) -> AppealOut:
    panel, words = appeal_panel(row), getattr(row, "text_row", None)
    return AppealOut(
        id=row.id,
        application=row.subject_id,
        about=row.about,
        ground=row.ground,
        text=words.text if words else "",
        answer=words.answer if words else "",
        state=row.state,
        outcome=row.outcome,
        filed_at=row.filed_at,
        delivered_at=row.delivered_at,
        window_ends_at=row.window_ends_at,
        judged_at=row.judged_at,
        decided_at=row.decided_at,
        panel=panel.id if panel else None,
    )


@router.get(APPLICATION + "/result", response=ResultOut, operation_id="show_result")
def show_result(request: ApiRequest, application_id: UUID) -> ResultOut:
    """Score, rank, comments and reviewers, as far as policy discloses them."""
    found = result_for(request.actor, application_id, at=request.at)
    return ResultOut(
        criteria=[CriterionResult(code=code, score=score) for code, score in found.criteria],
        comments=list(found.comments),
        reviewers=list(found.reviewers),
        state=found.state,
        rank=found.rank,
        ranked=found.ranked,
        score=found.score,
        bonus=found.bonus,
        decided_by=found.decided_by,
        ranking=found.ranking,
        run=found.run,
    )


@router.get(
    APPLICATION + "/reviewers", response=list[RosterOut], operation_id="list_panel_reviewers"
)
def list_panel_reviewers(request: ApiRequest, application_id: UUID) -> list[RosterOut]:
    """Whom the panel asks, to be able to challenge; never who judges what."""
    return [
        RosterOut(person=row.person_id, email=row.person.email, name=name_of(row, request.at))
        for row in roster_for(request.actor, application_id, at=request.at)
    ]


@router.post(APPLICATION + "/challenges", response=ChallengeOut, operation_id="file_challenge")
def challenge(request: ApiRequest, application_id: UUID, body: ChallengeIn) -> ChallengeOut:
    """기피신청: a reviewer who must not judge, with the reason; before the ranking stands."""
    row = application_for(request.actor, application_id, at=request.at)
    made = appeals.challenge_reviewer(
        request.actor,
        row.id,
        body.reviewer,
        ground=body.ground,
        text=body.text,
        at=request.at,
    )
    return challenge_out(made)


@router.post(APPLICATION + "/appeals", response=AppealOut, operation_id="file_appeal")
def file(request: ApiRequest, application_id: UUID, body: AppealIn) -> AppealOut:
    """이의신청: on a listed ground, within the days that run from the notice's delivery."""
    row = application_for(request.actor, application_id, at=request.at)
    made = appeals.appeal_decision(
        request.actor, row.id, ground=body.ground, text=body.text, at=request.at
    )
    return appeal_out(made)


@router.get("/appeals", response=list[AppealOut], operation_id="list_appeals")
def list_appeals(request: ApiRequest) -> list[AppealOut]:
    """One's own; all for operators and auditors; those one hears for a reviewer."""
    return [appeal_out(row) for row in appeals_for(request.actor)[:ROWS_MAX]]


@router.get(ONE, response=AppealOut, operation_id="show_appeal")
def show_appeal(request: ApiRequest, appeal_id: UUID) -> AppealOut:
    return appeal_out(appeal_for(request.actor, appeal_id))


@router.post(ONE + "/judge", response=AppealOut, operation_id="judge_appeal")
def judge(request: ApiRequest, appeal_id: UUID, body: JudgeIn) -> AppealOut:
    """Admissible or not, with the reason where it is turned away."""
    row = appeal_for(request.actor, appeal_id)
    done = judge_appeal(
        request.actor, row.id, admissible=body.admissible, reason=body.reason, at=request.at
    )
    return appeal_out(done)


@router.post(ONE + "/hear", response=AppealOut, operation_id="hear_appeal")
def hear(request: ApiRequest, appeal_id: UUID) -> AppealOut:
    """Before a panel of people who took no part in the first review."""
    row = appeal_for(request.actor, appeal_id)
    return appeal_out(appeals.hear_appeal(request.actor, row.id, at=request.at))


@router.post(
    ONE + "/assignments", response=AssignmentOut, operation_id="assign_appeal_reviewer"
)
def assign(request: ApiRequest, appeal_id: UUID, body: AssignIn) -> AssignmentOut:
    """Refused to whoever was asked in the first review, and on a conflict."""
    panel = appeal_panel(appeal_for(request.actor, appeal_id))
    subject = panel.subjects.select_related("panel").first() if panel else None
    if subject is None:
        raise NotFound
    person = person_by_email(body.reviewer)
    return assignment_out(assign_reviewer(request.actor, subject, person, at=request.at))


@router.post(ONE + "/decide", response=AppealOut, operation_id="decide_appeal")
def decide(request: ApiRequest, appeal_id: UUID, body: DecideIn) -> AppealOut:
    """Upheld, the call is ranked anew; signed awards stay untouched."""
    row = appeal_for(request.actor, appeal_id)
    appeals.decide_appeal(
        request.actor, row.id, upheld=body.upheld, reason=body.reason, at=request.at
    )
    return appeal_out(appeal_for(request.actor, appeal_id))


@router.post(ONE + "/close", response=AppealOut, operation_id="close_appeal")
def close(request: ApiRequest, appeal_id: UUID) -> AppealOut:
    row = appeal_for(request.actor, appeal_id)
    return appeal_out(appeals.close_appeal(request.actor, row.id, at=request.at))

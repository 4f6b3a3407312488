"""REST routes of public comment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.datahub.comments import actions
from madang.datahub.comments.models import Comment
from madang.datahub.comments.queries import comment_for, shown_comments, waiting_comments
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.demand.queries import demand_for, survey_by_code
from madang.datahub.proposals.models import Proposal
from madang.datahub.proposals.queries import proposal_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.instants import Instant

router = Router(tags=["datahub"])


class RoundIn(Schema):
    number: Annotated[Whole, Field(ge=1, le=2)]
    opens_at: Instant
    closes_at: Instant


class RoundOut(Schema):
    number: int
    opens_at: datetime
    closes_at: datetime


class CommentIn(Schema):
    demand: UUID | None = None
    proposal: UUID | None = None
    text: Annotated[str, Field(min_length=1, max_length=actions.TEXT_MAX)]


class CommentOut(Schema):
    id: UUID
    round: int
    state: str
    text: str
    answer: str


class AnswerIn(Schema):
    step: Annotated[str, Field(pattern="^(answer|withhold)$")]
    text: Annotated[str, Field(min_length=1, max_length=actions.TEXT_MAX)]


def comment_out(row: Comment) -> dict[str, object]:
    """A withheld one keeps its words to itself."""
    return {
        "id": row.id, "round": row.round.number, "state": row.state, "answer": row.answer,
        "text": "" if row.state == "withheld" else row.text,
    }  # fmt: skip


@router.post("/datahub/surveys/{code}/rounds", response=RoundOut, operation_id="hold_round")
def hold(request: ApiRequest, code: str, body: RoundIn) -> object:
    return actions.hold_round(
        request.actor, _survey(code), body.number, opens_at=body.opens_at,
        closes_at=body.closes_at, at=request.at,
    )  # fmt: skip


@router.post("/datahub/comments", response=CommentOut, operation_id="submit_comment", auth=None)
def submit(request: ApiRequest, body: CommentIn) -> dict[str, object]:
    """Anybody's word on a demand (round 1) or a selected proposal (round 2)."""
    subject: DemandItem | Proposal
    if body.demand is not None:
        subject = demand_for(body.demand)
    elif body.proposal is not None:
        subject = proposal_for(request.actor, body.proposal, at=request.at)
    else:
        raise NotFound
    address = str(request.META.get("REMOTE_ADDR", ""))
    made = actions.comment_on(request.actor, subject, body.text, address=address, at=request.at)
    return comment_out(made)


@router.get(
    "/datahub/surveys/{code}/comments", response=list[CommentOut],
    operation_id="list_comments", auth=None,
)  # fmt: skip
def list_comments(request: ApiRequest, code: str) -> list[dict[str, object]]:
    """Answered ones; for the agency those that wait, too."""
    survey = _survey(code)
    rows = [comment_out(row) for row in shown_comments(survey)[:ROWS_MAX]]
    if request.actor.sees_everything:
        rows += [comment_out(row) for row in waiting_comments(survey)[:ROWS_MAX]]
    return rows


@router.post(
    "/datahub/comments/{comment_id}/answer", response=CommentOut,
    operation_id="answer_comment",
)  # fmt: skip
def answer(request: ApiRequest, comment_id: UUID, body: AnswerIn) -> dict[str, object]:
    comment_for(request.actor, comment_id)
    if body.step == "answer":
        row = actions.answer_comment(request.actor, comment_id, answer=body.text, at=request.at)
    else:
        row = actions.withhold_comment(
            request.actor, comment_id, reason=body.text, at=request.at
        )
    return comment_out(row)


def _survey(code: str) -> DemandSurvey:
    row = survey_by_code(code)
    if row is None:
        raise NotFound
    return row

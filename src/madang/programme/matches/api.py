"""REST routes of matches 사전협의."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.api import ROWS_MAX, ApiRequest
from madang.programme.applications.queries import application_for
from madang.programme.matches import actions
from madang.programme.matches.models import Match
from madang.programme.matches.queries import match_for, matches_for

router = Router(tags=["applications"])
ONE = "/matches/{match_id}"


class AskIn(Schema):
    supplier: Annotated[str, Field(max_length=64)]
    summary: Annotated[str, Field(max_length=2000)] = ""


class AnswerIn(Schema):
    consents: bool


class ReasonIn(Schema):
    reason: Annotated[str, Field(max_length=4000)] = ""


class MatchOut(Schema):
    """The supplier learns who asks, for what and how much; not the application."""

    id: UUID
    application: UUID
    call: str
    organisation: str
    supplier: str
    requested_microwon: int
    summary: str
    state: str
    asked_at: datetime
    answered_at: datetime | None
    agreed_microwon: int | None
    """Up to which the supplier's word holds; nothing or 0: no amount was named."""


def match_out(row: Match) -> MatchOut:
    return MatchOut(
        id=row.id,
        application=row.application_id,
        call=row.application.call.code,
        organisation=row.application.organisation.code,
        supplier=row.supplier.code,
        requested_microwon=row.application.requested_microwon,
        summary=row.summary,
        state=row.state,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        agreed_microwon=row.agreed_microwon,
    )


@router.get("/matches", response=list[MatchOut], operation_id="list_matches")
def list_matches(request: ApiRequest) -> list[MatchOut]:
    return [match_out(row) for row in matches_for(request.actor)[:ROWS_MAX]]


@router.post(
    "/applications/{application_id}/matches",
    response=MatchOut,
    operation_id="ask_consent",
)
def ask(request: ApiRequest, application_id: UUID, body: AskIn) -> MatchOut:
    """Ask a supplier; a further time answers with the open request, unless more is asked for
    than the supplier agreed to."""
    row = application_for(request.actor, application_id, at=request.at)
    made = actions.ask_consent(
        request.actor, row.id, supplier=body.supplier, summary=body.summary, at=request.at
    )
    return match_out(made)


@router.post(ONE + "/answer", response=MatchOut, operation_id="answer_consent")
def answer(request: ApiRequest, match_id: UUID, body: AnswerIn) -> MatchOut:
    """The supplier's word."""
    row = match_for(request.actor, match_id)
    done = actions.answer_consent(request.actor, row.id, consents=body.consents, at=request.at)
    return match_out(done)


@router.post(ONE + "/withdraw", response=MatchOut, operation_id="withdraw_consent")
def withdraw(request: ApiRequest, match_id: UUID, body: ReasonIn) -> MatchOut:
    """The supplier's word taken back before the review, or the applicant's request."""
    row = match_for(request.actor, match_id)
    done = actions.withdraw_consent(request.actor, row.id, reason=body.reason, at=request.at)
    return match_out(done)

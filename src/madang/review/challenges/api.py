"""REST routes of challenges 기피, to read and to decide. The room of the subject files them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.api import ROWS_MAX, ApiRequest
from madang.review.challenges.actions import decide_challenge
from madang.review.challenges.models import Challenge
from madang.review.challenges.queries import challenge_for, challenges_for

router = Router(tags=["review"])
ONE = "/challenges/{challenge_id}"


class DecideIn(Schema):
    upheld: bool
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class ChallengeOut(Schema):
    id: UUID
    subject_type: str
    subject_id: UUID
    reviewer: UUID
    ground: str
    text: str
    state: str
    filed_at: datetime
    decided_at: datetime | None


def challenge_out(row: Challenge) -> ChallengeOut:
    text = getattr(row, "text_row", None)
    return ChallengeOut(
        id=row.id,
        subject_type=row.subject.subject_type,
        subject_id=row.subject.subject_id,
        reviewer=row.reviewer.person_id,
        ground=row.ground,
        text=text.text if text else "",
        state=row.state,
        filed_at=row.filed_at,
        decided_at=row.decided_at,
    )


@router.get("/challenges", response=list[ChallengeOut], operation_id="list_challenges")
def list_challenges(request: ApiRequest) -> list[ChallengeOut]:
    """One's own; all for operators and auditors. The reviewer never sees who challenged."""
    return [challenge_out(row) for row in challenges_for(request.actor)[:ROWS_MAX]]


@router.get(ONE, response=ChallengeOut, operation_id="show_challenge")
def show_challenge(request: ApiRequest, challenge_id: UUID) -> ChallengeOut:
    return challenge_out(challenge_for(request.actor, challenge_id))


@router.post(ONE + "/decide", response=ChallengeOut, operation_id="decide_challenge")
def decide(request: ApiRequest, challenge_id: UUID, body: DecideIn) -> ChallengeOut:
    """Upheld, the reviewer loses the seat for good; a handed-in review is voided."""
    row = challenge_for(request.actor, challenge_id)
    decide_challenge(
        request.actor, row.id, upheld=body.upheld, reason=body.reason, at=request.at
    )
    return challenge_out(challenge_for(request.actor, challenge_id))

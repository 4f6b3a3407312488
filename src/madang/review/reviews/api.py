"""REST routes of reviews: drafts and submissions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.api import ApiRequest
from madang.parties.exact import Plain
from madang.review.assignments.queries import assignment_for
from madang.review.reviews.actions import save_review, submit_review
from madang.review.reviews.models import Review
from madang.review.reviews.queries import review_for

router = Router(tags=["review"])
PATH = "/assignments/{assignment_id}/review"


class ReviewIn(Schema):
    """Scores by criterion as decimal text with at most three places, or whole numbers."""

    scores: dict[str, str | Plain]
    comment: Annotated[str, Field(max_length=20_000)] = ""


class ReviewOut(Schema):
    assignment: UUID
    scores_milli: dict[str, int]
    saved_at: datetime
    submitted_at: datetime | None


def review_out(row: Review) -> ReviewOut:
    return ReviewOut(
        assignment=row.assignment_id,
        scores_milli=row.scores,
        saved_at=row.saved_at,
        submitted_at=row.submitted_at,
    )


@router.get(PATH, response=ReviewOut, operation_id="show_review")
def show_review(request: ApiRequest, assignment_id: UUID) -> ReviewOut:
    return review_out(review_for(request.actor, assignment_id))


@router.put(PATH, response=ReviewOut, operation_id="save_review")
def save(request: ApiRequest, assignment_id: UUID, body: ReviewIn) -> ReviewOut:
    row = assignment_for(request.actor, assignment_id)
    done = save_review(
        request.actor, row.id, scores=body.scores, comment=body.comment, at=request.at
    )
    return review_out(done)


@router.post(PATH + "/submit", response=ReviewOut, operation_id="submit_review")
def submit(request: ApiRequest, assignment_id: UUID, body: ReviewIn) -> ReviewOut:
    """Every criterion scored; from then on nothing changes."""
    row = assignment_for(request.actor, assignment_id)
    done = submit_review(
        request.actor, row.id, scores=body.scores, comment=body.comment, at=request.at
    )
    return review_out(done)

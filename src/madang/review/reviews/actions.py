"""Saving and handing in a review."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.parties.actor import Actor
from madang.review.assignments.actions import locked_assignment
from madang.review.assignments.models import Assignment
from madang.review.assignments.workflow import ASSIGNMENT, need_pledged, refuse_conflict
from madang.review.errors import ReviewSubmitted
from madang.review.panels.actions import refuse_decided
from madang.review.panels.models import ReviewPanel
from madang.review.reviews.models import Review, ReviewComment
from madang.review.reviews.scores import Score, read_scores
from madang.review.rules import rules_from


@transaction.atomic
def save_review(
    actor: Actor,
    assignment_id: UUID,
    *,
    scores: Mapping[str, Score],
    comment: str = "",
    at: datetime,
) -> Review:
    """Keep a draft. Scores may be missing yet; what is there must be valid."""
    row = locked_assignment(actor, assignment_id)
    return _draft(row, actor, scores, comment, at, complete=False)


@transaction.atomic
def submit_review(
    actor: Actor,
    assignment_id: UUID,
    *,
    scores: Mapping[str, Score],
    comment: str = "",
    at: datetime,
) -> Review:
    """평가 제출: every criterion scored. The same scores again answer as the first time.

    The panel's lock keeps a review out of a ranking that is being confirmed.
    """
    row = locked_assignment(actor, assignment_id)
    panel = ReviewPanel.objects.select_for_update().get(pk=row.subject.panel_id)
    if row.state == "submitted" and actor.id == str(row.reviewer.person_id):
        review: Review = row.review
        if review.scores == read_scores(scores, rules_from(panel.rules), complete=True):
            return review
        raise ReviewSubmitted
    refuse_decided(panel)
    review = _draft(row, actor, scores, comment, at, complete=True)
    ASSIGNMENT.move(row, "submit", actor, at=at)
    review.submitted_at = at
    review.save(update_fields=["submitted_at"])
    return review


def _draft(
    row: Assignment,
    actor: Actor,
    scores: Mapping[str, Score],
    comment: str,
    at: datetime,
    *,
    complete: bool,
) -> Review:
    """Whether a pledge was given and no conflict is known is asked once: by the step of the
    table where there is one, here where a draft is only changed."""
    need_pledged(row, actor, at)
    if row.state == "submitted":
        raise ReviewSubmitted
    read = read_scores(scores, rules_from(row.subject.panel.rules), complete=complete)
    if row.state != "review_draft":
        ASSIGNMENT.move(row, "draft", actor, at=at)
    elif not complete:
        refuse_conflict(row, at)
    review, _ = Review.objects.update_or_create(
        assignment=row, defaults={"scores": read, "saved_at": at}
    )
    if comment:
        ReviewComment.objects.update_or_create(review=review, defaults={"text": comment})
    return review

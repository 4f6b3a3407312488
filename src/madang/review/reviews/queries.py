"""Who reads which review: its author, operators and auditors."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.review.reviews.models import Review


def reviews_for(actor: Actor) -> QuerySet[Review]:
    rows = Review.objects.select_related("assignment__subject").order_by("saved_at", "id")
    if actor.sees_everything:
        return rows
    return rows.filter(assignment__reviewer__person=UUID(actor.id))


def review_for(actor: Actor, assignment_id: UUID) -> Review:
    row = reviews_for(actor).filter(assignment=assignment_id).first()
    if row is None:
        raise NotFound
    return row

"""Reading panels and subjects."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.review.panels.models import ReviewPanel, Subject


def panel_of(context_type: str, context_id: UUID) -> ReviewPanel:
    """For the rooms above, which check rights themselves. Raises NotFound."""
    row = ReviewPanel.objects.filter(context_type=context_type, context_id=context_id).first()
    if row is None:
        raise NotFound
    return row


def panels_for(actor: Actor) -> QuerySet[ReviewPanel]:
    """Operators and auditors see how panels stand; nobody else does."""
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return ReviewPanel.objects.order_by("created_at")
    return ReviewPanel.objects.none()


def panel_for(actor: Actor, identifier: UUID) -> ReviewPanel:
    row = panels_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def subjects_for(actor: Actor, panel: UUID) -> QuerySet[Subject]:
    return Subject.objects.filter(panel__in=panels_for(actor), panel=panel).order_by(
        "created_at", "id"
    )

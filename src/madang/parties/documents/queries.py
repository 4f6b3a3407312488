"""Who may read which file. Handing one to a reviewer is a query of another room."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.parties.documents.models import Document


def documents_for(actor: Actor) -> QuerySet[Document]:
    """All for operators and auditors; else those of one's organisations and one's own."""
    if actor.sees_everything:
        return Document.objects.order_by("uploaded_at")
    mine = Q(organisation__in=actor.organisations) | Q(uploaded_by=UUID(actor.id))
    return Document.objects.filter(mine).order_by("uploaded_at")


def document_for(actor: Actor, identifier: UUID) -> Document:
    row = documents_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row

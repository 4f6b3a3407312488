"""Reading notices."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, Min, QuerySet

from madang.parties.actor import Actor, Role
from madang.parties.notices.models import Notice


def notices_for(actor: Actor) -> QuerySet[Notice]:
    """One's own, newest first."""
    if actor.is_system:
        return Notice.objects.none()
    return Notice.objects.filter(recipient=UUID(actor.id)).order_by("-sent_at", "-id")


def notices_about(actor: Actor, subject_type: str, subject_id: UUID | str) -> QuerySet[Notice]:
    """All that was told about one row. For operators and auditors."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return Notice.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id)
    ).order_by("sent_at", "id")


def first_delivery(kind: str, subject_type: str, subject_id: UUID | str) -> datetime | None:
    """When a notice of this kind first reached anybody: the start of an appeal's clock."""
    found = Notice.objects.filter(
        kind=kind, subject_type=subject_type, subject_id=str(subject_id)
    ).aggregate(first=Min("delivered_at"))
    first: datetime | None = found["first"]
    return first


def last_told(
    kinds: Collection[str], subject_type: str, subject_id: UUID | str
) -> Notice | None:
    """Of the newest telling of these kinds, the notice that reached somebody first.

    Several people of one firm are told at the same instant: the first arrival counts. Without
    any arrival the answer is one that has no `delivered_at`; None when nothing was told.
    """
    told = Notice.objects.filter(
        kind__in=kinds, subject_type=subject_type, subject_id=str(subject_id)
    )
    newest = told.order_by("-sent_at").first()
    if newest is None:
        return None
    return (
        told.filter(sent_at=newest.sent_at)
        .order_by(F("delivered_at").asc(nulls_last=True))
        .first()
    )

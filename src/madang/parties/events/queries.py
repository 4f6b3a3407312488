"""Reading the record of what happened."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.parties.actor import Actor, Role
from madang.parties.events.models import Event


def events_about(actor: Actor, subject_type: str, subject_id: UUID | str) -> QuerySet[Event]:
    """The history of one row, oldest first. For operators and auditors."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return Event.objects.filter(subject_type=subject_type, subject_id=str(subject_id)).order_by(
        "at", "id"
    )


def events_for(actor: Actor) -> QuerySet[Event]:
    """The whole record, newest first. For auditors and operators."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return Event.objects.select_related("reason_row").order_by("-at", "-id")


def times_recorded(action: str, subject_type: str, subject_id: UUID) -> int:
    """How often something happened to a row, whose lock the caller holds: for names of steps
    that may come again."""
    return Event.objects.filter(
        action=action, subject_type=subject_type, subject_id=str(subject_id)
    ).count()


def last_recorded_at(
    actions: Collection[str], subject_type: str, subject_id: UUID
) -> datetime | None:
    """When one of these happened to a row the last time."""
    rows = Event.objects.filter(
        action__in=actions, subject_type=subject_type, subject_id=str(subject_id)
    )
    return rows.order_by("-at").values_list("at", flat=True).first()


def reasons_about(
    subject_type: str, subject_id: UUID, actions: Collection[str]
) -> QuerySet[Event]:
    """Steps of one row with their words, in order. Whoever may read the row may read them."""
    rows = Event.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id), action__in=actions,
        reason_row__isnull=False,
    )  # fmt: skip
    return rows.select_related("reason_row").order_by("at", "id")


def reasons_of(
    action: str, subjects: Collection[str], *, subject_type: str = ""
) -> dict[str, str]:
    """The words given with an action, by its row. Whoever may read the rows may read them.
    With the kind of the rows they are found by their index."""
    rows = Event.objects.filter(
        action=action, subject_id__in=subjects, reason_row__isnull=False
    )
    if subject_type:
        rows = rows.filter(subject_type=subject_type)
    return dict(rows.order_by("at").values_list("subject_id", "reason_row__text"))

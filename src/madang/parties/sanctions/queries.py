"""Who is sanctioned now, and the guard that asks it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.core.clock import rfc3339
from madang.parties.actor import Actor
from madang.parties.errors import Sanctioned
from madang.parties.sanctions.models import Sanction, SanctionState


def state_of(row: Sanction, at: datetime) -> SanctionState:
    """The state that the clock gives: expired from 24:00 of the last day on."""
    state = SanctionState(row.state)
    if state is SanctionState.ACTIVE and at >= row.ends_at:
        return SanctionState.EXPIRED
    return state


def sanctions_for(actor: Actor) -> QuerySet[Sanction]:
    """All for operators and auditors; else those of one's own organisations."""
    rows = Sanction.objects.select_related("organisation").order_by("-starts_at", "-id")
    return rows if actor.sees_everything else rows.filter(organisation__in=actor.organisations)


def in_force(organisation: UUID, at: datetime) -> Sanction | None:
    """The sanction in force that ends last, if there is one."""
    rows = Sanction.objects.filter(
        organisation=organisation,
        state=SanctionState.ACTIVE,
        starts_at__lte=at,
        ends_at__gt=at,
    )
    return rows.order_by("-ends_at").first()


def need_not_sanctioned(organisation: UUID, at: datetime) -> None:
    """Raises Sanctioned while a sanction is in force. Guards submit, issue and listing."""
    found = in_force(organisation, at)
    if found is not None:
        raise Sanctioned(ends_at=rfc3339(found.ends_at))

"""Which facts hold at an instant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.core.clock import seoul_date
from madang.parties.actor import Actor
from madang.parties.facts.models import OrganisationFact
from madang.parties.organisations.models import Organisation


def facts_for(actor: Actor, organisation: Organisation) -> QuerySet[OrganisationFact]:
    """All that was ever entered, newest first, for whoever sees the organisation."""
    rows = OrganisationFact.objects.filter(organisation=organisation)
    if not (actor.sees_everything or actor.acts_for(organisation.id)):
        return rows.none()
    return rows.order_by("-recorded_at", "-id")


def fact_at(
    organisation: UUID, name: str, at: datetime, *, verified: bool = False
) -> str | None:
    """The newest value that is not outdated; None when nothing is known.

    With `verified`, what the organisation only says of itself does not count.
    """
    rows = OrganisationFact.objects.filter(
        organisation=organisation, name=name, recorded_at__lte=at
    )
    if verified:
        rows = rows.filter(is_verified=True)
    newest = rows.order_by("-recorded_at", "-id").first()
    if newest is None:
        return None
    is_outdated = newest.valid_until is not None and newest.valid_until < seoul_date(at)
    return None if is_outdated else newest.value

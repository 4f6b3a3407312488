"""Who reads which agreement: its parties, operators and auditors."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.agreements.models import Agreement, Amendment


def agreements_for(actor: Actor) -> QuerySet[Agreement]:
    rows = Agreement.objects.select_related(
        "award__call", "award__organisation", "award__supplier"
    ).order_by("created_at", "id")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    mine = Q(award__organisation__in=own) | Q(award__supplier__in=actor.suppliers)
    return rows.filter(mine)


def agreement_for(actor: Actor, identifier: UUID) -> Agreement:
    row = agreements_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def amendments_for(actor: Actor) -> QuerySet[Amendment]:
    """Of the agreements that the actor may read, and those that ask for the actor's signature:
    a supplier that is to come in signs before it is the award's."""
    rows = Amendment.objects.select_related("agreement").order_by("-created_at", "-id")
    if actor.sees_everything:
        return rows
    mine = Q(agreement__in=agreements_for(actor)) | Q(
        parties__organisation__in=actor.organisations
    )
    return rows.filter(mine).distinct()

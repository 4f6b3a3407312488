"""Who reads which agreement: its parties, operators and auditors."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.agreements.models import Agreement


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

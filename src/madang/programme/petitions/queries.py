"""Who reads which petition: its organisation, the supplier asked, operators and auditors."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.petitions.models import Petition, PetitionKind

OPEN = ("asked", "answered")


def petitions_for(actor: Actor) -> QuerySet[Petition]:
    """Newest first. A supplier reads what is said of its own charges, nothing else."""
    rows = Petition.objects.select_related(
        "award__call", "voucher__organisation", "charge__usage__offering", "charge__supplier"
    ).order_by("-asked_at", "-id")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    sold = Q(kind=PetitionKind.USAGE, charge__supplier__in=actor.suppliers)
    return rows.filter(Q(voucher__organisation__in=own) | sold)


def petition_for(actor: Actor, identifier: UUID) -> Petition:
    row = petitions_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row

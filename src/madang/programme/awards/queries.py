"""Who reads which award: its organisation, its supplier, operators and auditors."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.awards.models import Award


def awards_for(actor: Actor) -> QuerySet[Award]:
    rows = Award.objects.select_related(
        "call__programme_year__programme",
        "application",
        "organisation",
        "supplier",
        "voucher",
        "copayment",
    ).order_by("created_at", "id")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    return rows.filter(Q(organisation__in=own) | Q(supplier__in=actor.suppliers))


def award_for(actor: Actor, identifier: UUID) -> Award:
    row = awards_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def locked_award(identifier: UUID) -> Award:
    """Under its lock, for actions, which check rights themselves."""
    row = (
        Award.objects.select_for_update(of=("self",))
        .select_related(
            "call__programme_year__programme",
            "application",
            "organisation",
            "supplier",
            "voucher",
        )
        .filter(pk=identifier)
        .first()
    )
    if row is None:
        raise NotFound
    return row

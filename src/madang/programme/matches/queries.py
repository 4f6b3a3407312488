"""Who reads which match: the applicant, the supplier asked, operators and auditors."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.matches.models import Match


def matches_for(actor: Actor) -> QuerySet[Match]:
    rows = Match.objects.select_related(
        "application__call", "application__organisation", "supplier"
    ).order_by("-asked_at", "-id")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    return rows.filter(Q(application__organisation__in=own) | Q(supplier__in=actor.suppliers))


def match_for(actor: Actor, identifier: UUID) -> Match:
    row = matches_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row

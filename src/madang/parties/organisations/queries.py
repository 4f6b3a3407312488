"""Who may see which organisation."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.parties.errors import PartyUnknown
from madang.parties.organisations.models import Organisation


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """All for operators and auditors, else the actor's own."""
    if actor.sees_everything:
        return Organisation.objects.order_by("code")
    return Organisation.objects.filter(id__in=actor.organisations).order_by("code")


def organisation_for(actor: Actor, identifier: UUID) -> Organisation:
    """One organisation that the actor may see. Raises NotFound for the rest."""
    row = organisations_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def organisation_by_code(code: str) -> Organisation:
    """For declarations and actions, which check rights themselves."""
    row = Organisation.objects.filter(code=code).first()
    if row is None:
        raise PartyUnknown(kind="organisation", reference=code)
    return row

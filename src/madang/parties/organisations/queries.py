"""Who may see which organisation."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Func, QuerySet, TextField, Value

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


def organisations_registered(*digits: str) -> QuerySet[Organisation]:
    """Whose registration number has one of these digits, however it was written down."""
    bare = Func(
        F("registration_no"), Value("[^0-9]"), Value(""), Value("g"),
        function="regexp_replace", output_field=TextField(),
    )  # fmt: skip
    wanted = [one for one in digits if one]
    return Organisation.objects.alias(digits=bare).filter(digits__in=wanted).order_by("code")

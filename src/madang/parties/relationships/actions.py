"""Entering the ties from which conflicts of interest are found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome
from madang.parties.errors import ReferenceMalformed, RelationshipToSelf
from madang.parties.events.actions import record_event
from madang.parties.organisations.queries import organisation_by_code
from madang.parties.people.queries import person_by_email
from madang.parties.relationships.models import PartyKind, Relationship
from madang.parties.suppliers.queries import supplier_by_code


def party_by_reference(reference: str) -> tuple[PartyKind, UUID]:
    """Read "person:EMAIL", "organisation:CODE" or "supplier:CODE" (its organisation)."""
    kind, colon, name = reference.partition(":")
    if not colon or not name:
        raise ReferenceMalformed(reference=reference)
    match kind:
        case "person":
            return PartyKind.PERSON, person_by_email(name).id
        case "organisation":
            return PartyKind.ORGANISATION, organisation_by_code(name).id
        case "supplier":
            return PartyKind.ORGANISATION, supplier_by_code(name).organisation_id
        case _:
            raise ReferenceMalformed(reference=reference)


@transaction.atomic
def declare_relationship(
    actor: Actor, *, a: str, b: str, kind: str, at: datetime
) -> Declared[Relationship]:
    """Make the tie so. It holds in both directions: asking either side finds it."""
    actor.need(Role.OPERATOR)
    return relate(actor, party_by_reference(a), party_by_reference(b), kind=kind, at=at)


@transaction.atomic
def relate(
    actor: Actor,
    a: tuple[PartyKind, UUID],
    b: tuple[PartyKind, UUID],
    *,
    kind: str,
    at: datetime,
) -> Declared[Relationship]:
    """Enter a tie between two parties; an open one of this kind, either way round, stays."""
    if a == b:
        raise RelationshipToSelf
    for left, right in ((a, b), (b, a)):
        found = Relationship.objects.filter(
            a_kind=left[0],
            a_id=left[1],
            b_kind=right[0],
            b_id=right[1],
            kind=kind,
            ends_at=None,
        ).first()
        if found is not None:
            return Declared(found, Outcome.UNCHANGED)
    row = Relationship.objects.create(
        a_kind=a[0], a_id=a[1], b_kind=b[0], b_id=b[1], kind=kind, starts_at=at
    )
    record_event(
        actor,
        "relationship.create",
        subject_type="relationship",
        subject_id=str(row.pk),
        at=at,
        facts={"a": str(a[1]), "b": str(b[1]), "kind": kind},
    )
    return Declared(row, Outcome.CREATED)


@transaction.atomic
def end_relationship(actor: Actor, row: Relationship, *, at: datetime, reason: str) -> None:
    """End a tie. It stays on record, and policy says for how long it still counts."""
    actor.need(Role.OPERATOR)
    if row.ends_at is not None:
        return
    row.ends_at = at
    row.save(update_fields=["ends_at"])
    record_event(
        actor,
        "relationship.end",
        subject_type="relationship",
        subject_id=str(row.pk),
        at=at,
        reason=reason,
    )

"""Entering facts about an organisation."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.documents.queries import document_for
from madang.parties.errors import FactInvalid
from madang.parties.events.actions import record_event
from madang.parties.facts.models import OrganisationFact
from madang.parties.organisations.models import Organisation

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
COUNT = re.compile(r"0|[1-9][0-9]{0,17}")
VALUE_LENGTH_MAX = 200


@transaction.atomic
def record_fact(
    actor: Actor,
    organisation: Organisation,
    *,
    name: str,
    value: str,
    evidence: UUID | None = None,
    valid_until: date | None = None,
    at: datetime,
) -> OrganisationFact:
    """An operator enters it as verified; the organisation's own people declare it.

    The same value again, said in the same standing, stays one row.
    """
    is_operator = actor.has(Role.OPERATOR)
    if not (is_operator or actor.acts_as(Role.BENEFICIARY, organisation.id)):
        raise NotFound
    _check(name, value)
    document = document_for(actor, evidence) if evidence is not None else None
    held = OrganisationFact.objects.filter(organisation=organisation, name=name)
    newest = held.order_by("-recorded_at", "-id").first()
    wanted = (value, is_operator, document.id if document else None, valid_until)
    if newest is not None and wanted == (
        newest.value, newest.is_verified, newest.evidence_id, newest.valid_until,
    ):  # fmt: skip
        return newest
    row = OrganisationFact.objects.create(
        organisation=organisation,
        name=name,
        value=value,
        is_verified=is_operator,
        evidence=document,
        valid_until=valid_until,
        recorded_by=actor.id,
        recorded_at=at,
    )
    record_event(
        actor,
        "organisation.fact",
        subject_type="organisation",
        subject_id=organisation.id,
        at=at,
        facts={"name": name, "verified": is_operator},
    )
    return row


def _check(name: str, value: str) -> None:
    """Names that end in _on are dates, in _count whole numbers."""
    if NAME.fullmatch(name) is None:
        raise FactInvalid(field="name", reason=name)
    if not 0 < len(value) <= VALUE_LENGTH_MAX:
        raise FactInvalid(field=name, reason="empty or too long")
    if name.endswith("_on"):
        try:
            date.fromisoformat(value)
        except ValueError as err:
            raise FactInvalid(field=name, reason="not a date") from err
    if name.endswith("_count") and COUNT.fullmatch(value) is None:
        raise FactInvalid(field=name, reason="not a whole number")

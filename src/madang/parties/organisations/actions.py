"""Entering organisations and changing what is known about them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.errors import FactInvalid
from madang.parties.events.actions import record_event
from madang.parties.organisations.models import Organisation, OrganisationKind


@transaction.atomic
def declare_organisation(
    actor: Actor,
    *,
    code: str,
    name_ko: str,
    name_en: str,
    kind: str,
    registration_no: str = "",
    region: str = "",
    representative: str = "",
    at: datetime,
) -> Declared[Organisation]:
    """Make the organisation so. The event names the changed fields, never their words."""
    actor.need(Role.OPERATOR)
    if kind not in OrganisationKind.values:
        raise FactInvalid(field="kind", reason=kind)
    wanted = {
        "name_ko": name_ko,
        "name_en": name_en,
        "kind": kind,
        "registration_no": registration_no,
        "region": region,
        "representative": representative,
    }
    row = Organisation.objects.select_for_update().filter(code=code).first()
    if row is None:
        row = Organisation.objects.create(code=code, created_at=at, **wanted)
        outcome, action, facts = Outcome.CREATED, "organisation.create", {"code": code}
    else:
        fields = changed_fields(row, wanted)
        if not fields:
            return Declared(row, Outcome.UNCHANGED)
        row.save(update_fields=fields)
        facts = {"fields": ",".join(sorted(fields))}
        outcome, action = Outcome.CHANGED, "organisation.change"
    record_event(
        actor, action, subject_type="organisation", subject_id=row.id, at=at, facts=facts
    )
    return Declared(row, outcome)

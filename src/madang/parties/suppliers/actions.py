"""Entering suppliers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.errors import SupplierMoved
from madang.parties.events.actions import record_event
from madang.parties.organisations.actions import declare_organisation
from madang.parties.organisations.models import Organisation, OrganisationKind
from madang.parties.organisations.queries import organisation_by_code
from madang.parties.suppliers.models import Supplier


@transaction.atomic
def declare_supplier(
    actor: Actor,
    *,
    code: str,
    name_ko: str,
    name_en: str,
    organisation: str | None = None,
    at: datetime,
) -> Declared[Supplier]:
    """Make the supplier so; an organisation of the same code is made when none is named."""
    actor.need(Role.OPERATOR)
    row = Supplier.objects.select_for_update().filter(code=code).first()
    if row is None:
        firm = _organisation(actor, organisation, code, name_ko, name_en, at)
        row = Supplier.objects.create(
            code=code, name_ko=name_ko, name_en=name_en, organisation=firm, created_at=at
        )
        _record(actor, "supplier.create", row, at, {"organisation": str(firm.id)})
        return Declared(row, Outcome.CREATED)
    if organisation is not None and row.organisation.code != organisation:
        raise SupplierMoved(supplier=code, organisation=row.organisation.code)
    fields = changed_fields(row, {"name_ko": name_ko, "name_en": name_en})
    if not fields:
        return Declared(row, Outcome.UNCHANGED)
    row.save(update_fields=fields)
    _record(actor, "supplier.change", row, at, {"fields": ",".join(sorted(fields))})
    return Declared(row, Outcome.CHANGED)


def _organisation(
    actor: Actor, given: str | None, code: str, name_ko: str, name_en: str, at: datetime
) -> Organisation:
    if given is not None:
        return organisation_by_code(given)
    found = Organisation.objects.filter(code=code).first()
    if found is not None:
        return found
    return declare_organisation(
        actor,
        code=code,
        name_ko=name_ko,
        name_en=name_en,
        kind=OrganisationKind.LARGE,
        at=at,
    ).row


def _record(
    actor: Actor, action: str, row: Supplier, at: datetime, facts: dict[str, str]
) -> None:
    record_event(actor, action, subject_type="supplier", subject_id=row.id, at=at, facts=facts)

"""Whether a supplier may sell: the guard of listing."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from madang.metering.errors import SupplierGone
from madang.metering.exits.models import SupplierExit
from madang.parties.actor import Actor, Role
from madang.parties.models import Supplier
from madang.parties.sanctions.queries import need_not_sanctioned


def exits_of(actor: Actor) -> QuerySet[SupplierExit]:
    """All for operators and auditors, a supplier's own for it; newest first."""
    actor.need(Role.OPERATOR, Role.AUDITOR, Role.SUPPLIER)
    rows = SupplierExit.objects.select_related("supplier").order_by("-at")
    return rows if actor.sees_everything else rows.filter(supplier__in=actor.suppliers)


def open_exit(supplier: Supplier) -> SupplierExit | None:
    return SupplierExit.objects.filter(supplier=supplier, ended_at=None).first()


def need_selling(supplier: Supplier, at: datetime) -> None:
    """Raises SupplierGone after an exit, Sanctioned while a sanction is in force."""
    found = open_exit(supplier)
    if found is not None:
        raise SupplierGone(supplier=supplier.code, kind=found.kind)
    need_not_sanctioned(supplier.organisation_id, at)

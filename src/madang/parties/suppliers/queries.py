"""Reading suppliers. That a supplier exists and what it is called is public."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.parties.errors import PartyUnknown
from madang.parties.suppliers.models import Supplier


def suppliers() -> QuerySet[Supplier]:
    return Supplier.objects.select_related("organisation").order_by("code")


def supplier_by_code(code: str) -> Supplier:
    row = suppliers().filter(code=code).first()
    if row is None:
        raise PartyUnknown(kind="supplier", reference=code)
    return row

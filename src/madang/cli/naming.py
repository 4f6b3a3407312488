"""The ledger knows opaque ids only; people know codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from madang.metering.vouchers.models import Voucher
from madang.parties.models import Organisation, Supplier
from madang.programme.models import Award, Call, Programme, ProgrammeYear

Dimensions = Mapping[str, str]


def codes_of(accounts: Iterable[Dimensions]) -> list[dict[str, str]]:
    """The same dimensions with codes for ids, where there is one; others stay as they are."""
    rows = list(accounts)
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        for name, value in row.items():
            if (identifier := _uuid(value)) is not None:
                wanted.setdefault(name, set()).add(identifier)
    known = {name: _codes(name, identifiers) for name, identifiers in wanted.items()}
    return [
        {name: known.get(name, {}).get(value, value) for name, value in row.items()}
        for row in rows
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _codes(dimension: str, wanted: set[UUID]) -> dict[str, str]:  # noqa: PLR0911  a table
    match dimension:
        case "voucher":
            return _texts(Voucher.objects.filter(id__in=wanted).values_list("id", "code"))
        case "supplier":
            return _texts(Supplier.objects.filter(id__in=wanted).values_list("id", "code"))
        case "organisation":
            return _texts(Organisation.objects.filter(id__in=wanted).values_list("id", "code"))
        case "programme":
            return _texts(Programme.objects.filter(id__in=wanted).values_list("id", "code"))
        case "programme_year":
            found = ProgrammeYear.objects.filter(id__in=wanted).select_related("programme")
            return {str(one.id): f"{one.programme.code}/{one.year}" for one in found}
        case "call":
            return _texts(Call.objects.filter(id__in=wanted).values_list("id", "code"))
        case "award":
            awards = Award.objects.filter(id__in=wanted)
            return _texts(awards.values_list("id", "organisation__code"))
        case _:
            return {}


def _texts(pairs: Iterable[tuple[UUID, str]]) -> dict[str, str]:
    return {str(identifier): code for identifier, code in pairs}

"""What a call's terms and the law allow one applicant: how many, how much, with whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from madang.core.clock import rfc3339
from madang.core.money import MICRO_PER_WON, is_whole_won
from madang.parties.models import Supplier
from madang.parties.relationships.queries import ties_between
from madang.parties.sanctions.queries import in_force, need_not_sanctioned
from madang.programme.applications.models import LIVE, Application
from madang.programme.errors import (
    AmountInvalid,
    ApplicationLimit,
    ConsentExceeded,
    ConsentMissing,
    RequestTooLarge,
    SelfDealing,
    SupplierBarred,
)


def check_limits(row: Application, at: datetime) -> None:
    """At submission. The caller holds the call's lock, so that counts stand still."""
    need_not_sanctioned(row.organisation_id, at)
    check_amount(row)
    if row.supplier is not None:
        check_dealing(row, row.supplier, at)
    if row.call.terms.get("supplier_consent") == "before_submission":
        need_consent(row)
    need_amount_agreed(row)
    others = Application.objects.filter(call=row.call_id, state__in=LIVE).exclude(pk=row.pk)
    terms = row.call.terms
    limit = int(terms["applications_per_organisation"])
    if others.filter(organisation=row.organisation_id).count() >= limit:
        raise ApplicationLimit(limit=limit, per="organisation")
    name = row.organisation.representative
    limit = int(terms["applications_per_representative"])
    if name and others.filter(organisation__representative=name).count() >= limit:
        raise ApplicationLimit(limit=limit, per="representative")


def check_amount(row: Application) -> None:
    """A positive amount of whole won, within what the call gives."""
    asked = row.requested_microwon
    if asked <= 0 or not is_whole_won(asked):
        raise AmountInvalid(field="requested_won")
    cap = int(row.call.terms["requested_won_max"]) * MICRO_PER_WON
    most = min(cap or row.call.budget_microwon, row.call.budget_microwon)
    if asked > most:
        raise RequestTooLarge(max_microwon=most)


def check_dealing(row: Application, supplier: Supplier, at: datetime) -> None:
    """I8: the beneficiary is neither the supplier nor affiliated with it; and it may sell."""
    check_dealing_of(row.organisation_id, supplier, at)


def check_dealing_of(organisation: UUID, supplier: Supplier, at: datetime) -> None:
    """Wherever a supplier comes to a beneficiary. Raises SelfDealing, SupplierBarred."""
    held = in_force(supplier.organisation_id, at)
    if held is not None:
        raise SupplierBarred(supplier=supplier.code, ends_at=rfc3339(held.ends_at))
    check_strangers(organisation, [supplier.organisation_id], at)


def check_strangers(organisation: UUID, sellers: Collection[UUID], at: datetime) -> None:
    """The same of sellers that need not be suppliers of ours."""
    if organisation in sellers:
        raise SelfDealing
    if ties_between(sellers, [organisation], at=at).filter(kind="affiliate").exists():
        raise SelfDealing


def need_consent(row: Application) -> None:
    """Raises ConsentMissing unless the named supplier has agreed to the match."""
    given = row.matches.filter(supplier=row.supplier_id, state="consented")
    if row.supplier_id is None or not given.exists():
        raise ConsentMissing


def need_amount_agreed(row: Application) -> None:
    """A word given before is given to an amount. Raises ConsentExceeded above it."""
    for match in row.matches.filter(supplier=row.supplier_id, state="consented"):
        if not covers(match.agreed_microwon, row.requested_microwon):
            raise ConsentExceeded(
                field="requested_won",
                agreed_microwon=match.agreed_microwon,
                requested_microwon=row.requested_microwon,
            )


def covers(agreed_microwon: int | None, requested_microwon: int) -> bool:
    """Whether a supplier's word is good for an amount; one that named none is for any."""
    return not agreed_microwon or requested_microwon <= agreed_microwon

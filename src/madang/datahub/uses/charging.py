"""A use of a priced set goes through the spine: one person, one version, one day, once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.core.units import Meter, Unit
from madang.datahub.errors import PriceImpossible, VoucherNeeded
from madang.datahub.sets.models import DataSet
from madang.datahub.versions.models import Version
from madang.metering.offerings.models import Offering
from madang.metering.usage.actions import record_usage
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import covers
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.events.actions import record_event


@transaction.atomic
def set_price(
    actor: Actor, identifier: UUID, offering_code: str | None, *, at: datetime
) -> DataSet:
    """Sell uses of a set as an offering of meter `data`; None: free again, as all begin.

    Raises PriceImpossible for an offering of another meter. Takes the set's lock.
    """
    actor.need(Role.OPERATOR)
    row = DataSet.objects.select_for_update().get(pk=identifier)
    offering = None
    if offering_code is not None:
        offering = Offering.objects.filter(code=offering_code).first()
        if offering is None:
            raise NotFound
        if offering.meter != Meter.DATA:
            raise PriceImpossible(offering=offering_code)
    row.offering = offering
    row.save(update_fields=["offering"])
    record_event(
        actor, "data_set.price", subject_type="data_set", subject_id=row.id, at=at,
        facts={"offering": offering_code},
    )  # fmt: skip
    return row


def charge_use(actor: Actor, version: Version, *, at: datetime) -> None:
    """P7 to P9 on a voucher of the reader's organisation; the same day again costs nothing.

    Raises VoucherNeeded, and what the voucher refuses: nothing is served then.
    """
    offering = version.data_set.offering
    if offering is None:
        return
    voucher = _voucher(actor, offering)
    units = set(offering.prices.values_list("unit", flat=True))
    quantity = max(1, version.commit.size_bytes) if Unit.BYTE.value in units else 1
    record_usage(
        system_actor(actor.origin),
        voucher,
        offering,
        quantities=quantity,
        external_id=f"{version.id}:{actor.id}:{seoul_date(at).isoformat()}",
        evidence_sha256=version.digest,
        at=at,
    )


def _voucher(actor: Actor, offering: Offering) -> Voucher:
    """The first active one that covers the offering, in the order of their codes."""
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    rows = Voucher.objects.filter(organisation__in=own, state="active").order_by("code")
    for row in rows:
        if covers(row.offerings, offering.code):
            return row
    raise VoucherNeeded(offering=offering.code)

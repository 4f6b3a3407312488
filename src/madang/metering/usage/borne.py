"""Use that the programme bears (P25): measured and priced like any other, charged to nobody's
voucher, settled with the supplier on the line without a voucher."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.spine import Measurement
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.ledger.types import Stamp
from madang.metering.offerings.models import Offering, PriceSet
from madang.metering.offerings.prices import prices_in
from madang.metering.usage.actions import delivery_call
from madang.metering.usage.models import Outcome, Usage, UsageKind
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import locked, terms_of
from madang.parties.actor import Actor, Role
from madang.wire.pricing import charge_microwon


@transaction.atomic
def bear_usage(
    actor: Actor, measurement: Measurement, *, price_set: int, at: datetime
) -> Usage | None:
    """Once for every id: the first answer stands. None: it costs nothing.

    Where the programme has no unallocated budget for it, it is a dispute with the supplier
    until a person settles it (P26). Locks the voucher whose use it was.
    """
    actor.need(Role.OPERATOR)
    voucher = Voucher.objects.filter(id=measurement.voucher).first()
    offering = Offering.objects.filter(id=measurement.offering).first()
    if voucher is None or offering is None:
        raise NotFound
    voucher = locked(voucher)
    call = delivery_call(offering.supplier_id, measurement.id)
    before = Usage.objects.filter(call=call, kind=UsageKind.DELIVERY).first()
    if before is not None:
        return before
    pinned = PriceSet.objects.get(no=price_set, offering=offering)
    amount = charge_microwon(measurement.quantities, prices_in(pinned))
    if not amount:
        return None
    is_borne = _post(actor, voucher, offering, call_of(measurement, offering), amount, at)
    return Usage.objects.create(
        call=call,
        kind=UsageKind.DELIVERY,
        external_id=measurement.id,
        voucher=voucher,
        supplier_id=offering.supplier_id,
        offering=offering,
        price_set=pinned,
        quantities={unit.value: n for unit, n in measurement.quantities.items()},
        outcome=Outcome.COMMITTED,
        priced_microwon=amount,
        programme_microwon=amount if is_borne else 0,
        disputed_microwon=0 if is_borne else amount,
        flags=sorted(measurement.flags),
        started_at=measurement.started_at,
        ended_at=measurement.ended_at,
        recorded_at=at,
        evidence_sha256=measurement.evidence_sha256,
    )


def call_of(measurement: Measurement, offering: Offering) -> str:
    return str(delivery_call(offering.supplier_id, measurement.id))


def _post(
    actor: Actor, voucher: Voucher, offering: Offering, call: str, amount: int, at: datetime
) -> bool:
    """True when the programme could bear it."""
    supplier = offering.supplier_id

    def stamp(what: str) -> Stamp:
        return Stamp(f"usage:{call}:{what}", actor.id, at, "usage", call)

    try:
        postings.programme_borne(
            stamp("borne"), programme_year=voucher.programme_year, supplier=supplier,
            amount=amount,
        )  # fmt: skip
    except Overdrawn:
        terms = terms_of(voucher, at)
        postings.open_dispute(stamp("dispute"), terms, supplier=supplier, amount=amount)
        return False
    return True

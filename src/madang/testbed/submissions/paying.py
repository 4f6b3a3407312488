"""What an ordered run costs: reserved when it is ordered, charged by what was measured.

The same as any other use: an offering has a price, a voucher pays it, metering charges it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from madang.core.ids import uuid7
from madang.core.spine import Measurement, OfferingId, VoucherId
from madang.core.units import Meter, Unit
from madang.metering.offerings.models import Offering, PriceSet
from madang.metering.offerings.prices import price_set_at, prices_in
from madang.metering.usage.actions import record_measurement
from madang.metering.usage.reservations import (
    Reservation,
    release_reservation,
    reserve_usage,
)
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor
from madang.testbed.errors import OfferingNotForRuns
from madang.testbed.submissions.models import Submission


def unit_of(offering: Offering, voucher: Voucher, at: datetime) -> Unit:
    """By which unit a run is sold: by the second, or each. Raises OfferingNotForRuns."""
    kind = voucher.organisation.kind
    pinned = price_set_at(offering, organisation_kind=kind, at=at)
    sold = set(prices_in(pinned)) if pinned is not None else set()
    if offering.meter != Meter.RUN or len(sold) != 1 or not sold <= {Unit.SECOND, Unit.REQUEST}:
        raise OfferingNotForRuns(offering=offering.code)
    return sold.pop()


def reserve_run(actor: Actor, row: Submission, *, seconds_max: int, at: datetime) -> None:
    """The most that the run may cost. The caller saves the row."""
    if row.voucher is None or row.offering is None:
        return
    unit = unit_of(row.offering, row.voucher, at)
    row.held_quantity = seconds_max if unit == Unit.SECOND else 1
    made = reserve_usage(
        actor, row.voucher, row.offering, quantities={unit: row.held_quantity}, hold=uuid7(),
        at=at,
    )  # fmt: skip
    row.hold, row.price_set, row.held_microwon = made.hold, made.price_set, made.amount_microwon


def charge_run(
    actor: Actor,
    row: Submission,
    *,
    began_at: datetime,
    ended_at: datetime,
    seconds: int,
    evidence_sha256: str,
    at: datetime,
) -> None:
    """One use for one run, from its reservation; never more than was held. Once."""
    if row.hold is None or row.price_set is None or row.usage_id:
        return
    assert row.voucher is not None
    assert row.offering is not None
    (sold,) = PriceSet.objects.get(no=row.price_set).prices
    row.usage_id = f"run-{row.hold.hex}"
    measurement = Measurement(
        id=row.usage_id,
        voucher=VoucherId(row.voucher.id),
        offering=OfferingId(row.offering.id),
        quantities={Unit(sold): min(max(1, seconds), row.held_quantity)},
        started_at=began_at,
        ended_at=max(ended_at, began_at + timedelta(microseconds=1)),
        evidence_sha256=evidence_sha256,
    )
    done = record_measurement(actor, measurement, at=at, reserved=_reservation(row))
    row.charge_microwon = done.charge.amount_microwon if done.charge else 0
    row.save(update_fields=["usage_id", "charge_microwon"])
    release_run(actor, row, at=at)


def release_run(actor: Actor, row: Submission, *, at: datetime) -> None:
    """What is left of the reservation returns. Once; the caller holds the row's lock."""
    if row.hold is None or row.voucher is None:
        return
    release_reservation(actor, row.voucher, _reservation(row), at=at)
    row.hold = None
    row.save(update_fields=["hold"])


def _reservation(row: Submission) -> Reservation:
    assert row.hold is not None
    assert row.price_set is not None
    return Reservation(row.hold, row.price_set, row.held_microwon)

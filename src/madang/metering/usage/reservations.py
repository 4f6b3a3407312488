"""Reservations 예약: the most that a use may cost, set aside before the use begins.

A use that takes hours is reserved first, at the prices that hold then, and charged from the
reservation whenever it ends: also when the voucher has expired in between. The caller keeps the
reservation; the money is the ledger's lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.spine import Quantities
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.ledger.types import HoldOrder, Stamp
from madang.metering.errors import OfferingSuspended, PriceNone
from madang.metering.offerings.models import Offering, OfferingState, PriceSet
from madang.metering.offerings.prices import price_set_at, prices_in
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import (
    balance_insufficient,
    check_covers,
    check_spendable,
    locked,
    terms_of,
)
from madang.parties.actor import Actor, Role
from madang.wire.pricing import charge_microwon


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was promised: the lease, the prices pinned, and the most it may cost."""

    hold: UUID
    price_set: int
    amount_microwon: int


@transaction.atomic
def reserve_usage(
    actor: Actor,
    voucher: Voucher,
    offering: Offering,
    *,
    quantities: Quantities,
    hold: UUID,
    at: datetime,
    price_set: int | None = None,
) -> Reservation:
    """P7 for what a use may cost at most, at the prices of now or of an earlier `price_set`.

    The same `hold` again is the same reservation. Locks the voucher. Raises BalanceInsufficient
    and what the voucher's state refuses. A price of 0 reserves nothing.
    """
    one = reserve_many(actor, voucher, offering, {hold: quantities}, at=at, price_set=price_set)
    return one[0]


@transaction.atomic
def reserve_many(
    actor: Actor,
    voucher: Voucher,
    offering: Offering,
    wanted: Mapping[UUID, Quantities],
    *,
    at: datetime,
    price_set: int | None = None,
) -> list[Reservation]:
    """As reserve_usage for many uses at once, by their holds: all of them or none."""
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    check_spendable(voucher, at)
    check_covers(voucher, offering.code)
    if offering.state != OfferingState.LISTED:
        raise OfferingSuspended(offering=offering.code)
    if price_set is not None:
        pinned = PriceSet.objects.get(no=price_set, offering=offering)
    else:
        pinned = _pinned(voucher, offering, at)
    prices = prices_in(pinned)
    made = [
        Reservation(hold, pinned.no, charge_microwon(quantities, prices))
        for hold, quantities in wanted.items()
    ]
    _hold(actor, voucher, offering, [one for one in made if one.amount_microwon], at)
    return made


def _pinned(voucher: Voucher, offering: Offering, at: datetime) -> PriceSet:
    kind = voucher.organisation.kind
    found = price_set_at(offering, organisation_kind=kind, at=at)
    if found is None:
        raise PriceNone(offering=offering.code, at=rfc3339(at))
    return found


def _hold(
    actor: Actor,
    voucher: Voucher,
    offering: Offering,
    wanted: Sequence[Reservation],
    at: datetime,
) -> None:
    if not wanted:
        return
    terms, supplier, ends = terms_of(voucher, at), offering.supplier_id, voucher.expires_at
    orders = [
        HoldOrder(
            _stamp(actor, one.hold, "hold", at), terms, supplier, one.hold,
            one.amount_microwon, ends,
        )
        for one in wanted
    ]  # fmt: skip
    try:
        postings.hold_many(orders)
    except Overdrawn as short:
        needed = sum(one.amount for one in orders)
        raise balance_insufficient(voucher, needed_microwon=needed, at=at) from short


@transaction.atomic
def release_reservation(
    actor: Actor, voucher: Voucher, reservation: Reservation, *, at: datetime
) -> None:
    """P9: what was not used returns. Locks the voucher."""
    actor.need(Role.OPERATOR)
    if reservation.amount_microwon:
        voucher = locked(voucher)
        stamp = _stamp(actor, reservation.hold, "resolve", at)
        postings.resolve(stamp, terms_of(voucher, at), hold_id=reservation.hold, kind="void")


def _stamp(actor: Actor, hold: UUID, what: str, at: datetime) -> Stamp:
    return Stamp(f"reservation:{hold}:{what}", actor.id, at, "reservation", str(hold))

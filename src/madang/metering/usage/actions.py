"""Recording usage that is delivered, not called: hold, capture and release in one step.

Calls of meter "model" come through the till (madang.metering.till.shipping) instead.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.core.spine import Measurement, Quantities, UsageFlag
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.ledger.types import Stamp
from madang.metering.charges.models import Charge, ChargeKind
from madang.metering.errors import (
    OfferingSuspended,
    PriceNone,
    QuantityOutOfRange,
    UnitNotSold,
    UnitUnclear,
    UsageBeforeVoucher,
    UsageExistsOffering,
    UsageExistsQuantity,
    UsageExistsTime,
    UsageExistsVoucher,
    UsageInFuture,
)
from madang.metering.offerings.models import Offering, OfferingState, PriceSet
from madang.metering.offerings.prices import price_set_at, prices_in
from madang.metering.teams.actions import need_room
from madang.metering.teams.models import Team
from madang.metering.usage.models import Outcome, Usage, UsageKind
from madang.metering.usage.reservations import Reservation
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import (
    balance_insufficient,
    check_covers,
    check_spendable,
    locked,
    terms_of,
)
from madang.parties.actor import Actor, Role
from madang.wire.pricing import QUANTITY_MAX, charge_microwon


@dataclass(frozen=True, slots=True)
class Recorded:
    """A use and what the voucher paid for it. `charge` is None when it cost nothing."""

    usage: Usage
    charge: Charge | None
    replayed: bool


def delivery_call(supplier: UUID, external_id: str) -> UUID:
    """The call id of a delivery: one for every id that a supplier gives."""
    return uuid5(supplier, external_id)


@transaction.atomic
def record_usage(
    actor: Actor,
    voucher: Voucher,
    offering: Offering,
    *,
    quantities: Quantities | int,
    external_id: str,
    at: datetime,
    used_at: datetime | None = None,
    ended_at: datetime | None = None,
    flags: frozenset[UsageFlag] = frozenset(),
    evidence_sha256: str = "",
    reserved: Reservation | None = None,
    team: Team | None = None,
) -> Recorded:
    """P7, P8 and P9 for one delivery, priced by the version that held at `used_at`.

    With `reserved` the use was promised before it began: it is priced as pinned then, taken
    from that hold (P8 alone), and neither the voucher's end nor its balance can refuse it.

    `external_id` is the supplier's own: the same id with the same content answers as before,
    with other content it is refused by what differs. A bare number is a quantity of the one
    unit that the offering sells; without `used_at` it was used now. A `team` spends within its
    own limit. Locks the voucher. Raises what errors.py lists under vouchers, offerings, usage
    and teams.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    call = delivery_call(offering.supplier_id, external_id)
    before = Usage.objects.filter(call=call, kind=UsageKind.DELIVERY).first()
    if before is not None:
        return _replay(before, voucher, offering, quantities, used_at)
    used_at = (used_at or at).astimezone(UTC)  # as it is read again: a retry hears the same
    offering = Offering.objects.get(pk=offering.pk)
    pinned = (
        PriceSet.objects.get(no=reserved.price_set)
        if reserved is not None
        else _pin(voucher, offering, used_at=used_at, at=at)
    )
    counted = _counted(offering, pinned, quantities)
    usage = Usage(
        call=call,
        kind=UsageKind.DELIVERY,
        external_id=external_id,
        voucher=voucher,
        supplier_id=offering.supplier_id,
        offering=offering,
        price_set=pinned,
        quantities={unit.value: n for unit, n in counted.items()},
        outcome=Outcome.COMMITTED,
        priced_microwon=charge_microwon(counted, prices_in(pinned)),
        flags=sorted(flags),
        started_at=used_at,
        ended_at=ended_at.astimezone(UTC) if ended_at else used_at,
        recorded_at=at,
        evidence_sha256=evidence_sha256 or digest_of(external_id, counted),
        team=team,
    )
    if team is not None:
        assert team.voucher_id == voucher.id, "the caller looked the team up on the voucher"
        need_room(team, usage.priced_microwon)
    told = _keep(usage)
    if told is not None:
        return _replay(told, voucher, offering, quantities, used_at)
    hold = reserved.hold if reserved is not None else None
    charge = _charge(actor, voucher, usage, hold, at=at) if usage.priced_microwon else None
    return Recorded(usage, charge, replayed=False)


def _keep(usage: Usage) -> Usage | None:
    """None: the row is kept. Else the one that was kept at the same moment, for another
    voucher under another lock."""
    try:
        with transaction.atomic():
            usage.save(force_insert=True)
    except IntegrityError:
        told = Usage.objects.filter(call=usage.call, kind=usage.kind).first()
        if told is None:
            raise
        return told
    return None


def record_measurement(
    actor: Actor,
    measurement: Measurement,
    *,
    at: datetime,
    reserved: Reservation | None = None,
) -> Recorded:
    """Charge what another room has measured: the same as record_usage, by the spine's words.

    Priced by the version that held when the use started, or when it was reserved. Raises
    NotFound for a voucher or an offering that is not there.
    """
    voucher = Voucher.objects.filter(id=measurement.voucher).first()
    offering = Offering.objects.filter(id=measurement.offering).first()
    if voucher is None or offering is None:
        raise NotFound
    return record_usage(
        actor, voucher, offering,
        quantities=measurement.quantities, external_id=measurement.id, at=at,
        used_at=measurement.started_at, ended_at=measurement.ended_at,
        flags=measurement.flags, evidence_sha256=measurement.evidence_sha256,
        reserved=reserved,
    )  # fmt: skip


def _pin(voucher: Voucher, offering: Offering, *, used_at: datetime, at: datetime) -> PriceSet:
    """The prices of this use, if the voucher and the offering allow it now."""
    if used_at > at:
        raise UsageInFuture(used_at=rfc3339(used_at))
    check_spendable(voucher, at)
    if used_at < voucher.begins_at:
        begins = rfc3339(voucher.begins_at)
        raise UsageBeforeVoucher(used_at=rfc3339(used_at), begins_at=begins)
    check_covers(voucher, offering.code)
    if offering.state != OfferingState.LISTED:
        raise OfferingSuspended(offering=offering.code)
    kind = voucher.organisation.kind
    pinned = price_set_at(offering, organisation_kind=kind, at=used_at)
    if pinned is None:
        raise PriceNone(offering=offering.code, at=rfc3339(used_at))
    return pinned


def _counted(offering: Offering, pinned: PriceSet, quantities: Quantities | int) -> Quantities:
    sold = prices_in(pinned)
    if isinstance(quantities, int):
        if len(sold) != 1:
            raise UnitUnclear(offering=offering.code)
        quantities = dict.fromkeys(sold, quantities)
    for unit, quantity in quantities.items():
        if unit not in sold:
            raise UnitNotSold(offering=offering.code, unit=unit.value)
        if not 1 <= quantity <= QUANTITY_MAX:
            raise QuantityOutOfRange(quantity_max=QUANTITY_MAX)
    return quantities


def digest_of(external_id: str, quantities: Quantities) -> str:
    """What a delivery rests on when no document was handed in: the declaration itself."""
    content = [external_id, {unit.value: n for unit, n in sorted(quantities.items())}]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _charge(
    actor: Actor, voucher: Voucher, usage: Usage, hold: UUID | None, *, at: datetime
) -> Charge:
    """Capture the price from a reservation's hold, or from one of exactly the price."""
    hold_id = hold or _hold(actor, voucher, usage, at)
    terms, supplier, amount = terms_of(voucher, at), usage.supplier_id, usage.priced_microwon
    captured = postings.capture(
        _stamp(actor, usage, "capture", usage.started_at), terms, supplier=supplier,
        hold_id=hold_id, amount=amount,
    )  # fmt: skip
    if hold is None:
        resolving = _stamp(actor, usage, "resolve", at)
        postings.resolve(resolving, terms, hold_id=hold_id, kind="void")
    assert captured.posted.journal is not None, "a capture above 0 has a journal"
    return Charge.objects.create(
        kind=ChargeKind.CHARGE, usage=usage, voucher=voucher, supplier_id=supplier,
        amount_microwon=amount, journal=captured.posted.journal, recorded_at=at,
    )  # fmt: skip


def _hold(actor: Actor, voucher: Voucher, usage: Usage, at: datetime) -> UUID:
    hold_id = uuid5(usage.call, "hold")
    try:
        postings.hold(
            _stamp(actor, usage, "hold", at), terms_of(voucher, at),
            supplier=usage.supplier_id, hold_id=hold_id, amount=usage.priced_microwon,
            expires_at=voucher.expires_at,
        )  # fmt: skip
    except Overdrawn as short:
        needed = usage.priced_microwon
        raise balance_insufficient(voucher, needed_microwon=needed, at=at) from short
    return hold_id


def _stamp(actor: Actor, usage: Usage, what: str, effective_at: datetime) -> Stamp:
    call = usage.call
    return Stamp(f"usage:{call}:{what}", actor.id, effective_at, "usage", str(call))


def _replay(
    before: Usage,
    voucher: Voucher,
    offering: Offering,
    quantities: Quantities | int,
    used_at: datetime | None,
) -> Recorded:
    """The first answer again. Raises UsageExists… for the first thing that differs."""
    external_id = before.external_id
    if before.voucher_id != voucher.id:
        raise UsageExistsVoucher(id=external_id)
    if before.offering_id != offering.no:
        raise UsageExistsOffering(id=external_id)
    asked = (
        dict.fromkeys(before.quantities, quantities)
        if isinstance(quantities, int)
        else {unit.value: n for unit, n in quantities.items()}
    )
    if before.quantities != asked:
        raise UsageExistsQuantity(id=external_id)
    if used_at is not None and before.started_at != used_at:
        raise UsageExistsTime(id=external_id)
    return Recorded(
        before, before.charges.filter(kind=ChargeKind.CHARGE).first(), replayed=True
    )

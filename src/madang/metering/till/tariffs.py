"""Pinned prices by their number: they never change, so they are kept once read."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from madang.core.units import Unit
from madang.metering.offerings.models import PriceSet
from madang.metering.offerings.prices import prices_in
from madang.wire.pricing import Prices, charge_microwon
from madang.wire.record import OtherUnit, Record, RecordFlag

TARIFFS_MAX = 10_000
_OTHER_UNITS = {
    OtherUnit.REQUEST: Unit.REQUEST,
    OtherUnit.IMAGE: Unit.IMAGE,
    OtherUnit.SECOND: Unit.SECOND,
}


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price set with what it belongs to."""

    price_set: int
    offering: int
    supplier: UUID
    prices: Prices


class Tariffs:
    """A bounded memory of price sets."""

    def __init__(self) -> None:
        self._known: dict[int, Tariff] = {}

    def get(self, price_set: int) -> Tariff | None:
        """None for a number that no price set has."""
        if price_set not in self._known:
            found = PriceSet.objects.select_related("offering").filter(no=price_set).first()
            if found is None:
                return None
            if len(self._known) >= TARIFFS_MAX:
                self._known.clear()
            self._known[price_set] = Tariff(
                price_set, found.offering_id, found.offering.supplier_id, prices_in(found)
            )
        return self._known[price_set]


def quantities_of(record: Record) -> dict[Unit, int]:
    """What a record counted, by unit, without zeros."""
    counted = {
        Unit.TOKEN_IN: record.token_in,
        Unit.TOKEN_IN_CACHED: record.token_in_cached,
        Unit.TOKEN_IN_CACHE_WRITE: record.token_in_cache_write,
        Unit.TOKEN_OUT: record.token_out,
    }
    other = _OTHER_UNITS.get(record.other_unit)
    if other is not None:
        counted[other] = record.other_quantity
    return {unit: quantity for unit, quantity in counted.items() if quantity}


@dataclass(frozen=True, slots=True)
class Rated:
    """What a use costs and who bears it: cost = voucher's part, never above the reservation."""

    priced: int
    cost_microwon: int
    disputed: int
    programme: int


def rate(record: Record, tariff: Tariff) -> Rated | None:
    """Price a commit anew; None when the worker's own figure differs from ours.

    Above the reservation the excess is the supplier's dispute; under the abort policy "free"
    the programme bears what the voucher does not.
    """
    quantities = quantities_of(record)
    if not quantities.keys() <= tariff.prices.keys():
        return None
    priced = charge_microwon(quantities, tariff.prices)
    if RecordFlag.PROGRAMME_BORNE in record.flags:
        within = min(priced, record.est_microwon)
        rated = Rated(priced, 0, priced - within, within)
    elif priced > record.est_microwon:
        rated = Rated(priced, record.est_microwon, priced - record.est_microwon, 0)
    else:
        rated = Rated(priced, priced, 0, 0)
    is_above = RecordFlag.ABOVE_BOUND in record.flags
    agrees = rated.cost_microwon == record.cost_microwon and is_above == (rated.disputed > 0)
    return rated if agrees else None

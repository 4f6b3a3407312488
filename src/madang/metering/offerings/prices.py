"""Which prices hold together, from when to when, for whom: computed from the versions.

Kinds of organisation that some version names form groups; every other kind is in the general
group, whose `kinds` is empty. A group's price of a unit is its own newest version, or the
general one where it has none yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from madang.core.clock import rfc3339
from madang.core.units import Unit
from madang.metering.offerings.models import Offering, PriceSet, PriceVersion
from madang.wire.pricing import Prices

Kinds = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceWindow:
    """Prices that hold together over a half-open span; `valid_until` None: no end known."""

    kinds: Kinds
    valid_from: datetime
    valid_until: datetime | None
    prices: Mapping[Unit, int]

    def sha256(self, offering_no: int) -> str:
        """One digest for one content: what price sets are interned by."""
        prices = {unit.value: str(price) for unit, price in sorted(self.prices.items())}
        content = [offering_no, list(self.kinds), rfc3339(self.valid_from), prices]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def holds_at(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


def windows_of(versions: Iterable[PriceVersion]) -> list[PriceWindow]:
    """Every window of an offering, by group and time."""
    rows = list(versions)
    groups: set[Kinds] = {()} | {tuple(row.for_kinds) for row in rows}
    return [window for kinds in sorted(groups) for window in _windows(rows, kinds)]


def _windows(rows: Sequence[PriceVersion], kinds: Kinds) -> list[PriceWindow]:
    mine = [row for row in rows if tuple(row.for_kinds) in {(), kinds}]
    starts = sorted({row.valid_from for row in mine})
    ends: list[datetime | None] = [*starts[1:], None][: len(starts)]
    return [
        PriceWindow(kinds, start, end, _prices_at(mine, kinds, start))
        for start, end in zip(starts, ends, strict=True)
    ]


def _prices_at(rows: Sequence[PriceVersion], kinds: Kinds, at: datetime) -> dict[Unit, int]:
    """General prices first, then the group's own over them; the newest version of each wins."""
    prices: dict[Unit, int] = {}
    for group in dict.fromkeys(((), kinds)):
        own = (row for row in rows if tuple(row.for_kinds) == group and row.valid_from <= at)
        for row in sorted(own, key=lambda row: row.valid_from):
            prices[Unit(row.unit)] = int(row.microwon_per_million)
    return prices


def intern_windows(offering: Offering) -> None:
    """Give every window of an offering its number, where it has none yet."""
    rows = [
        PriceSet(
            offering=offering,
            kinds=list(window.kinds),
            valid_from=window.valid_from,
            prices={unit.value: str(price) for unit, price in window.prices.items()},
            sha256=window.sha256(offering.no),
        )
        for window in windows_of(offering.prices.all())
    ]
    PriceSet.objects.bulk_create(rows, ignore_conflicts=True)


def prices_in(price_set: PriceSet) -> Prices:
    """The pinned prices, as integers."""
    return {Unit(unit): int(price) for unit, price in price_set.prices.items()}


def group_for(windows: Iterable[PriceWindow], kind: str) -> Kinds:
    """The group that an organisation's kind belongs to."""
    return next((window.kinds for window in windows if kind in window.kinds), ())


def price_set_at(
    offering: Offering, *, organisation_kind: str, at: datetime
) -> PriceSet | None:
    """The price set that a use which starts at `at` pins. None: nothing is priced then."""
    windows = windows_of(offering.prices.all())
    group = group_for(windows, organisation_kind)
    for window in windows:
        if window.kinds == group and window.holds_at(at):
            return PriceSet.objects.get(sha256=window.sha256(offering.no))
    return None

"""Posting ended calls: usage, charges and their journals, in the caller's transaction.

A call is posted at most once whatever is read how often: usage rows are unique by call, and
only rows that were inserted here are summed and charged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.ledger.types import CaptureOrder, Stamp, Terms
from madang.metering.till.leases import TILL, latest_of, left_in_holds
from madang.metering.till.models import Lease
from madang.metering.till.rows import (
    ChargeRow,
    UsageRow,
    insert_charges,
    insert_usage,
)
from madang.metering.usage.models import Usage, UsageKind
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import terms_of


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call with its end, and what of it the voucher is to pay from which hold."""

    row: UsageRow
    cost_microwon: int
    hold: UUID


Pair = tuple[UUID, UUID]
"""Voucher and supplier."""


def on_file(calls: Iterable[UUID]) -> set[UUID]:
    """Calls whose end is recorded already."""
    rows = Usage.objects.filter(call__in=list(calls), kind=UsageKind.CALL)
    return set(rows.values_list("call", flat=True))


def post_calls(
    calls: Sequence[EndedCall], vouchers: Mapping[UUID, Voucher], *, batch: str, at: datetime
) -> int:
    """Record and charge calls that are not on file; how many there were.

    `vouchers` are locked by the caller. `batch` names this batch for good: posting ids are
    made from it. One P8 per lease; what a hold no longer covers is disputed (P26), never
    charged; what the programme bears is posted by P25.
    """
    known = on_file(call.row.call for call in calls)
    fresh = [call for call in calls if call.row.call not in known]
    if not fresh:
        return 0
    holds = current_holds(call.hold for call in fresh if call.cost_microwon)
    fresh = _cover(_of_teams(fresh, holds), holds)
    terms = {id: terms_of(voucher, at) for id, voucher in vouchers.items()}
    journals = _capture(fresh, holds, terms, batch, at)
    fresh = _bear(fresh, vouchers, batch, at)
    _dispute(fresh, terms, batch, at)
    numbers = insert_usage([call.row for call in fresh], recorded_at=at)
    assert len(numbers) == len(fresh), "a call was recorded under our voucher's lock"
    charges = [
        ChargeRow(
            numbers[call.row.call], call.row.voucher, call.row.supplier, call.cost_microwon,
            journals[holds[call.hold].hold],
        )
        for call in fresh
        if call.cost_microwon
    ]  # fmt: skip
    insert_charges(charges, recorded_at=at)
    return len(fresh)


def current_holds(holds: Iterable[UUID]) -> dict[UUID, Lease]:
    """For each hold that a record names, the lease that stands for it now."""
    rows = Lease.objects.filter(hold__in=set(holds)).select_related("replaced_by")
    return {row.hold: latest_of(row) for row in rows}


def _of_teams(calls: list[EndedCall], holds: Mapping[UUID, Lease]) -> list[EndedCall]:
    """A call is its team's by the lease that it was reserved from."""
    return [
        replace(call, row=replace(call.row, team=lease.team_id))
        if (lease := holds.get(call.hold)) is not None and lease.team_id is not None
        else call
        for call in calls
    ]


def _cover(calls: list[EndedCall], holds: Mapping[UUID, Lease]) -> list[EndedCall]:
    """Turn into dispute what a hold can no longer pay: late, or after its resolution."""
    left = left_in_holds([lease.hold for lease in holds.values()])
    covered = []
    for call in calls:
        lease = holds.get(call.hold)
        paid = min(call.cost_microwon, left.get(lease.hold, 0)) if lease else 0
        if lease and paid:
            left[lease.hold] -= paid
        covered.append(call if paid == call.cost_microwon else _paid_in_part(call, paid))
    return covered


def _paid_in_part(call: EndedCall, paid: int) -> EndedCall:
    disputed = call.row.disputed + call.cost_microwon - paid
    return replace(call, cost_microwon=paid, row=replace(call.row, disputed=disputed))


def _stamp(batch: str, what: str, at: datetime) -> Stamp:
    return Stamp(f"{batch}:{what}", TILL.id, at, "shipment", batch)


def _capture(
    calls: Sequence[EndedCall],
    holds: Mapping[UUID, Lease],
    terms: Mapping[UUID, Terms],
    batch: str,
    at: datetime,
) -> dict[UUID, UUID]:
    """P8, one for each lease: its amount is the sum of the charges that will name it."""
    amounts: dict[UUID, int] = defaultdict(int)
    for call in calls:
        if call.cost_microwon:
            amounts[holds[call.hold].hold] += call.cost_microwon
    leases = {lease.hold: lease for lease in holds.values()}
    orders = [
        CaptureOrder(
            _stamp(batch, f"capture:{hold}", at), terms[leases[hold].voucher_id],
            leases[hold].supplier_id, hold, amount,
        )
        for hold, amount in sorted(amounts.items())
    ]  # fmt: skip
    journals = {}
    if orders:
        for order, done in zip(orders, postings.capture_many(orders), strict=True):
            assert done.posted.journal is not None, "a capture above 0 has a journal"
            assert not done.posted.replayed, "fresh calls make a fresh capture"
            journals[order.hold_id] = done.posted.journal
    return journals


def _bear(
    calls: list[EndedCall], vouchers: Mapping[UUID, Voucher], batch: str, at: datetime
) -> list[EndedCall]:
    """P25, one for each programme-year and supplier.

    Where the programme has no unallocated budget left for it, the supplier has borne it so
    far: it becomes a dispute, which a person may settle when there is budget again.
    """
    amounts: dict[Pair, int] = defaultdict(int)
    for call in calls:
        if call.row.programme:
            amounts[_bearer(call, vouchers)] += call.row.programme
    refused = {pair for pair in sorted(amounts) if not _borne(pair, amounts[pair], batch, at)}
    return [_not_borne(call) if _bearer(call, vouchers) in refused else call for call in calls]


def _bearer(call: EndedCall, vouchers: Mapping[UUID, Voucher]) -> Pair:
    """Programme-year and supplier."""
    return vouchers[call.row.voucher].programme_year, call.row.supplier


def _borne(pair: Pair, amount: int, batch: str, at: datetime) -> bool:
    year, supplier = pair
    try:
        postings.programme_borne(
            _stamp(batch, f"programme:{year}:{supplier}", at), programme_year=year,
            supplier=supplier, amount=amount,
        )  # fmt: skip
    except Overdrawn:
        return False
    return True


def _not_borne(call: EndedCall) -> EndedCall:
    disputed = call.row.disputed + call.row.programme
    return replace(call, row=replace(call.row, disputed=disputed, programme=0))


def _dispute(
    calls: Sequence[EndedCall], terms: Mapping[UUID, Terms], batch: str, at: datetime
) -> None:
    """P26, one for each voucher and supplier."""
    amounts: dict[Pair, int] = defaultdict(int)
    for call in calls:
        amounts[call.row.voucher, call.row.supplier] += call.row.disputed
    for (voucher, supplier), amount in sorted(amounts.items()):
        if amount:
            postings.open_dispute(
                _stamp(batch, f"dispute:{voucher}:{supplier}", at), terms[voucher],
                supplier=supplier, amount=amount,
            )  # fmt: skip

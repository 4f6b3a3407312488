"""Which own part the lines of a bank's file pay, while they are counted one after another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.metering.deposits.actions import BankReceipt, park_reason
from madang.metering.models import ParkReason, Voucher
from madang.metering.vouchers.queries import locked_in_order, terms_of
from madang.parties.actor import Actor
from madang.programme.awards.models import Award
from madang.programme.copayments.models import CoPaymentObligation, CoPaymentState
from madang.programme.copayments.workflow import COPAYMENT


@dataclass(slots=True)
class _Owed:
    """A co-payment that is waited for, and what lies ready for it as the lines go by."""

    row: CoPaymentObligation
    ready_microwon: int


class OwnParts:
    """Vouchers under their locks, those of their awards before them, each kind in order; and
    what is still owed on them.

    A line is counted here first, so that the next one is judged by it; the caller books all
    that was counted, then calls `fund`. What `fund` confirmed is not owed any more.
    """

    def __init__(self, vouchers: Collection[UUID], *, at: datetime) -> None:
        self._at = at
        awards = Award.objects.select_for_update().filter(voucher__in=vouchers).order_by("id")
        list(awards.values_list("id"))
        self.vouchers: dict[UUID, Voucher] = locked_in_order(vouchers)
        if vouchers:
            postings.lock(list(vouchers))
        self._owed = self._read()
        self._of_payer: dict[UUID, list[UUID]] = {}
        for voucher, owed in self._owed.items():
            self._of_payer.setdefault(owed.row.award.organisation_id, []).append(voucher)
        self._met: list[CoPaymentObligation] = []

    def _read(self) -> dict[UUID, _Owed]:
        rows = (
            CoPaymentObligation.objects.select_for_update(of=("self",))
            .filter(award__voucher__in=self.vouchers, state=CoPaymentState.PENDING)
            .select_related("award")
            .order_by("id")
        )
        found = {row.award.voucher_id: row for row in rows}
        waiting = [voucher for voucher in self.vouchers.values() if voucher.id in found]
        ready = ledger.positions([terms_of(voucher, self._at) for voucher in waiting])
        return {
            voucher.id: _Owed(found[voucher.id], ready[voucher.id].deposit_available)
            for voucher in waiting
        }

    def owed_by(self, payer: UUID) -> Voucher | None:
        """The voucher of the one co-payment that this payer owes."""
        found = self._of_payer.get(payer, [])
        return self.vouchers[found[0]] if len(found) == 1 else None

    def count(self, voucher: Voucher, seen: BankReceipt) -> ParkReason | None:
        """Why this money is parked; None when it counts for the voucher."""
        owed = self._owed.get(voucher.id)
        reason = park_reason(seen, voucher, self._at, owed.row.due_at if owed else None)
        if owed is not None:
            owed.ready_microwon += 0 if reason else seen.amount_microwon
            if owed.ready_microwon >= owed.row.cash_microwon:
                self._met.append(self._owed.pop(voucher.id).row)
                self._of_payer[owed.row.award.organisation_id].remove(voucher.id)
        return reason

    def fund(self, actor: Actor) -> None:
        """Confirm what was met by what was counted, and is booked by now."""
        COPAYMENT.move_all(self._met, "fund", actor, at=self._at)
        self._met.clear()

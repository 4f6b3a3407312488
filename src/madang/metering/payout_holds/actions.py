"""Placing and lifting holds. Payouts that wait are put on hold, and released again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.metering.errors import HoldUnclear
from madang.metering.payout_holds.models import PayoutHold
from madang.metering.payout_holds.queries import open_holds_on
from madang.metering.payouts.actions import hold_payout, release_payout
from madang.metering.payouts.models import Payout, PayoutState
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """On a supplier or on a voucher; `case` names what it was placed for."""

    kind: str
    supplier: Supplier | None = None
    voucher: Voucher | None = None
    case: UUID | None = None


@transaction.atomic
def place_payout_hold(
    actor: Actor, terms: HoldTerms, *, reason: str, at: datetime
) -> PayoutHold:
    """지급보류: from now on nothing is approved; what is only created is put on hold (P12h)."""
    actor.need(Role.OPERATOR)
    if (terms.supplier is None) is (terms.voucher is None):
        raise HoldUnclear
    row = PayoutHold.objects.create(
        supplier=terms.supplier, voucher=terms.voucher, kind=terms.kind, case=terms.case,
        placed_at=at, placed_by=actor.id,
    )  # fmt: skip
    record_event(
        actor, "payout_hold.place", subject_type="payout_hold", subject_id=row.id, at=at,
        reason=reason, facts={"kind": row.kind, "case": str(row.case) if row.case else None},
    )  # fmt: skip
    for payout in _payouts_under(row).filter(state=PayoutState.CREATED):
        hold_payout(actor, payout, at=at, reason=reason)
    return row


@transaction.atomic
def lift_payout_hold(actor: Actor, hold_id: UUID, *, reason: str, at: datetime) -> PayoutHold:
    """보류해제: payouts under no other hold wait for their approval again. Idempotent."""
    actor.need(Role.OPERATOR)
    row = PayoutHold.objects.select_for_update(of=("self",)).filter(pk=hold_id).first()
    if row is None:
        raise NotFound
    if row.lifted_at is not None:
        return row
    row.lifted_at, row.lifted_by = at, actor.id
    row.save(update_fields=["lifted_at", "lifted_by"])
    record_event(
        actor, "payout_hold.lift", subject_type="payout_hold", subject_id=row.id, at=at,
        reason=reason,
    )  # fmt: skip
    for payout in _payouts_under(row).filter(state=PayoutState.HELD):
        if payout.statement and not open_holds_on(payout.statement).exists():
            release_payout(actor, payout, at=at, reason=reason)
    return row


def _payouts_under(hold: PayoutHold) -> QuerySet[Payout]:
    rows = Payout.objects.select_related("statement").order_by("id")
    if hold.supplier_id is not None:
        return rows.filter(statement__supplier=hold.supplier_id)
    return rows.filter(statement__lines__voucher=hold.voucher_id)

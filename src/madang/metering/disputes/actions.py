"""Ending a supplier's dispute (P26), and paying what the programme lost (P25)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.chart import account
from madang.ledger.types import Stamp
from madang.metering.disputes.models import DisputeEnd
from madang.metering.disputes.workflow import DISPUTE_END
from madang.metering.errors import DisputeTooLarge
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import locked, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier


@transaction.atomic
def propose_dispute_end(
    actor: Actor,
    voucher: Voucher,
    supplier: Supplier,
    *,
    amount_microwon: int,
    is_paid: bool,
    reason: str,
    at: datetime,
) -> DisputeEnd:
    """One person proposes how much of a noted amount ends, and whether the programme pays it.

    Locks the voucher. Raises DisputeTooLarge beyond what is noted and not proposed yet.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    waiting = DisputeEnd.objects.filter(voucher=voucher, supplier=supplier, state="proposed")
    noted = ledger.balance_of(
        account("K300", supplier=supplier.id, voucher=voucher.id).key
    ) - sum(waiting.values_list("amount_microwon", flat=True))
    if not 0 < amount_microwon <= noted:
        raise DisputeTooLarge(noted_microwon=noted)
    row = DisputeEnd.objects.create(
        voucher=voucher, supplier=supplier, amount_microwon=amount_microwon, is_paid=is_paid,
        proposed_by=actor.id, proposed_at=at,
    )  # fmt: skip
    record_event(
        actor, "dispute_end.propose", subject_type="dispute_end", subject_id=row.id, at=at,
        after=row.state, reason=reason,
        facts={"amount_microwon": amount_microwon, "is_paid": is_paid},
    )  # fmt: skip
    return row


@transaction.atomic
def close_dispute(actor: Actor, end_id: UUID, *, at: datetime) -> DisputeEnd:
    """분쟁 종결: a second person decides. P26 closes the memorandum; what was lost is P25.

    Raises FourEyes, and the ledger's refusal when there is no unallocated budget to pay from.
    """
    actor.need(Role.OPERATOR)
    row = _locked(end_id)
    voucher = locked(row.voucher)
    DISPUTE_END.move(row, "end", actor, at=at)
    row.decided_at = at
    row.save(update_fields=["decided_at"])
    postings.close_dispute(
        _stamp(actor, row, "close", at), terms_of(voucher, at),
        supplier=row.supplier_id, amount=row.amount_microwon,
    )  # fmt: skip
    if row.is_paid:
        postings.programme_borne(
            _stamp(actor, row, "bear", at), programme_year=voucher.programme_year,
            supplier=row.supplier_id, amount=row.amount_microwon,
        )  # fmt: skip
    return row


@transaction.atomic
def refuse_dispute_end(actor: Actor, end_id: UUID, *, reason: str, at: datetime) -> DisputeEnd:
    """반려: the amount stays noted."""
    actor.need(Role.OPERATOR)
    row = _locked(end_id)
    DISPUTE_END.move(row, "refuse", actor, at=at, reason=reason)
    row.decided_at = at
    row.save(update_fields=["decided_at"])
    return row


def _locked(end_id: UUID) -> DisputeEnd:
    rows = DisputeEnd.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("voucher").filter(pk=end_id).first()
    if row is None:
        raise NotFound
    return row


def _stamp(actor: Actor, row: DisputeEnd, what: str, at: datetime) -> Stamp:
    return Stamp(f"dispute_end:{row.id}:{what}", actor.id, at, "dispute_end", str(row.id))

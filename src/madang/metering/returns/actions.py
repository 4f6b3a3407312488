"""Paying back own parts (P17, second half): made by one person, approved by another."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.ledger import postings
from madang.ledger.types import Stamp
from madang.metering.errors import NothingOwed
from madang.metering.returns.models import DepositReturn
from madang.metering.returns.queries import owed_microwon
from madang.metering.returns.workflow import DEPOSIT_RETURN
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import locked
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event


@transaction.atomic
def create_deposit_return(actor: Actor, voucher: Voucher, *, at: datetime) -> DepositReturn:
    """All that is owed again and in no return yet. Locks the voucher. Raises NothingOwed."""
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    amount = owed_microwon(voucher)
    if amount <= 0:
        raise NothingOwed(voucher=voucher.code)
    row = DepositReturn.objects.create(
        voucher=voucher, amount_microwon=amount, created_by=actor.id, created_at=at
    )
    record_event(
        actor, "deposit_return.create", subject_type="deposit_return", subject_id=row.id,
        at=at, after=row.state, facts={"amount_microwon": amount},
    )  # fmt: skip
    return row


@transaction.atomic
def approve_deposit_return(actor: Actor, return_id: UUID, *, at: datetime) -> DepositReturn:
    """A second person sends the order to the bank. Raises FourEyes."""
    row = _locked(return_id)
    DEPOSIT_RETURN.move(row, "approve", actor, at=at)
    row.approved_by = actor.id
    row.save(update_fields=["approved_by"])
    return row


@transaction.atomic
def pay_deposit_return(actor: Actor, return_id: UUID, *, at: datetime) -> DepositReturn:
    """The bank has paid: it leaves the trust account."""
    row = _locked(return_id)
    DEPOSIT_RETURN.move(row, "pay", actor, at=at)
    postings.pay_deposit_refund(
        Stamp(f"deposit_return:{row.id}:pay", actor.id, at, "deposit_return", str(row.id)),
        programme_year=row.voucher.programme_year,
        programme=row.voucher.programme,
        organisation=row.voucher.organisation_id,
        amount=row.amount_microwon,
    )
    return row


@transaction.atomic
def fail_deposit_return(
    actor: Actor, return_id: UUID, *, reason: str, at: datetime
) -> DepositReturn:
    """The bank sent it back: still owed, to be made anew under a new id."""
    row = _locked(return_id)
    DEPOSIT_RETURN.move(row, "fail", actor, at=at, reason=reason)
    return row


def _locked(return_id: UUID) -> DepositReturn:
    found = DepositReturn.objects.filter(pk=return_id).select_related("voucher").first()
    if found is None:
        raise NotFound
    locked(found.voucher)
    rows = DepositReturn.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("voucher").get(pk=return_id)

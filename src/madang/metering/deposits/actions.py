"""Recording the co-payment: only the beneficiary's own money counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from madang.ledger import postings
from madang.ledger.types import Stamp
from madang.metering.deposits.models import Receipt, ReceiptState
from madang.metering.errors import ReceiptExists, ReceiptNotParked
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import locked, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation

_RECEIPTS = UUID("6f1c9c0e-53a5-5f0e-9c1d-0d1f3b8f7a11")


def _stamp(actor: Actor, receipt: Receipt, what: str, at: datetime) -> Stamp:
    return Stamp(f"receipt:{receipt.id}:{what}", actor.id, at, "receipt", str(receipt.id))


@transaction.atomic
def record_deposit(
    actor: Actor,
    voucher: Voucher,
    *,
    payer: Organisation | None,
    amount_microwon: int,
    reference: str,
    received_at: datetime,
    at: datetime,
) -> Receipt:
    """P5: book a receipt under the bank's own reference; recording it again changes nothing.

    Paid by anybody but the voucher's organisation, it is parked on 1120 and gives no room to
    spend. Locks the voucher. Raises ReceiptExists when the reference came with other content.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    is_own = payer is not None and payer.id == voucher.organisation_id
    receipt, is_new = Receipt.objects.get_or_create(
        reference=reference,
        defaults={
            "id": uuid5(_RECEIPTS, reference),
            "payer": payer,
            "voucher": voucher,
            "amount_microwon": amount_microwon,
            "received_at": received_at,
            "state": ReceiptState.MATCHED if is_own else ReceiptState.PARKED,
        },
    )
    if is_new:
        _post_new(actor, receipt, voucher, at=at)
    _check_same(receipt, voucher, payer, amount_microwon)
    return receipt


def _post_new(actor: Actor, receipt: Receipt, voucher: Voucher, *, at: datetime) -> None:
    stamp = _stamp(actor, receipt, "in", receipt.received_at)
    if receipt.state == ReceiptState.MATCHED:
        postings.deposit(stamp, terms_of(voucher, at), amount=receipt.amount_microwon)
    else:
        postings.deposit_unidentified(
            stamp,
            programme=voucher.programme,
            receipt=receipt.id,
            amount=receipt.amount_microwon,
        )
    record_event(
        actor, "deposit.record", subject_type="receipt", subject_id=receipt.id, at=at,
        after=receipt.state,
        facts={"voucher": str(voucher.id), "amount_microwon": receipt.amount_microwon},
    )  # fmt: skip


def _check_same(
    receipt: Receipt, voucher: Voucher, payer: Organisation | None, amount_microwon: int
) -> None:
    same = {
        "amount": receipt.amount_microwon == amount_microwon,
        "voucher": receipt.voucher_id == voucher.id,
        "payer": receipt.payer_id == (payer.id if payer else None),
    }
    for field, is_same in same.items():
        if not is_same:
            raise ReceiptExists(reference=receipt.reference, field=field)


def _locked_parked(receipt: Receipt) -> Receipt:
    receipt = Receipt.objects.select_for_update(no_key=True).get(pk=receipt.pk)
    if receipt.state != ReceiptState.PARKED:
        raise ReceiptNotParked(receipt=str(receipt.id), state=receipt.state)
    return receipt


@transaction.atomic
def match_receipt(
    actor: Actor, receipt: Receipt, voucher: Voucher, *, at: datetime, reason: str
) -> Receipt:
    """A parked receipt turns out to be the beneficiary's: a person decides, with a reason."""
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    receipt = _locked_parked(receipt)
    postings.match_receipt(
        _stamp(actor, receipt, "match", at), terms_of(voucher, at),
        receipt=receipt.id, amount=receipt.amount_microwon,
    )  # fmt: skip
    receipt.voucher = voucher
    return _settle(actor, receipt, ReceiptState.MATCHED, at=at, reason=reason)


@transaction.atomic
def return_receipt(actor: Actor, receipt: Receipt, *, at: datetime, reason: str) -> Receipt:
    """A parked receipt goes back to whoever sent it."""
    actor.need(Role.OPERATOR)
    receipt = _locked_parked(receipt)
    assert receipt.voucher is not None, "a receipt is recorded for a voucher"
    postings.return_receipt(
        _stamp(actor, receipt, "return", at),
        programme=receipt.voucher.programme,
        receipt=receipt.id,
        amount=receipt.amount_microwon,
    )
    return _settle(actor, receipt, ReceiptState.RETURNED, at=at, reason=reason)


def _settle(
    actor: Actor, receipt: Receipt, state: ReceiptState, *, at: datetime, reason: str
) -> Receipt:
    receipt.state = state
    receipt.save(update_fields=["state", "voucher"])
    record_event(
        actor, f"deposit.{state}", subject_type="receipt", subject_id=receipt.id, at=at,
        before=ReceiptState.PARKED, after=state, reason=reason,
    )  # fmt: skip
    return receipt

"""Recording the co-payment: only the beneficiary's own money counts, and only in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from madang.core.clock import rfc3339
from madang.ledger import postings
from madang.ledger.types import Stamp
from madang.metering.deposits.models import ParkReason, Receipt, ReceiptState
from madang.metering.deposits.workflow import RECEIPT
from madang.metering.errors import (
    ReceiptExists,
    ReceiptInFuture,
    ReceiptNotParked,
    ReceiptVoucherMissing,
    VoucherNotActive,
)
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.metering.vouchers.queries import locked, state_at, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import Happened, record_events
from madang.parties.models import Organisation
from madang.parties.rows import insert_rows

_RECEIPTS = UUID("6f1c9c0e-53a5-5f0e-9c1d-0d1f3b8f7a11")
TAKES_DEPOSITS = frozenset({VoucherState.PENDING, VoucherState.ACTIVE, VoucherState.SUSPENDED})


@dataclass(frozen=True, slots=True)
class BankReceipt:
    """What the bank says of one receipt on a programme's trust account."""

    reference: str
    amount_microwon: int
    received_at: datetime
    payer: Organisation | None


@dataclass(frozen=True, slots=True)
class Booking:
    """A receipt and what becomes of it: its voucher's, or parked for `reason`."""

    seen: BankReceipt
    programme: UUID
    voucher: Voucher | None
    reason: ParkReason | None

    @property
    def id(self) -> UUID:
        return uuid5(_RECEIPTS, f"{self.programme}:{self.seen.reference}")

    @property
    def posting(self) -> str:
        """The id of the posting that books it."""
        return f"receipt:{self.id}:in"


def check_received(received_at: datetime, at: datetime) -> None:
    """What a person types: the bank's file is believed, a date of next year is a slip."""
    if received_at > at:
        raise ReceiptInFuture(received_at=rfc3339(received_at))


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
    due_at: datetime | None = None,
) -> Receipt:
    """P5: book a receipt under the bank's own reference; recording it again changes nothing.

    Paid by anybody but the voucher's organisation, after the voucher's end or not before
    `due_at`, it is parked on 1120 and gives no room to spend. Locks the voucher. Raises
    ReceiptExists when the reference came with other content.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    seen = BankReceipt(reference, amount_microwon, received_at, payer)
    reason = park_reason(seen, voucher, at, due_at)
    receipt = _record(actor, Booking(seen, voucher.programme, voucher, reason), at)
    _check_same(receipt, seen, voucher)
    return receipt


def park_reason(
    seen: BankReceipt, voucher: Voucher, at: datetime, due_at: datetime | None
) -> ParkReason | None:
    """None when it counts for the voucher, whose lock the caller holds."""
    if seen.payer is None or seen.payer.id != voucher.organisation_id:
        return ParkReason.PAYER
    if state_at(voucher, at) not in TAKES_DEPOSITS:
        return ParkReason.LATE
    is_late = due_at is not None and seen.received_at >= due_at
    return ParkReason.LATE if is_late else None


def _record(actor: Actor, one: Booking, at: datetime) -> Receipt:
    receipt, is_new = Receipt.objects.get_or_create(
        programme=one.programme, reference=one.seen.reference, defaults=_facts_of(one)
    )
    if is_new:
        _post_new(actor, [receipt], at=at)
    return receipt


@transaction.atomic
def record_receipts(actor: Actor, found: Sequence[Booking], *, at: datetime) -> None:
    """P5 for many references that are not on file, in a few round trips, in this order. The
    caller holds the locks of the vouchers. Raises IntegrityError when somebody else has put a
    reference on file meanwhile: then nothing is."""
    actor.need(Role.OPERATOR)
    receipts = [
        Receipt(programme=one.programme, reference=one.seen.reference, **_facts_of(one))
        for one in found
    ]
    insert_rows(receipts)
    _post_new(actor, receipts, at=at)


def _facts_of(one: Booking) -> dict[str, object]:
    return {
        "id": one.id,
        "payer": one.seen.payer,
        "voucher": one.voucher,
        "amount_microwon": one.seen.amount_microwon,
        "received_at": one.seen.received_at,
        "state": ReceiptState.PARKED if one.reason else ReceiptState.MATCHED,
        "park_reason": one.reason or "",
    }


def _post_new(actor: Actor, receipts: Sequence[Receipt], *, at: datetime) -> None:
    if not receipts:
        return
    postings.receive([_received(actor, receipt, at) for receipt in receipts])
    happened = [
        Happened(
            receipt.id,
            after=receipt.state,
            facts={
                "voucher": str(receipt.voucher_id) if receipt.voucher_id else None,
                "amount_microwon": receipt.amount_microwon,
                "park_reason": receipt.park_reason,
            },
        )
        for receipt in receipts
    ]
    record_events(actor, "deposit.record", happened, subject_type="receipt", at=at)


def _received(actor: Actor, receipt: Receipt, at: datetime) -> postings.Received:
    assert receipt.programme is not None, "a receipt lies on a programme's account"
    terms = None
    if receipt.state == ReceiptState.MATCHED:
        assert receipt.voucher is not None, "a matched receipt has its voucher"
        terms = terms_of(receipt.voucher, at)
    return postings.Received(
        _stamp(actor, receipt, "in", receipt.received_at),
        receipt.programme,
        receipt.id,
        terms,
        receipt.amount_microwon,
    )


def _check_same(receipt: Receipt, seen: BankReceipt, voucher: Voucher | None) -> None:
    """A parked receipt that was matched since has another voucher by now: that is no other."""
    same = {
        "amount": receipt.amount_microwon == seen.amount_microwon,
        "voucher": bool(receipt.park_reason)
        or receipt.voucher_id == (voucher.id if voucher else None),
        "payer": receipt.payer_id == (seen.payer.id if seen.payer else None),
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
    """A parked receipt turns out to be the beneficiary's: a person decides, with a reason.

    Locks the voucher, then the receipt. Raises VoucherNotActive for a voucher that has ended,
    ReceiptVoucherMissing for one of another programme.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    receipt = _locked_parked(receipt)
    need_takes_deposits(receipt, voucher, at)
    postings.match_receipt(
        _stamp(actor, receipt, "match", at), terms_of(voucher, at),
        receipt=receipt.id, amount=receipt.amount_microwon,
    )  # fmt: skip
    RECEIPT.move(receipt, "match", actor, at=at, reason=reason)
    receipt.voucher = voucher
    receipt.save(update_fields=["voucher"])
    return receipt


def need_takes_deposits(receipt: Receipt, voucher: Voucher, at: datetime) -> None:
    """The guard of matching: the programme's own account, a voucher that has not ended."""
    state = state_at(voucher, at)
    if state not in TAKES_DEPOSITS:
        raise VoucherNotActive(voucher=voucher.code, state=state.value)
    if receipt.programme not in (None, voucher.programme):
        raise ReceiptVoucherMissing


@transaction.atomic
def return_receipt(actor: Actor, receipt: Receipt, *, at: datetime, reason: str) -> Receipt:
    """A parked receipt goes back to whoever sent it."""
    actor.need(Role.OPERATOR)
    receipt = _locked_parked(receipt)
    programme = receipt.programme
    if programme is None:
        assert receipt.voucher is not None, "an older receipt was recorded for a voucher"
        programme = receipt.voucher.programme
    postings.return_receipt(
        _stamp(actor, receipt, "return", at),
        programme=programme,
        receipt=receipt.id,
        amount=receipt.amount_microwon,
    )
    RECEIPT.move(receipt, "return", actor, at=at, reason=reason)
    return receipt

"""Collecting what suppliers agreed to give back (P13b): offset, cash, instalments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.ledger.types import Stamp
from madang.metering.charges.models import (
    CollectionWay,
    LossOutcome,
    RefundCollection,
    RefundState,
    SettledRefund,
)
from madang.metering.charges.queries import open_proposal
from madang.metering.charges.workflow import REFUND
from madang.metering.errors import (
    CollectionExists,
    CollectionTooLarge,
    CollectionUnnamed,
    RefundCollected,
    RefundWrittenOff,
)
from madang.metering.payouts.models import BankAccount
from madang.metering.payouts.offsets import Owed, keep_back, room_for
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.metering.vouchers.queries import locked, state_at, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event


@dataclass(frozen=True, slots=True)
class Left:
    """What of a settled refund the supplier still owes."""

    subsidy: int
    deposit: int

    @property
    def total(self) -> int:
        return self.subsidy + self.deposit


def left_to_collect(refund: SettledRefund) -> Left:
    rows = refund.collections.all()  # which lists have read already
    subsidy = sum(row.subsidy_microwon for row in rows)
    deposit = sum(row.deposit_microwon for row in rows)
    return Left(refund.subsidy_microwon - subsidy, refund.deposit_microwon - deposit)


def locked_refund(refund: SettledRefund) -> tuple[Voucher, SettledRefund]:
    """Lock order: voucher, then refund."""
    voucher = locked(refund.charge.voucher)
    rows = SettledRefund.objects.select_for_update(of=("self",), no_key=True)
    return voucher, rows.select_related("charge__supplier").get(pk=refund.pk)


@transaction.atomic
def collect_refund(
    actor: Actor,
    refund: SettledRefund,
    *,
    by: str,
    at: datetime,
    amount_microwon: int | None = None,
    collection: UUID | None = None,
) -> SettledRefund:
    """P13b: the supplier paid it back, or it is kept back from its next statement.

    All that is left, or an instalment of whole won: the subsidy first, an offset of it as far
    as its fund has room. `collection` is the caller's id, which an instalment needs: the same
    again changes nothing. Locks the voucher, then the refund. Raises RefundCollected,
    RefundWrittenOff, CollectionTooLarge, CollectionUnnamed, CollectionExists, OffsetRoomShort.
    """
    actor.need(Role.OPERATOR)
    way = CollectionWay(by)
    voucher, refund = locked_refund(refund)
    named = RefundCollection.objects.filter(id=collection) if collection else None
    held = named.first() if named is not None else None
    if held is not None:
        _need_same(held, refund, way, amount_microwon)
        return refund
    if refund.state == RefundState.WRITTEN_OFF:
        raise RefundWrittenOff(refund=str(refund.id))
    left = left_to_collect(refund)
    if not left.total:
        raise RefundCollected(refund=str(refund.id))
    amount = left.total if amount_microwon is None else amount_microwon
    if not 0 < amount <= left.total or not is_whole_won(amount):
        raise CollectionTooLarge(left_microwon=left.total)
    if collection is None and amount < left.total:
        raise CollectionUnnamed  # a retry would collect once more
    identifier = collection or uuid5(refund.id, f"rest:{left.total}")
    subsidy = min(amount, left.subsidy)
    if way == CollectionWay.OFFSET:
        subsidy = _within_its_fund(refund, voucher, left, amount)
    row = RefundCollection(
        id=identifier, refund=refund, way=way, subsidy_microwon=subsidy,
        deposit_microwon=amount - subsidy, collected_at=at, collected_by=actor.id,
    )  # fmt: skip
    _keep(row)
    _post(actor, row, voucher, at)
    if amount == left.total:
        _end(actor, refund, at)
    return refund


def _end(actor: Actor, refund: SettledRefund, at: datetime) -> None:
    """All of it came: whatever somebody proposed to give up, there is nothing of it left."""
    refund.collected_at, refund.collected_by = at, actor.id
    proposal = open_proposal(refund)
    REFUND.move(refund, "collect", actor, at=at)
    refund.save(update_fields=["collected_at", "collected_by"])
    if proposal is not None:
        proposal.outcome = LossOutcome.OVERTAKEN
        proposal.decided_by, proposal.decided_at = actor.id, at
        proposal.save(update_fields=["outcome", "decided_by", "decided_at"])


def _within_its_fund(refund: SettledRefund, voucher: Voucher, left: Left, amount: int) -> int:
    """The subsidy of an offset: what its fund gives no room for, the own part may have room
    for. Where that has too little left, keeping back refuses the whole."""
    first = min(amount, left.subsidy)
    owed = Owed(
        refund.charge.supplier_id, BankAccount.SUBSIDY, voucher.programme_year,
        voucher.programme, first, "refund", str(refund.id),
    )  # fmt: skip
    reach = room_for(owed)
    return reach if amount - reach <= left.deposit else first


def _keep(row: RefundCollection) -> None:
    """Raises CollectionExists where the id came at the same moment for another refund, under
    another lock."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as err:
        raise CollectionExists(collection=str(row.id), field="refund") from err


def _need_same(
    held: RefundCollection, refund: SettledRefund, way: CollectionWay, amount: int | None
) -> None:
    same = {
        "refund": held.refund_id == refund.id,
        "by": held.way == way,
        "amount": amount in (None, held.subsidy_microwon + held.deposit_microwon),
    }
    for field, is_same in same.items():
        if not is_same:
            raise CollectionExists(collection=str(held.id), field=field)


def _post(actor: Actor, row: RefundCollection, voucher: Voucher, at: datetime) -> None:
    supplier = row.refund.charge.supplier_id
    if row.way == CollectionWay.OFFSET:
        _keep_back(row, voucher, supplier, at)
    is_over = state_at(voucher, at) in {VoucherState.CLOSED, VoucherState.CANCELLED}
    postings.collect_refund(
        Stamp(f"collection:{row.id}", actor.id, at, "refund", str(row.refund_id)),
        terms_of(voucher, at),
        supplier=supplier,
        subsidy=row.subsidy_microwon,
        own=row.deposit_microwon,
        cash=row.way == CollectionWay.CASH,
        organisation=voucher.organisation_id if is_over else None,
    )
    if is_over and row.subsidy_microwon:  # as the close did with the rest (P15)
        postings.return_unused(
            Stamp(f"collection:{row.id}:return", actor.id, at, "refund", str(row.refund_id)),
            terms_of(voucher, at),
            amount=row.subsidy_microwon,
        )
    record_event(
        actor, "charge.refund.collect", subject_type="refund", subject_id=row.refund_id, at=at,
        facts={"collection": str(row.id), "by": row.way, "subsidy_microwon":
               row.subsidy_microwon, "deposit_microwon": row.deposit_microwon},
    )  # fmt: skip


def _keep_back(row: RefundCollection, voucher: Voucher, supplier: UUID, at: datetime) -> None:
    parts = {
        BankAccount.SUBSIDY: row.subsidy_microwon,
        BankAccount.CO_PAYMENT: row.deposit_microwon,
    }
    for account, amount in parts.items():
        if amount:
            owed = Owed(
                supplier, account, voucher.programme_year, voucher.programme, amount,
                "collection", str(row.id),
            )  # fmt: skip
            keep_back(owed, at=at)

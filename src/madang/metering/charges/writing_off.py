"""Giving up what suppliers agreed to give back and never will (P13w): two people, with papers.

Nothing of it was ever spendable. So the claim leaves the books with what waited for it, the
subsidy stays consumed, the own part stays paid, and no voucher loses what it had.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.money import MICRO_PER_WON
from madang.ledger import postings
from madang.ledger.errors import YearClosed
from madang.ledger.types import Posted, Stamp
from madang.metering.charges.collecting import left_to_collect, locked_refund
from madang.metering.charges.models import (
    LossGround,
    LossOutcome,
    RefundState,
    RefundWriteOff,
    SettledRefund,
)
from madang.metering.charges.queries import open_proposal, written_off
from madang.metering.charges.workflow import REFUND
from madang.metering.errors import (
    ReasonEmpty,
    RefundCollected,
    RefundOfClosedYear,
    RefundWrittenOff,
    SetOffFirst,
)
from madang.metering.payouts.models import BankAccount
from madang.metering.payouts.offsets import Owed, still_owed
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Actor, Role
from madang.parties.documents.queries import document_for
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of


@transaction.atomic
def propose_write_off(
    actor: Actor,
    refund: SettledRefund,
    *,
    ground: str,
    document: UUID,
    reason: str,
    at: datetime,
) -> SettledRefund:
    """결손 제안: nothing more of it will come, as `document` shows. Somebody else decides.

    Locks the voucher, then the refund. The same again by the same person changes nothing.
    Raises ReasonEmpty, RefundCollected, RefundWrittenOff, SetOffFirst.
    """
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ReasonEmpty
    paper = document_for(actor, document)
    voucher, refund = locked_refund(refund)
    held = open_proposal(refund)
    told = (actor.id, LossGround(ground), paper.id)
    if held is not None and told == (held.proposed_by, held.ground, held.document_id):
        return refund
    _need_owed(refund)
    _need_no_room(refund, voucher)
    REFUND.move(
        refund, "propose", actor, at=at, reason=reason,
        facts={"ground": ground, "document": str(paper.id)},
    )  # fmt: skip
    RefundWriteOff.objects.create(
        refund=refund, ground=LossGround(ground), document=paper, proposed_by=actor.id,
        proposed_at=at,
    )  # fmt: skip
    return refund


@transaction.atomic
def refuse_write_off(
    actor: Actor, refund: SettledRefund, *, reason: str, at: datetime
) -> SettledRefund:
    """결손 반려, or the proposer takes it back: it is to be collected as before."""
    actor.need(Role.OPERATOR)
    _, refund = locked_refund(refund)
    row = open_proposal(refund)
    REFUND.move(refund, "refuse", actor, at=at, reason=reason)
    assert row is not None, "what is proposed has its proposal"
    _decide(actor, row, LossOutcome.REFUSED, at)
    return refund


@transaction.atomic
def write_off_refund(actor: Actor, refund: SettledRefund, *, at: datetime) -> SettledRefund:
    """결손 처분 (P13w) of what is not collected, by a second person. A retry changes nothing.

    Locks the voucher, the refund, then the supplier's unpaid statements, as collecting does.
    Raises FourEyes, RefundCollected, RefundWrittenOff, SetOffFirst, RefundOfClosedYear.
    """
    actor.need(Role.OPERATOR)
    voucher, refund = locked_refund(refund)
    done = written_off(refund)
    if done is not None and done.decided_by == actor.id:
        return refund
    _need_owed(refund)
    row = open_proposal(refund)
    REFUND.move(refund, "write_off", actor, at=at)
    assert row is not None, "what is proposed has its proposal"
    _need_no_room(refund, voucher)
    left = left_to_collect(refund)
    row.subsidy_microwon, row.deposit_microwon = left.subsidy, left.deposit
    row.save(update_fields=["subsidy_microwon", "deposit_microwon"])
    _decide(actor, row, LossOutcome.WRITTEN_OFF, at)
    _post(postings.write_off_refund, "write_off", actor, row, voucher, at)
    _tell(row, voucher, "metering.refund.written_off", at)
    return refund


@transaction.atomic
def revive_refund(
    actor: Actor, refund: SettledRefund, *, reason: str, at: datetime
) -> SettledRefund:
    """결손 취소 (P13r): the supplier pays after all, so it is to be collected again.

    Raises RefundOfClosedYear, and the ledger's refusal where a clawback took it meanwhile.
    """
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ReasonEmpty
    voucher, refund = locked_refund(refund)
    row = written_off(refund)
    REFUND.move(refund, "revive", actor, at=at, reason=reason)
    assert row is not None, "what is written off says by whom"
    row.outcome = LossOutcome.REVIVED
    row.save(update_fields=["outcome"])
    _post(postings.revive_refund, "revive", actor, row, voucher, at)
    _tell(row, voucher, "metering.refund.revived", at)
    return refund


def _need_owed(refund: SettledRefund) -> None:
    if refund.state == RefundState.COLLECTED:
        raise RefundCollected(refund=str(refund.id))
    if refund.state == RefundState.WRITTEN_OFF:
        raise RefundWrittenOff(refund=str(refund.id))


def _need_no_room(refund: SettledRefund, voucher: Voucher) -> None:
    """What the programme itself still owes the supplier in the same fund is kept back first."""
    left = left_to_collect(refund)
    parts = {BankAccount.SUBSIDY: left.subsidy, BankAccount.CO_PAYMENT: left.deposit}
    supplier = refund.charge.supplier_id
    room = sum(
        still_owed(Owed(
            supplier, account, voucher.programme_year, voucher.programme, amount,
            "refund", str(refund.id),
        ))
        for account, amount in parts.items()
    )  # fmt: skip
    if room:
        raise SetOffFirst(available_microwon=room)


def _decide(actor: Actor, row: RefundWriteOff, outcome: LossOutcome, at: datetime) -> None:
    row.outcome, row.decided_by, row.decided_at = outcome, actor.id, at
    row.save(update_fields=["outcome", "decided_by", "decided_at"])


def _post(
    posting: Callable[..., Posted],
    what: str,
    actor: Actor,
    row: RefundWriteOff,
    voucher: Voucher,
    at: datetime,
) -> None:
    stamp = Stamp(
        f"refund_write_off:{row.id}:{what}", actor.id, at, "refund", str(row.refund_id)
    )
    try:
        posting(
            stamp, terms_of(voucher, at), supplier=row.refund.charge.supplier_id,
            subsidy=row.subsidy_microwon, own=row.deposit_microwon,
        )  # fmt: skip
    except YearClosed as err:
        raise RefundOfClosedYear(refund=str(row.refund_id)) from err


def _tell(row: RefundWriteOff, voucher: Voucher, kind: str, at: datetime) -> None:
    """Its supplier, and whose voucher waited for it: each in its own words."""
    charge = row.refund.charge
    amount = row.subsidy_microwon + row.deposit_microwon
    facts: dict[str, str | int | None] = {
        "supplier": charge.supplier.code, "voucher": voucher.code, "charge": charge.no,
        "amount_won": amount // MICRO_PER_WON,
    }  # fmt: skip
    sellers = members_of(charge.supplier.organisation_id, Role.SUPPLIER)
    holders = members_of(voucher.organisation_id, Role.BENEFICIARY)
    for people, whose in ((sellers, kind), (holders, f"{kind}_for_you")):
        send_notice(
            people, whose, subject_type="refund", subject_id=row.refund_id, at=at, facts=facts
        )

"""Asking for the subsidy's share of what was paid already. The award's lock is taken first.

A claim is a milestone of its own, so acceptance (P24), payout and the end of the award go the
way of every award that is paid for accepted work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from unicodedata import normalize
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum

from madang.core.clock import SEOUL
from madang.core.money import MICRO_PER_WON, is_whole_won
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.organisations.queries import organisations_registered
from madang.programme.agreements.amending import IN_FORCE
from madang.programme.agreements.models import Agreement
from madang.programme.agreements.ratios import ratio_of
from madang.programme.applications.limits import check_strangers
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.errors import (
    AmountInvalid,
    ClaimTooLarge,
    InvoiceClaimed,
    PeriodInvalid,
    ReasonMissing,
)
from madang.programme.fulfilment.registry import is_reimbursed
from madang.programme.milestones.actions import locked_milestone, submit_milestone, tell
from madang.programme.milestones.models import Milestone, MilestoneState
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.reimbursements.models import Purchase

_NOT_DIGITS = re.compile(r"[^0-9]")
_NOT_WORDS = re.compile(r"[\W_]")


@dataclass(frozen=True, slots=True)
class Bought:
    """One paid tax invoice, as the beneficiary tells it."""

    seller_no: str
    invoice_no: str
    delivered_on: date
    paid_on: date
    supply_microwon: int


@transaction.atomic
def claim_reimbursement(
    actor: Actor, award_id: UUID, bought: Bought, *, evidence: Sequence[UUID], at: datetime
) -> Milestone:
    """사후정산 청구: with the invoice and the proof of payment as documents, at least one.

    The share is the award's ratio of all that was bought so far, down to the won, less what
    earlier claims ask for. Raises ClaimTooLarge, InvoiceClaimed, PeriodInvalid, SelfDealing.
    """
    award = locked_award(award_id)
    actor.need_at(Role.BENEFICIARY, award.organisation_id)
    if award.state != AwardState.ISSUED or not is_reimbursed(award):
        raise TransitionNotAllowed(noun="milestone", transition="claim", state=award.state)
    agreement = Agreement.objects.get(award=award)
    if agreement.state not in IN_FORCE:
        raise TransitionNotAllowed(noun="agreement", transition="claim", state=agreement.state)
    bought = _read(bought)
    _need_period(agreement, bought, at)
    _need_stranger(award, bought.seller_no, at)
    _need_new(bought)
    number = award.milestones.count() + 1
    row = Milestone.objects.create(
        award=award,
        number=number,
        name_ko=f"사후정산 {bought.invoice_no}",
        name_en=f"Reimbursement {bought.invoice_no}",
        due_on=bought.delivered_on,
        amount_microwon=_share(award, bought.supply_microwon),
        planned_by=actor.id,
    )
    _write_down(row, bought, at)
    MILESTONE.move(row, "agree", actor, at=at)
    return submit_milestone(actor, row.id, evidence=evidence, at=at)


@transaction.atomic
def refuse_claim(actor: Actor, milestone_id: UUID, *, reason: str, at: datetime) -> Milestone:
    """불인정: nothing is paid, and the invoice may be claimed anew, where it belongs."""
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ReasonMissing
    row = locked_milestone(milestone_id)
    purchase = Purchase.objects.select_for_update().filter(milestone=row).first()
    if purchase is None:
        raise TransitionNotAllowed(noun="milestone", transition="refuse", state=row.state)
    MILESTONE.move(row, "cancel", actor, at=at, reason=reason)
    purchase.refused_at = at
    purchase.save(update_fields=["refused_at"])
    tell(row.award, "programme.milestone.refused", at)
    return row


def _read(bought: Bought) -> Bought:
    """Numbers as registers keep them, so that one invoice is one however it is written."""
    seller = _NOT_DIGITS.sub("", normalize("NFKC", bought.seller_no))
    invoice = _NOT_WORDS.sub("", normalize("NFKC", bought.invoice_no)).upper()
    if not seller or not invoice:
        raise AmountInvalid(field="invoice_no" if seller else "seller_no")
    if bought.supply_microwon <= 0 or not is_whole_won(bought.supply_microwon):
        raise AmountInvalid(field="supply_won")
    return Bought(seller, invoice, bought.delivered_on, bought.paid_on, bought.supply_microwon)


def _need_period(agreement: Agreement, bought: Bought, at: datetime) -> None:
    """What was delivered outside the agreement as it stands, or is not paid yet, is not
    recognised."""
    signed = agreement.signed_at
    assert signed is not None, "an agreement in force was signed"
    if bought.delivered_on < signed.astimezone(SEOUL).date():
        raise PeriodInvalid(field="delivered_on", reason="before the agreement")
    if bought.delivered_on > date.fromisoformat(agreement.terms["use_ends_on"]):
        raise PeriodInvalid(field="delivered_on", reason="after the agreement's use_ends_on")
    if max(bought.delivered_on, bought.paid_on) > at.astimezone(SEOUL).date():
        raise PeriodInvalid(field="paid_on", reason="in the future")


def _need_stranger(award: Award, seller_no: str, at: datetime) -> None:
    """I8: not one's own invoice, nor that of an affiliate which the platform knows."""
    sellers = organisations_registered(seller_no).values_list("id", flat=True)
    check_strangers(award.organisation_id, list(sellers), at)


def _need_new(bought: Bought) -> None:
    """Told before any amount: an invoice that counts already is what people should hear of."""
    counted = Purchase.objects.filter(refused_at=None, seller_no=bought.seller_no)
    if counted.filter(invoice_no=bought.invoice_no).exists():
        raise InvoiceClaimed(invoice=bought.invoice_no)


def _write_down(row: Milestone, bought: Bought, at: datetime) -> None:
    """The database decides between two at once: another award's lock is not ours."""
    try:
        with transaction.atomic():
            Purchase.objects.create(
                award=row.award,
                milestone=row,
                seller_no=bought.seller_no,
                invoice_no=bought.invoice_no,
                delivered_on=bought.delivered_on,
                paid_on=bought.paid_on,
                supply_microwon=bought.supply_microwon,
                claimed_at=at,
            )
    except IntegrityError as err:
        raise InvoiceClaimed(invoice=bought.invoice_no) from err


def _share(award: Award, supply_microwon: int) -> int:
    """In whole won: the ratio of the cumulative supply less what was asked for before."""
    counted = Purchase.objects.filter(award=award, refused_at=None)
    supply = (counted.aggregate(all=Sum("supply_microwon"))["all"] or 0) + supply_microwon
    asked = sum(
        row.amount_microwon for row in award.milestones.exclude(state=MilestoneState.CANCELLED)
    )
    due = ratio_of(award).floor_of(supply) // MICRO_PER_WON * MICRO_PER_WON
    left = award.amount_microwon - asked
    if due > award.amount_microwon:
        raise ClaimTooLarge(left_microwon=left)
    if due <= asked:
        raise AmountInvalid(field="supply_won")
    return due - asked

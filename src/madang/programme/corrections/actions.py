"""Correcting a journal (P23): kinds whose rows can follow; others have their own reverse."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.types import Stamp
from madang.metering.deposits.actions import need_takes_deposits
from madang.metering.deposits.workflow import RECEIPT
from madang.metering.models import Receipt, Voucher
from madang.metering.vouchers.queries import locked, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.copayments.actions import fund_by, reopen_if_short
from madang.programme.corrections.models import Correction
from madang.programme.corrections.workflow import CORRECTION
from madang.programme.errors import CorrectionRefused, ReasonMissing
from madang.programme.years.models import ProgrammeYear
from madang.programme.years.rolling import year_to_book_in

DEPOSITS = ("P5", "P5m")
CORRECTABLE = (*DEPOSITS, "P19", "P22")
"""A deposit moves to another voucher; interest and a pledge are entered anew."""


@transaction.atomic
def propose_correction(
    actor: Actor,
    journal_id: UUID,
    *,
    voucher: Voucher | None,
    reason: str,
    at: datetime,
) -> Correction:
    """One person says what is wrong with a journal, and for a deposit where it belongs.

    Raises CorrectionRefused for other kinds, TransitionNotAllowed when one is proposed.
    """
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ReasonMissing
    view = ledger.journal(journal_id)
    if view.kind not in CORRECTABLE:
        raise CorrectionRefused(kind=view.kind)
    if Correction.objects.filter(journal=journal_id).exclude(state="refused").exists():
        raise TransitionNotAllowed(noun="correction", transition="propose", state="proposed")
    receipt = _receipt_of(view) if view.kind in DEPOSITS else None
    if receipt is not None:
        if voucher is None:
            raise CorrectionRefused(kind=view.kind)
        need_takes_deposits(receipt, voucher, at)
    row = Correction.objects.create(
        journal=journal_id,
        kind=view.kind,
        receipt=receipt,
        voucher=voucher if receipt is not None else None,
        programme_year=_open_year(view.chain).id,
        effective_at=view.effective_at,
        proposed_by=actor.id,
        proposed_at=at,
    )
    record_event(
        actor, "correction.propose", subject_type="correction", subject_id=row.id, at=at,
        after=row.state, reason=reason, facts={"journal": str(journal_id), "kind": row.kind},
    )  # fmt: skip
    return row


def _receipt_of(view: ledger.JournalView) -> Receipt:
    assert view.source_type == "receipt", "a deposit's source is its receipt"
    return Receipt.objects.get(pk=UUID(view.source_id))


def _open_year(chain: UUID) -> ProgrammeYear:
    """The journal's own year while it is open, else the programme's open one (I15)."""
    year = ProgrammeYear.objects.filter(pk=chain).first()
    if year is None:
        raise CorrectionRefused(kind="")
    return year_to_book_in(year)


@transaction.atomic
def book_correction(actor: Actor, correction_id: UUID, *, at: datetime) -> Correction:
    """정정 by a second person: the exact reverse, once; a deposit then goes to its voucher."""
    row = _locked(correction_id)
    receipt = row.receipt
    vouchers = [one for one in (receipt.voucher if receipt else None, row.voucher) if one]
    for award in Award.objects.filter(voucher__in=vouchers).order_by("id").only("id"):
        locked_award(award.id)  # before the vouchers, as everywhere
    held = {one.id: locked(one) for one in sorted(vouchers, key=lambda one: one.id)}
    CORRECTION.move(row, "book", actor, at=at)
    done = postings.correct(
        _stamp(actor, row, "reverse"), programme_year=row.programme_year, journal=row.journal
    )
    row.reversed_by, row.decided_by = done.journal, actor.id
    row.save(update_fields=["reversed_by", "decided_by"])
    if receipt is not None and row.voucher is not None:
        _rematch(actor, row, receipt, held[row.voucher.id], at)
    return row


def _rematch(
    actor: Actor, row: Correction, receipt: Receipt, voucher: Voucher, at: datetime
) -> None:
    """The money is where it was before; now it goes to the right voucher."""
    receipt = Receipt.objects.select_for_update(no_key=True).get(pk=receipt.pk)
    terms = terms_of(voucher, at)
    if row.kind == "P5":
        postings.deposit(_stamp(actor, row, "again"), terms, amount=receipt.amount_microwon)
    else:
        postings.match_receipt(
            _stamp(actor, row, "again"), terms, receipt=receipt.id,
            amount=receipt.amount_microwon,
        )  # fmt: skip
    RECEIPT.move(receipt, "rematch", actor, at=at, facts={"correction": str(row.id)})
    before, receipt.voucher = receipt.voucher, voucher
    receipt.save(update_fields=["voucher"])
    if before is not None:
        reopen_if_short(actor, before, at=at)
    fund_by(actor, voucher, at=at)


@transaction.atomic
def refuse_correction(
    actor: Actor, correction_id: UUID, *, reason: str, at: datetime
) -> Correction:
    row = _locked(correction_id)
    CORRECTION.move(row, "refuse", actor, at=at, reason=reason)
    row.decided_by = actor.id
    row.save(update_fields=["decided_by"])
    return row


def _locked(correction_id: UUID) -> Correction:
    rows = Correction.objects.select_for_update(of=("self",))
    row = rows.select_related("receipt__voucher", "voucher").filter(pk=correction_id).first()
    if row is None:
        raise NotFound
    return row


def _stamp(actor: Actor, row: Correction, what: str) -> Stamp:
    """Dated as the journal that it corrects."""
    return Stamp(
        f"correction:{row.id}:{what}", actor.id, row.effective_at, "correction", str(row.id)
    )

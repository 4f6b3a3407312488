"""Importing the bank's file: deposits find their vouchers, payouts their confirmation.

Every line counts once under the bank's reference, however often and late it comes. What nothing
explains is parked (money in on the trust account) or stays open for a person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.metering.deposits.actions import BankReceipt, record_unmatched
from madang.metering.models import BankAccount, DepositReturn, Payout, Receipt, Voucher
from madang.metering.payouts.actions import settle_payout
from madang.metering.returns.actions import pay_deposit_return
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.parties.organisations.queries import organisations_registered
from madang.programme.banking.models import BankLine, BankLink, BankMemo, LineOutcome
from madang.programme.banking.queries import unlinked_movements
from madang.programme.banking.reading import ReadLine, read_lines
from madang.programme.copayments.actions import take_deposit
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.errors import BankLineExists, BankLinkRefused
from madang.programme.years.models import ProgrammeYear

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(slots=True)
class Imported:
    """What an import did, line by line: how many are new, how many were seen before."""

    new: int = 0
    seen: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        self.new += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


@transaction.atomic
def import_bank_file(actor: Actor, year: ProgrammeYear, text: str, *, at: datetime) -> Imported:
    """All lines of a file or none; a line that was seen before changes nothing.

    Raises BankFileInvalid, BankLineExists (the same reference with other content).
    """
    actor.need(Role.OPERATOR)
    lines = read_lines(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    ProgrammeYear.objects.select_for_update().get(pk=year.pk)
    done = Imported()
    for line in lines:
        place = year.id if line.account == BankAccount.SUBSIDY else year.programme_id
        if _is_seen(line, place):
            done.seen += 1
            continue
        done.count(_take(actor, year, place, line, digest, at))
    record_event(
        actor, "bank.import", subject_type="programme_year", subject_id=year.id, at=at,
        facts={"sha256": digest, "new": done.new, "seen": done.seen},
    )  # fmt: skip
    return done


def _is_seen(line: ReadLine, place: UUID) -> bool:
    held = BankLine.objects.filter(
        account=line.account, place=place, reference=line.reference
    ).first()
    if held is None:
        return False
    same = {
        "amount_won": held.amount_microwon == line.amount_microwon,
        "booked_at": held.booked_at == line.booked_at,
        "payer": held.payer_no == line.payer,
    }
    for name, is_same in same.items():
        if not is_same:
            raise BankLineExists(reference=line.reference, field=name, line=line.number)
    return True


def _take(
    actor: Actor, year: ProgrammeYear, place: UUID, line: ReadLine, digest: str, at: datetime
) -> str:
    outcome, idem = _explained(actor, year, place, line, at)
    row = BankLine.objects.create(
        account=line.account, place=place, reference=line.reference, booked_at=line.booked_at,
        amount_microwon=line.amount_microwon, payer_no=line.payer, outcome=outcome,
        file_sha256=digest, imported_by=actor.id, imported_at=at,
    )  # fmt: skip
    if line.memo:
        BankMemo.objects.create(line=row, text=line.memo)
    journal = ledger.journal_of(idem) if idem else None
    if journal is not None:
        BankLink.objects.create(
            line=row, account=row.account, journal=journal, by=actor.id, at=at
        )
    return outcome


Explained = tuple[LineOutcome, str]
"""What the line is, and the id of the posting that booked it ("" for none)."""


def _explained(
    actor: Actor, year: ProgrammeYear, place: UUID, line: ReadLine, at: datetime
) -> Explained:
    if line.amount_microwon < 0:
        found = _paid(actor, place, line, at)
        if found is not None:
            return found
    known = _known(line, place)
    if known is not None:
        return LineOutcome.KNOWN, known
    if line.amount_microwon > 0 and line.account == BankAccount.CO_PAYMENT:
        return _deposit(actor, year, line, at)
    return LineOutcome.OPEN, ""


def _paid(actor: Actor, place: UUID, line: ReadLine, at: datetime) -> Explained | None:
    """The bank confirms a payout, or the return of an own part, that the memo names.

    Of this very account: another programme's bank knows nothing of it.
    """
    for text in _UUID.findall(line.memo):
        named, amount = UUID(text), -line.amount_microwon
        sent = Payout.objects.filter(account=line.account, state="sent", **_at(line, place))
        payout = sent.filter(id=named).first()
        if payout is not None and payout.amount_microwon == amount:
            settle_payout(actor, payout, at=at)
            return LineOutcome.PAID, f"payout:{payout.id}:confirm"
        if line.account != BankAccount.CO_PAYMENT:
            continue
        owed = DepositReturn.objects.filter(voucher__programme=place, state="approved")
        back = owed.filter(id=named).first()
        if back is not None and back.amount_microwon == amount:
            pay_deposit_return(actor, back.id, at=at)
            return LineOutcome.PAID, f"deposit_return:{back.id}:pay"
    return None


def _at(line: ReadLine, place: UUID) -> dict[str, UUID]:
    is_subsidy = line.account == BankAccount.SUBSIDY
    return {"programme_year" if is_subsidy else "programme": place}


def _known(line: ReadLine, place: UUID) -> str | None:
    """Booked by hand before: the one movement of this amount that no line explains.

    A receipt that was entered under the bank's own reference is found by it alone.
    """
    receipt = Receipt.objects.filter(programme=place, reference=line.reference).first()
    if receipt is not None and line.account == BankAccount.CO_PAYMENT:
        same = receipt.amount_microwon == line.amount_microwon
        return f"receipt:{receipt.id}:in" if same else None
    if line.account == BankAccount.CO_PAYMENT and line.amount_microwon > 0:
        return None
    moved = [
        one
        for one in unlinked_movements(line.account, place)
        if one.amount_microwon == line.amount_microwon
    ]
    return moved[0].idem if len(moved) == 1 else None


def _deposit(actor: Actor, year: ProgrammeYear, line: ReadLine, at: datetime) -> Explained:
    payer = _payer(line.payer)
    seen = BankReceipt(line.reference, line.amount_microwon, line.booked_at, payer)
    voucher = _voucher_named(line.memo, year) or _voucher_owed(payer, year)
    if voucher is None:
        receipt = record_unmatched(actor, seen, programme=year.programme_id, at=at)
    else:
        receipt = take_deposit(actor, voucher, seen, at=at)
    is_parked = receipt.state == "parked"
    outcome = LineOutcome.PARKED if is_parked else LineOutcome.DEPOSIT
    return outcome, f"receipt:{receipt.id}:in"


def _payer(text: str) -> Organisation | None:
    if not text:
        return None
    digits = text.replace("-", "")
    found = list(organisations_registered(digits)[:2])
    if len(found) == 1:
        return found[0]
    return Organisation.objects.filter(code=text).first()


def _voucher_named(memo: str, year: ProgrammeYear) -> Voucher | None:
    """The one voucher of the programme that the memo names."""
    words = _WORD.findall(memo)
    rows = list(Voucher.objects.filter(code__in=words, programme=year.programme_id)[:2])
    return rows[0] if len(rows) == 1 else None


def _voucher_owed(payer: Organisation | None, year: ProgrammeYear) -> Voucher | None:
    """The one co-payment that this payer owes in the programme."""
    if payer is None:
        return None
    owed = CoPaymentObligation.objects.filter(
        state="pending_deposit",
        award__organisation=payer,
        award__call__programme_year__programme=year.programme_id,
    ).select_related("award__voucher")[:2]
    vouchers = [one.award.voucher for one in owed if one.award.voucher is not None]
    return vouchers[0] if len(vouchers) == 1 else None


@transaction.atomic
def link_line(
    actor: Actor, line_id: UUID, *, journal: UUID, reason: str, at: datetime
) -> BankLink:
    """대사: a person says which journal booked an open line. Its amount must be the line's.

    Raises BankLinkRefused.
    """
    actor.need(Role.OPERATOR)
    row = BankLine.objects.filter(pk=line_id).first()
    if row is None:
        raise NotFound
    held = BankLink.objects.filter(line=row).first()
    if held is not None:
        if held.journal != journal:
            raise BankLinkRefused(reason="the line is explained already")
        return held
    amounts: Mapping[UUID, int] = {
        one.journal: one.amount_microwon for one in unlinked_movements(row.account, row.place)
    }
    if amounts.get(journal) != row.amount_microwon:
        raise BankLinkRefused(reason="no open movement of this amount on the account")
    link = BankLink.objects.create(
        line=row, account=row.account, journal=journal, by=actor.id, at=at
    )
    record_event(
        actor, "bank.link", subject_type="bank_line", subject_id=row.id, at=at, reason=reason,
        facts={"journal": str(journal)},
    )  # fmt: skip
    return link

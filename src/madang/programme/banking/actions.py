"""Importing the bank's file: deposits find their vouchers, payouts their confirmation.

Every line counts once under the bank's reference, however often and late it comes. What nothing
explains is parked (money in on the trust account) or stays open for a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.ledger.kinds import Kind
from madang.metering.deposits.actions import Booking, record_receipts
from madang.metering.errors import ReceiptExists
from madang.metering.models import BankAccount, DepositReturn, Payout, Receipt
from madang.metering.payouts.actions import bounce_payout, settle_payout
from madang.metering.returns.actions import pay_deposit_return
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.rows import insert_rows
from madang.programme.banking.matching import Meanings, ids_in
from madang.programme.banking.models import BankLine, BankLink, BankMemo, LineOutcome
from madang.programme.banking.queries import place_of, unlinked_movements
from madang.programme.banking.reading import ReadLine, read_lines
from madang.programme.errors import BankLinkRefused
from madang.programme.years.models import ProgrammeYear

BATCH_LINES = 1_000


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

    Locks the year, then the awards and vouchers that the lines are for. Raises BankFileInvalid,
    BankLineExists (the same reference with other content).
    """
    actor.need(Role.OPERATOR)
    lines = read_lines(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    ProgrammeYear.objects.select_for_update().get(pk=year.pk)
    try:
        with transaction.atomic():
            done = _Import(actor, year, lines, digest, at).run()
    except IntegrityError:  # somebody booked one of these meanwhile: it is on file by now
        done = _Import(actor, year, lines, digest, at).run()
    record_event(
        actor, "bank.import", subject_type="programme_year", subject_id=year.id, at=at,
        facts={"sha256": digest, "new": done.new, "seen": done.seen},
    )  # fmt: skip
    return done


@dataclass(frozen=True, slots=True)
class _Taken:
    """A line, and the id of the posting that books it, "" for none. `booking` is to be made."""

    row: BankLine
    memo: str
    posting: str
    booking: Booking | None


Explained = tuple[LineOutcome, str]
"""What the line is, and the id of the posting that booked it ("" for none)."""


class _Import:
    """One file on its way in: lines are judged in their order and written in batches."""

    def __init__(
        self,
        actor: Actor,
        year: ProgrammeYear,
        lines: list[ReadLine],
        digest: str,
        at: datetime,
    ) -> None:
        self._actor, self._year, self._lines, self._at = actor, year, lines, at
        self._digest = digest
        self._meanings = Meanings(year, lines, at)
        self._taken: list[_Taken] = []
        self._done = Imported()

    def run(self) -> Imported:
        for line in self._lines:
            if self._meanings.is_seen(line):
                self._done.seen += 1
            elif line.amount_microwon < 0 and ids_in(line):
                self._flush()
                self._take(line, self._paid(line) or self._explained(line))
                self._flush()
                self._meanings.forget_movements()
            elif (payout := self._returned(line)) is not None:
                self._flush()
                self._bounce(line, payout)
                self._flush()
                self._meanings.forget_movements()
            else:
                self._take_plain(line)
            if len(self._taken) == BATCH_LINES:
                self._flush()
        self._flush()
        return self._done

    def _paid(self, line: ReadLine) -> Explained | None:
        return _paid(self._actor, place_of(line.account, self._year), line, self._at)

    def _returned(self, line: ReadLine) -> Payout | None:
        """The payout that this line brings back; none for what was entered as a receipt."""
        if line.amount_microwon < 0 or self._receipt(line) is not None:
            return None
        return _returned(place_of(line.account, self._year), line)

    def _bounce(self, line: ReadLine, payout: Payout) -> None:
        bounce_payout(self._actor, payout, at=self._at, reason=line.reference)
        self._take(line, (LineOutcome.RETURNED, f"payout:{payout.id}:bounce"))

    def _receipt(self, line: ReadLine) -> Receipt | None:
        """What was entered by hand under this very reference."""
        is_own = line.account == BankAccount.CO_PAYMENT
        return self._meanings.receipts.get(line.reference) if is_own else None

    def _explained(self, line: ReadLine) -> Explained:
        known = self._known(line)
        return (LineOutcome.OPEN, "") if known is None else (LineOutcome.KNOWN, known)

    def _known(self, line: ReadLine) -> str | None:
        """Booked by hand before: the one movement of this amount that no line explains.

        A receipt that was entered under the bank's own reference is found by it alone.
        """
        if line.account != BankAccount.CO_PAYMENT:
            return self._meanings.movement(line)
        receipt = self._receipt(line)
        if receipt is not None:
            same = receipt.amount_microwon == line.amount_microwon
            return f"receipt:{receipt.id}:in" if same else None
        return self._meanings.movement(line) if line.amount_microwon < 0 else None

    def _take_plain(self, line: ReadLine) -> None:
        outcome, posting = self._explained(line)
        is_deposit = line.account == BankAccount.CO_PAYMENT and line.amount_microwon > 0
        if outcome is LineOutcome.KNOWN or not is_deposit:
            self._take(line, (outcome, posting))
            return
        if self._receipt(line) is not None:
            raise ReceiptExists(reference=line.reference, field="amount")
        booking = self._meanings.deposit(line)
        if booking.voucher is None:  # a payout that somebody entered as returned by hand?
            returned = self._meanings.movement(line, Kind.BOUNCE_PAYOUT)
            if returned is not None:
                self._take(line, (LineOutcome.KNOWN, returned))
                return
        outcome = LineOutcome.PARKED if booking.reason else LineOutcome.DEPOSIT
        self._take(line, (outcome, booking.posting), booking)

    def _take(self, line: ReadLine, found: Explained, booking: Booking | None = None) -> None:
        outcome, posting = found
        row = BankLine(
            account=line.account, place=place_of(line.account, self._year),
            reference=line.reference, booked_at=line.booked_at,
            amount_microwon=line.amount_microwon, payer_no=line.payer, outcome=outcome,
            file_sha256=self._digest, imported_by=self._actor.id, imported_at=self._at,
        )  # fmt: skip
        self._meanings.take(row)
        self._taken.append(_Taken(row, line.memo, posting, booking))
        self._done.count(outcome)

    def _flush(self) -> None:
        """Write what was taken since the last time."""
        actor, at, taken = self._actor, self._at, self._taken
        record_receipts(actor, [one.booking for one in taken if one.booking], at=at)
        self._meanings.own_parts.fund(actor)
        journals = ledger.journals_of([one.posting for one in taken if one.posting])
        insert_rows([one.row for one in taken])
        insert_rows([BankMemo(line=one.row, text=one.memo) for one in taken if one.memo])
        insert_rows([
            BankLink(
                line=one.row, account=one.row.account, journal=journals[one.posting],
                by=actor.id, at=at,
            )
            for one in taken if one.posting in journals
        ])  # fmt: skip
        taken.clear()


def _paid(actor: Actor, place: UUID, line: ReadLine, at: datetime) -> Explained | None:
    """The bank confirms a payout, or the return of an own part, that the memo names.

    Of this very account: another programme's bank knows nothing of it.
    """
    for text in ids_in(line):
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


def _returned(place: UUID, line: ReadLine) -> Payout | None:
    """The payout of this account that the bank had confirmed, comes back, and the memo names.

    One of a closed year waits for a person.
    """
    for text in ids_in(line):
        paid = Payout.objects.filter(account=line.account, state="settled", **_at(line, place))
        payout = paid.filter(id=UUID(text), amount_microwon=line.amount_microwon).first()
        if payout is not None and _is_open(payout.programme_year):
            return payout
    return None


def _is_open(programme_year: UUID) -> bool:
    return not ProgrammeYear.objects.filter(pk=programme_year, state="closed").exists()


def _at(line: ReadLine, place: UUID) -> dict[str, UUID]:
    is_subsidy = line.account == BankAccount.SUBSIDY
    return {"programme_year" if is_subsidy else "programme": place}


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

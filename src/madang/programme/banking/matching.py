"""What the lines of one bank file mean, read in a few questions instead of some for each line.

Everything is asked once, under the locks that its booking needs, and is kept up to date while
the lines are taken in their order: a line is judged by what those before it did.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cached_property
from uuid import UUID

from madang.ledger.kinds import Kind
from madang.metering.deposits.actions import BankReceipt, Booking
from madang.metering.models import BankAccount, DepositReturn, ParkReason, Receipt, Voucher
from madang.parties.models import Organisation
from madang.parties.organisations.queries import organisations_registered
from madang.programme.banking.models import BankLine
from madang.programme.banking.queries import OpenMovements, place_of
from madang.programme.banking.reading import ReadLine
from madang.programme.copayments.counting import OwnParts
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.errors import BankLineExists
from madang.programme.years.models import ProgrammeYear

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OWN = BankAccount.CO_PAYMENT


class Meanings:
    """Of a file's lines, in one programme-year. Its lock is the caller's."""

    def __init__(self, year: ProgrammeYear, lines: Sequence[ReadLine], at: datetime) -> None:
        self._year, self._lines = year, lines
        self._seen = {account: self._on_file(account) for account in BankAccount.values}
        self._movements: dict[str, OpenMovements] = {}
        new = [line for line in lines if line.reference not in self._seen[line.account]]
        paid_in = [one for one in new if one.account == OWN and one.amount_microwon > 0]
        self._payers = _payers({line.payer for line in paid_in if line.payer})
        self._named = self._vouchers({word for one in paid_in for word in _words(one)})
        paid_back = {UUID(one) for line in new if _is_paid_back(line) for one in ids_in(line)}
        at_stake = {*self._named.values(), *self._owed(), *self._going_back(paid_back)}
        self.own_parts = OwnParts(at_stake, at=at)

    def _on_file(self, account: str) -> dict[str, BankLine]:
        wanted = [line.reference for line in self._lines if line.account == account]
        rows = BankLine.objects.filter(account=account, place=place_of(account, self._year))
        return {row.reference: row for row in rows.filter(reference__in=wanted)}

    def _vouchers(self, codes: Collection[str]) -> dict[str, UUID]:
        rows = Voucher.objects.filter(code__in=codes, programme=self._year.programme_id)
        return dict(rows.values_list("code", "id"))

    def _going_back(self, named: Collection[UUID]) -> list[UUID]:
        """The vouchers whose own part these returns pay back: locked with the others, in order,
        before anything is booked."""
        rows = DepositReturn.objects.filter(
            id__in=named, voucher__programme=self._year.programme_id
        )
        return list(rows.values_list("voucher", flat=True))

    def _owed(self) -> list[UUID]:
        rows = CoPaymentObligation.objects.filter(
            state="pending_deposit",
            award__organisation__in={row.id for row in self._payers.values()},
            award__call__programme_year__programme=self._year.programme_id,
            award__voucher__isnull=False,
        )
        return list(rows.values_list("award__voucher", flat=True))

    @cached_property
    def receipts(self) -> dict[str, Receipt]:
        """What was booked by hand under the bank's own references."""
        wanted = [line.reference for line in self._lines if line.account == OWN]
        rows = Receipt.objects.filter(programme=self._year.programme_id)
        return {row.reference: row for row in rows.filter(reference__in=wanted)}

    def is_seen(self, line: ReadLine) -> bool:
        """Raises BankLineExists when the reference came with other content."""
        held = self._seen[line.account].get(line.reference)
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

    def take(self, row: BankLine) -> None:
        """From now on its reference is on file."""
        self._seen[row.account][row.reference] = row

    def movement(self, line: ReadLine, kind: Kind | None = None) -> str | None:
        """The posting of the one open movement of its amount, and of the kind when one is
        given; that is explained then."""
        if line.account not in self._movements:
            place = place_of(line.account, self._year)
            self._movements[line.account] = OpenMovements(line.account, place)
        found = self._movements[line.account].explain(line.amount_microwon, kind)
        return found.idem if found is not None else None

    def forget_movements(self) -> None:
        """Something else was booked: read them again."""
        self._movements.clear()

    def deposit(self, line: ReadLine) -> Booking:
        """Money in on the trust account: for the voucher that the memo names, or the one that
        its payer owes; else parked."""
        payer = self._payers.get(line.payer)
        seen = BankReceipt(line.reference, line.amount_microwon, line.booked_at, payer)
        programme = self._year.programme_id
        voucher = self._voucher_named(line) or (
            self.own_parts.owed_by(payer.id) if payer else None
        )
        if voucher is None:
            return Booking(seen, programme, None, ParkReason.UNMATCHED)
        return Booking(seen, programme, voucher, self.own_parts.count(voucher, seen))

    def _voucher_named(self, line: ReadLine) -> Voucher | None:
        """The one voucher of the programme that the memo names."""
        found = {self._named[word] for word in _words(line) if word in self._named}
        return self.own_parts.vouchers[found.pop()] if len(found) == 1 else None


def ids_in(line: ReadLine) -> list[str]:
    """What of ours the memo names."""
    return _ID.findall(line.memo)


def _is_paid_back(line: ReadLine) -> bool:
    return line.account == OWN and line.amount_microwon < 0


def _words(line: ReadLine) -> list[str]:
    return _WORD.findall(line.memo)


def _payers(texts: Collection[str]) -> dict[str, Organisation]:
    """By registration number, where only one has it; else by code."""
    digits = {text: text.replace("-", "") for text in texts}
    registered: dict[str, list[Organisation]] = {}
    for one in organisations_registered(*digits.values()):
        registered.setdefault(re.sub("[^0-9]", "", one.registration_no), []).append(one)
    by_code = {one.code: one for one in Organisation.objects.filter(code__in=texts)}
    found = {}
    for text in texts:
        rows = registered.get(digits[text], [])
        row = rows[0] if len(rows) == 1 else by_code.get(text)
        if row is not None:
            found[text] = row
    return found

"""Bank against ledger, to the won: what each says, and what only one of them knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import QuerySet, Sum

from madang.ledger.chart import account as account_of
from madang.ledger.journals.models import Entry
from madang.ledger.kinds import Kind
from madang.metering.models import BankAccount
from madang.parties.actor import Actor, Role
from madang.programme.banking.models import BankLine, BankLink
from madang.programme.money import balance_microwon
from madang.programme.years.models import ProgrammeYear


@dataclass(frozen=True, slots=True)
class Movement:
    """What one journal moved on a bank account; money in is positive."""

    journal: UUID
    kind: str
    idem: str
    effective_at: datetime
    amount_microwon: int


_Source = tuple[str, str]
_Row = tuple[Movement, _Source]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`bank - ledger` is exactly what the open lines and the open movements add up to."""

    account: str
    bank_microwon: int
    ledger_microwon: int
    open_lines: Sequence[BankLine]
    open_movements: Sequence[Movement]

    @property
    def difference_microwon(self) -> int:
        return self.bank_microwon - self.ledger_microwon

    @property
    def unexplained_microwon(self) -> int:
        """0, always: else a line or a movement was counted twice."""
        lines = sum(line.amount_microwon for line in self.open_lines)
        moved = sum(one.amount_microwon for one in self.open_movements)
        return self.difference_microwon - lines + moved


def place_of(account: str, year: ProgrammeYear) -> UUID:
    return year.id if account == BankAccount.SUBSIDY else year.programme_id


def _key(account: str, place: UUID) -> str:
    name = "programme_year" if account == BankAccount.SUBSIDY else "programme"
    return account_of(account, **{name: place}).key


class OpenMovements:
    """What the ledger booked on a bank account and no line of the bank explains; less and less,
    while the lines of a file are taken.

    A deposit that goes to another voucher leaves the account and comes back within one
    correction: the bank sees nothing of it, so neither half waits for a line.
    """

    def __init__(self, account: str, place: UUID) -> None:
        self._rows = _unlinked(account, place)
        self._by_amount: dict[int, list[_Row]] = {}
        self._by_journal: dict[UUID, list[_Row]] = {}
        self._moved: Counter[_Source] = Counter()
        self._explained: set[UUID] = set()
        for movement, source in self._rows:
            self._by_amount.setdefault(movement.amount_microwon, []).append((movement, source))
            self._by_journal.setdefault(movement.journal, []).append((movement, source))
            self._moved[source] += movement.amount_microwon

    def __iter__(self) -> Iterator[Movement]:
        """In the order in which they happened."""
        return self._open(self._rows)

    def _open(self, rows: Iterable[_Row]) -> Iterator[Movement]:
        for movement, source in rows:
            is_within = source[0] == "correction" and self._moved[source] == 0
            if movement.journal not in self._explained and not is_within:
                yield movement

    def explain(self, amount_microwon: int, kind: Kind | None = None) -> Movement | None:
        """The one movement of this amount (and kind): from now on a line explains it. None for
        several."""
        moved = self._open(self._by_amount.get(amount_microwon, ()))
        found = list(islice((one for one in moved if kind in (None, one.kind)), 2))
        if len(found) != 1:
            return None
        journal = found[0].journal
        self._explained.add(journal)
        for movement, source in self._by_journal[journal]:
            self._moved[source] -= movement.amount_microwon
        return found[0]


def _unlinked(account: str, place: UUID) -> list[_Row]:
    linked = BankLink.objects.filter(account=account).values("journal")
    rows = (
        Entry.objects.filter(account__key=_key(account, place))
        .exclude(journal__in=linked)
        .values_list(
            "journal", "journal__kind", "journal__idem", "journal__effective_at", "debit",
            "credit", "journal__source_type", "journal__source_id",
        )
        .order_by("journal__effective_at", "journal")
    )  # fmt: skip
    return [
        (Movement(journal, kind, idem, effective_at, debit - credit), (source, identifier))
        for journal, kind, idem, effective_at, debit, credit, source, identifier in rows
    ]


def unlinked_movements(account: str, place: UUID) -> list[Movement]:
    return list(OpenMovements(account, place))


def bank_lines(actor: Actor) -> QuerySet[BankLine]:
    """For operators and auditors, newest first."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return BankLine.objects.select_related("link").order_by("-booked_at", "-id")


def reconcile(actor: Actor, year: ProgrammeYear, account: str) -> Reconciliation:
    """대사: one bank account of a year, or of its programme."""
    place = place_of(account, year)
    lines = bank_lines(actor).filter(account=account, place=place)
    total = lines.aggregate(total=Sum("amount_microwon"))["total"]
    name = "programme_year" if account == BankAccount.SUBSIDY else "programme"
    found = Reconciliation(
        account=account,
        bank_microwon=int(total or 0),
        ledger_microwon=balance_microwon(account, **{name: place}),
        open_lines=list(lines.filter(link=None)),
        open_movements=unlinked_movements(account, place),
    )
    assert found.unexplained_microwon == 0, "every line and movement is counted once"
    return found

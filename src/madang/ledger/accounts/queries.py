"""What accounts say: trial balance, a supplier's accruals and payables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Model, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform

from madang.ledger.accounts.models import Balance
from madang.ledger.chart import CHART
from madang.ledger.journals.models import Entry
from madang.ledger.types import Accrued, Parts, Payable


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of the trial balance; `net` is the balance on its normal side."""

    code: str
    dimensions: dict[str, str]
    debit: int
    credit: int
    net: int


@dataclass(frozen=True, slots=True)
class BookTotal:
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account that was ever touched, and the totals of each book."""

    books: dict[str, BookTotal]
    accounts: tuple[AccountLine, ...]

    @property
    def is_balanced(self) -> bool:
        return all(total.debit == total.credit for total in self.books.values())


def trial_balance(as_of: datetime | None = None, *, using: str = "default") -> TrialBalance:
    """From the balances; with `as_of`, from all entries whose effect had begun by then."""
    lines = _lines(_present(using) if as_of is None else _as_of(as_of, using))
    totals: dict[str, list[int]] = {book: [0, 0] for book in "MBKQ"}
    for line in lines:
        total = totals[CHART[line.code].book]
        total[0] += line.debit
        total[1] += line.credit
    return TrialBalance({book: BookTotal(*total) for book, total in totals.items()}, lines)


def lines_of(code: str, *, using: str = "default") -> tuple[AccountLine, ...]:
    """The lines of one account alone, whatever else the trial balance holds."""
    return _lines(_present(using, account__code=code))


Row = tuple[str, dict[str, str], Decimal | int, Decimal | int]


def _lines(rows: Iterable[Row]) -> tuple[AccountLine, ...]:
    return tuple(
        AccountLine(
            code, dimensions, int(debit), int(credit), _on_normal_side(code, debit, credit)
        )
        for code, dimensions, debit, credit in rows
    )


def _on_normal_side(code: str, debit: Decimal | int, credit: Decimal | int) -> int:
    return int(debit - credit) if CHART[code].normal == "Dr" else int(credit - debit)


def sums_by(
    dimension: str, codes: Collection[str], *, using: str = "default"
) -> dict[tuple[str, str], int]:
    """Balances on their normal side, by code and one dimension: added up by the database from
    the balances, so that journals may grow without end."""
    rows = (
        Balance.objects.using(using)
        .filter(account__code__in=codes, account__dimensions__has_key=dimension)
        .order_by()
        .values_list("account__code_id", KeyTextTransform(dimension, "account__dimensions"))
        .annotate(debits=Sum("debit"), credits=Sum("credit"))
    )
    return {
        (code, value): _on_normal_side(code, debit, credit)
        for code, value, debit, credit in rows
    }


def sum_of_vouchers(
    code: str, vouchers: QuerySet[Model, UUID], *, using: str = "default"
) -> int:
    """One code over all these vouchers, which stay in the database."""
    rows = Balance.objects.using(using).filter(
        account__code=code, account__voucher__in=vouchers
    )
    found = rows.aggregate(debits=Sum("debit"), credits=Sum("credit"))
    return _on_normal_side(code, found["debits"] or 0, found["credits"] or 0)


def _present(using: str, **only: str) -> list[Row]:
    rows = Balance.objects.using(using).filter(**only)
    rows = rows.order_by("account__code_id", "account__key")
    return list(rows.values_list("account__code_id", "account__dimensions", "debit", "credit"))


def _as_of(as_of: datetime, using: str) -> list[Row]:
    rows = (
        Entry.objects.using(using)
        .filter(journal__effective_at__lte=as_of)
        .order_by()
        .values_list("account__code_id", "account__dimensions", "account__key")
        .annotate(debits=Sum("debit"), credits=Sum("credit"))
    )
    found = sorted(rows, key=lambda row: (row[0], row[2]))
    return [(code, dimensions, debit, credit) for code, dimensions, _, debit, credit in found]


def accrued(
    supplier: UUID, *, voucher: UUID | None = None, using: str = "default"
) -> list[Accrued]:
    """What a supplier earned at each voucher and has on no statement yet."""
    rows = Balance.objects.using(using).filter(
        account__code__in=("2300S", "2300C", "2300V"), account__supplier=supplier
    )
    if voucher is not None:
        rows = rows.filter(account__voucher=voucher)
    parts: dict[UUID, dict[str, int]] = defaultdict(dict)
    for code, owner, left in rows.values_list(
        "account__code_id", "account__voucher", F("credit") - F("debit")
    ):
        parts[owner][code] = int(left)
    return [
        Accrued(supplier, owner, Parts(*(p.get(c, 0) for c in ("2300S", "2300C", "2300V"))))
        for owner, p in sorted(parts.items())
        if any(p.values())
    ]


def accrued_programme_borne(supplier: UUID, *, using: str = "default") -> int:
    """What the programme bears of a supplier's usage and is on no statement yet (2300P)."""
    return _sum_of(("2300P",), supplier, using)["2300P"]


def payable(supplier: UUID, *, using: str = "default") -> Payable:
    """What is confirmed for a supplier (or payee of a milestone) and in no payout yet."""
    sums = _sum_of(("2310S", "2310C"), supplier, using)
    return Payable(supplier, sums["2310S"], sums["2310C"])


def _sum_of(codes: Sequence[str], supplier: UUID, using: str) -> dict[str, int]:
    rows = (
        Balance.objects.using(using)
        .filter(account__code__in=codes, account__supplier=supplier)
        .values_list("account__code_id")
        .annotate(left=Sum(F("credit") - F("debit")))
    )
    return dict.fromkeys(codes, 0) | {code: int(left) for code, left in rows}


def balances_of(keys: Sequence[str], *, using: str = "default") -> dict[str, int]:
    """Many accounts' balances on their normal sides, in one query; untouched ones are 0."""
    rows = Balance.objects.using(using).filter(account__key__in=keys)
    found = rows.values_list("account__key", "debit", "credit")
    return dict.fromkeys(keys, 0) | {
        key: _on_normal_side(key.split("|", 1)[0], debit, credit)
        for key, debit, credit in found
    }


def balance_of(key: str, *, using: str = "default") -> int:
    """One account's balance on its normal side, 0 when it was never touched."""
    row = Balance.objects.using(using).filter(account__key=key).values_list("debit", "credit")
    found = row.first()
    return _on_normal_side(key.split("|", 1)[0], *found) if found else 0

"""The chart of accounts: four books, every account's key, normal side and grain.

The same table is in the database (ledger_account_kind), where it guards every entry; a test
compares the two. Every account has a normal side and may never fall below zero on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Book(StrEnum):
    """A set of accounts that balances alone inside every journal."""

    MONEY = "M"
    BUDGET = "B"
    MEMORANDA = "K"
    QUOTA = "Q"


class Side(StrEnum):
    DEBIT = "Dr"
    CREDIT = "Cr"


Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountKind:
    """One line of the chart. `keys` are the alternatives of dimensions, each sorted by name."""

    code: str
    book: Book
    name_en: str
    name_ko: str
    normal: Side
    keys: tuple[Keys, ...]
    whole_won: bool


def _kind(
    code: str, side: Side, name_en: str, name_ko: str, *keys: Keys, whole: bool = False
) -> AccountKind:
    book = Book(code[0]) if code[0] in "BKQ" else Book.MONEY
    return AccountKind(code, book, name_en, name_ko, side, keys, whole)


_DR, _CR = Side.DEBIT, Side.CREDIT
_YEAR = ("programme_year",)
_VOUCHER = ("voucher",)
_AWARD = ("award",)
_CASE = ("case",)
_SUPPLIER = ("supplier",)
_PAIR = ("supplier", "voucher")
_QUOTA = ("grant", "unit")

_LINES = (
    _kind("1100", _DR, "Bank, subsidy", "보조금 전용계좌", _YEAR, whole=True),
    _kind("1110", _DR, "Bank, co-payment trust", "자부담 예치계좌",
          ("programme",), whole=True),
    _kind("1120", _CR, "Unidentified receipts", "미확인입금", ("receipt",), whole=True),
    _kind("1300", _DR, "Clawback receivable", "환수 채권", _CASE, whole=True),
    _kind("1310", _DR, "Sanction surcharge receivable", "제재부가금 채권", _CASE, whole=True),
    _kind("1320S", _DR, "Receivable from supplier: subsidy", "공급기업 반환채권(지원금)",
          _SUPPLIER, whole=True),
    _kind("1320C", _DR, "Receivable from supplier: own part and VAT",
          "공급기업 반환채권(자부담)",
          _SUPPLIER, whole=True),
    _kind("2100", _CR, "Grant held, conditional", "교부금 예수(미집행)", _YEAR),
    _kind("2200", _CR, "Co-payment deposit, available", "자부담 예치금", _VOUCHER),
    _kind("2210", _CR, "Co-payment deposit, held", "자부담 예약", _VOUCHER),
    _kind("2300S", _CR, "Supplier accrued: subsidy", "미청구 미지급(지원금)", _PAIR),
    _kind("2300C", _CR, "Supplier accrued: own part", "미청구 미지급(자부담)", _PAIR),
    _kind("2300V", _CR, "Supplier accrued: VAT", "미청구 미지급(부가세)", _PAIR),
    _kind("2300P", _CR, "Supplier accrued: programme-borne", "미청구 미지급(사업부담)",
          _SUPPLIER),
    _kind("2310S", _CR, "Supplier payable: subsidy", "정산확정 미지급금(지원금)",
          _SUPPLIER, whole=True),
    _kind("2310C", _CR, "Supplier payable: own part and VAT", "정산확정 미지급금(자부담)",
          _SUPPLIER, whole=True),
    _kind("2320S", _CR, "Payout in transit: subsidy", "지급중(지원금)",
          ("payout",), whole=True),
    _kind("2320C", _CR, "Payout in transit: own part and VAT", "지급중(자부담)",
          ("payout",), whole=True),
    _kind("2330S", _CR, "Payout on hold: subsidy", "지급보류(지원금)",
          ("case", "supplier"), whole=True),
    _kind("2330C", _CR, "Payout on hold: own part and VAT", "지급보류(자부담)",
          ("case", "supplier"), whole=True),
    _kind("2410S", _CR, "Refund pending collection: subsidy", "반환 미회수(지원금)",
          _PAIR, whole=True),
    _kind("2410C", _CR, "Refund pending collection: own part and VAT", "반환 미회수(자부담)",
          _PAIR, whole=True),
    _kind("2500", _CR, "Due to treasury: unspent", "집행잔액 반납예정", _YEAR, whole=True),
    _kind("2510", _CR, "Due to treasury: interest", "발생이자 반납", _YEAR, whole=True),
    _kind("2520", _CR, "Due to treasury: clawback", "환수금 세입", _CASE, whole=True),
    _kind("2530", _CR, "Due to treasury: surcharge", "제재부가금 세입", _CASE, whole=True),
    _kind("2590", _CR, "Treasury fraction", "국고 끝수", _YEAR, whole=True),
    _kind("2600", _CR, "Refund payable to beneficiary", "자부담 반환금",
          ("organisation",), whole=True),
    _kind("4100", _CR, "Grant income recognised", "보조금수익", _VOUCHER, _AWARD, _YEAR),
    _kind("4190", _DR, "Grant income reversed", "보조금수익 환입", _VOUCHER, _AWARD),
    _kind("5100", _DR, "Subsidy expense", "지원금 집행", _VOUCHER, _AWARD),
    _kind("5190", _CR, "Subsidy expense disallowed", "지원금 불인정", _VOUCHER, _AWARD),
    _kind("5200", _DR, "Programme-borne cost", "사업부담 비용", ("programme_year", "supplier")),
    _kind("B100", _DR, "Appropriation", "예산", _YEAR),
    _kind("B200", _CR, "Unallocated", "미배정", _YEAR),
    _kind("B300", _CR, "Call allotment", "공모 배정", ("call",)),
    _kind("B310", _CR, "Awarded, not issued", "협약·미발급", _AWARD),
    _kind("B400", _CR, "Voucher available", "이용권 가용잔액", _VOUCHER),
    _kind("B410", _CR, "Voucher held", "이용권 예약", _VOUCHER),
    _kind("B500", _CR, "Consumed", "집행", _VOUCHER, _AWARD),
    _kind("B520", _CR, "Consumed, programme-borne", "사업부담 집행", _YEAR),
    _kind("B600", _CR, "Expired or cancelled, awaiting return", "만료·취소", _VOUCHER, _AWARD),
    _kind("B650", _CR, "Disallowed, clawed back", "불인정·환수", _VOUCHER, _AWARD),
    _kind("K100", _DR, "In-kind delivered", "현물 이행", _AWARD),
    _kind("K150", _DR, "In-kind outstanding", "현물 미이행", _AWARD),
    _kind("K200", _CR, "In-kind pledged", "현물 약정", _AWARD),
    _kind("K300", _DR, "Supplier dispute: usage above the bound", "공급기업 분쟁 사용분(비망)",
          _PAIR),
    _kind("K350", _CR, "Supplier dispute, contra", "공급기업 분쟁 상대계정(비망)", _PAIR),
    _kind("Q100", _DR, "Quota granted", "할당", _QUOTA),
    _kind("Q400", _CR, "Quota available", "가용", _QUOTA),
    _kind("Q410", _CR, "Quota held", "예약", _QUOTA),
    _kind("Q500", _CR, "Quota used", "사용", _QUOTA),
    _kind("Q600", _CR, "Quota expired or withdrawn", "만료·회수", _QUOTA),
)  # fmt: skip

CHART: Mapping[str, AccountKind] = {line.code: line for line in _LINES}


@dataclass(frozen=True, slots=True)
class Account:
    """An account: a code of the chart and its dimensions, written as one canonical key."""

    code: str
    key: str

    @property
    def kind(self) -> AccountKind:
        return CHART[self.code]

    @property
    def dimensions(self) -> dict[str, str]:
        return dimensions_of(self.key)


def dimensions_of(key: str) -> dict[str, str]:
    """The dimensions inside a canonical key."""
    return dict(pair.split("=", 1) for pair in key.split("|")[1:])


def account(code: str, **dimensions: UUID | str) -> Account:
    """The account of these dimensions. Never drops or invents a dimension: asserts the key."""
    names = tuple(sorted(dimensions))
    assert names in CHART[code].keys, f"{code} is not keyed by {names}"
    return Account(code, "|".join((code, *(f"{n}={dimensions[n]}" for n in names))))

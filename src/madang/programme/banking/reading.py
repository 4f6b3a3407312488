"""The bank's file, as text: CSV in UTF-8 with a header, one line a movement.

    account,reference,booked_at,amount_won,payer,memo
    1110,2026030900001,2026-03-09T10:15:00+09:00,4500000,101-81-00001,v-c-2026-1-0001

`account` is 1100 (subsidy) or 1110 (own parts). `reference` is the bank's own number, unique in
the account. `amount_won` is whole won, positive in, negative out. `payer` is a business
registration number, or the code of an organisation; it may be empty. `memo` may name a voucher,
a payout or a return.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from madang.core.money import MICRO_PER_WON, microwon_from_won
from madang.ledger.draft import ENTRY_MAX
from madang.parties.instants import YEARS
from madang.programme.errors import BankFileInvalid

COLUMNS = ["account", "reference", "booked_at", "amount_won", "payer", "memo"]
ACCOUNTS = ("1100", "1110")
LINES_MAX = 10_000
TEXT_BYTES_MAX = 5_000_000
WON_DIGITS_MAX = 15
WON_MAX = ENTRY_MAX // MICRO_PER_WON
REFERENCE_MAX, PAYER_MAX, MEMO_MAX = 100, 64, 500
_WON = re.compile(r"[+-]?[0-9]{1,%d}" % WON_DIGITS_MAX, re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line, checked. `number` is its place in the file, the header being 1."""

    number: int
    account: str
    reference: str
    booked_at: datetime
    amount_microwon: int
    payer: str
    memo: str


def read_lines(text: str) -> list[ReadLine]:
    """All lines, or BankFileInvalid with the first that cannot be read."""
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise BankFileInvalid(line=0, reason=f"more than {TEXT_BYTES_MAX} bytes")
    rows = _rows(text.removeprefix("\ufeff"))
    if not rows or [name.strip() for name in rows[0]] != COLUMNS:
        raise BankFileInvalid(line=1, reason="the header is not " + ",".join(COLUMNS))
    if len(rows) > LINES_MAX + 1:
        raise BankFileInvalid(line=LINES_MAX + 2, reason=f"more than {LINES_MAX} lines")
    return [_read(number, row) for number, row in enumerate(rows[1:], start=2) if row]


def _rows(text: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text))
    try:
        return list(reader)
    except csv.Error as err:
        raise BankFileInvalid(line=reader.line_num, reason="not CSV") from err


def _read(number: int, row: list[str]) -> ReadLine:
    if len(row) != len(COLUMNS):
        raise BankFileInvalid(line=number, reason=f"not {len(COLUMNS)} columns")
    if any("\x00" in value for value in row):
        raise BankFileInvalid(line=number, reason="not CSV")
    account, reference, booked_at, won, payer, memo = (value.strip() for value in row)
    if account not in ACCOUNTS:
        raise BankFileInvalid(line=number, reason="no account of ours")
    if not 0 < len(reference) <= REFERENCE_MAX:
        raise BankFileInvalid(line=number, reason="reference empty or too long")
    if not _WON.fullmatch(won) or int(won) == 0:
        raise BankFileInvalid(line=number, reason="not an amount of whole won")
    if abs(int(won)) > WON_MAX:
        raise BankFileInvalid(line=number, reason="more than a bank line can hold")
    if len(payer) > PAYER_MAX or len(memo) > MEMO_MAX:
        raise BankFileInvalid(line=number, reason="too long")
    return ReadLine(
        number, account, reference, _instant(number, booked_at), microwon_from_won(int(won)),
        payer, memo,
    )  # fmt: skip


def _instant(number: int, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as err:
        raise BankFileInvalid(line=number, reason="not a time") from err
    if found.tzinfo is None:
        raise BankFileInvalid(line=number, reason="no time zone")
    if found.year not in YEARS:
        raise BankFileInvalid(line=number, reason="not a time")
    return found.astimezone(UTC)  # a zone's seconds, which not every text of a time can tell

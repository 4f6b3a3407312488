"""Where vouchers stand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connections

from madang.ledger import rounding
from madang.ledger.types import Position, Terms

_ALL = """
SELECT 'sum', a.voucher, a.code, sum(b.normal * (b.debit - b.credit))::text
  FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
 WHERE a.voucher = ANY (%(vouchers)s) GROUP BY a.voucher, a.code
UNION ALL
SELECT 'wallet', voucher, issued::text, deposited::text
  FROM ledger_wallet WHERE voucher = ANY (%(vouchers)s)
UNION ALL
SELECT 'split', voucher, '', captured::text
  FROM ledger_split WHERE voucher = ANY (%(vouchers)s)
"""


class _Tally:
    """What the rows of one voucher add up to."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.sums: dict[str, int] = {}
        self.issued = 0
        self.deposited = 0
        self.captured = 0
        self.vat = 0

    def add(self, what: str, label: str, value: int) -> None:
        if what == "sum":
            self.sums[label] = value
        elif what == "wallet":
            self.issued, self.deposited = int(label), value
        else:
            self.captured += value
            self.vat += self.terms.vat.floor_of(value)

    def position(self) -> Position:
        available, held, consumed, disallowed, deposit, deposit_held = (
            self.sums.get(code, 0) for code in ("B400", "B410", "B500", "B650", "2200", "2210")
        )
        return Position(
            voucher=self.terms.voucher,
            limit=self.issued,
            available=available,
            held=held,
            consumed=consumed,
            expired=self.issued - available - held - consumed - disallowed,
            disallowed=disallowed,
            deposit_paid=self.deposited,
            deposit_available=deposit,
            deposit_held=deposit_held,
            spendable_supply=rounding.spendable_supply(
                self.terms, available=available, deposit=deposit
            ),
            charged_supply=self.captured,
            vat_charged=self.vat,
        )


def positions(terms: Sequence[Terms], *, using: str = "default") -> dict[UUID, Position]:
    """Where many vouchers stand, in one query."""
    tallies = {t.voucher: _Tally(t) for t in terms}
    with connections[using].cursor() as cursor:
        cursor.execute(_ALL, {"vouchers": list(tallies)})
        for what, voucher, label, value in cursor.fetchall():
            tallies[voucher].add(what, label, int(value))
    return {voucher: tally.position() for voucher, tally in tallies.items()}


def position(terms: Terms, *, using: str = "default") -> Position:
    """Where one voucher stands; all zero before its first journal."""
    return positions((terms,), using=using)[terms.voucher]


def spendable_supply(terms: Terms, *, using: str = "default") -> int:
    """The supply that subsidy and deposit can both still carry, after holds."""
    return position(terms, using=using).spendable_supply


def safe_lease(terms: Terms, *, using: str = "default") -> int:
    """The largest lease that is certainly granted: see rounding.safe_lease."""
    found = position(terms, using=using)
    return rounding.safe_lease(
        terms, available=found.available, deposit=found.deposit_available
    )

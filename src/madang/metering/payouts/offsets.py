"""Offsets 상계: what a supplier owes is kept back from its next unpaid statement.

Only within one fund: subsidy of a programme-year against subsidy of that year, own part
against own part of that programme.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.metering.errors import OffsetRoomShort
from madang.metering.payouts.models import GONE, BankAccount, Offset, PayoutState
from madang.metering.statements.models import Statement, StatementState

Part = tuple[str, UUID, UUID]
"""Bank account, programme-year, programme: what a payout is one of."""


SENT_STATES = (PayoutState.APPROVED, PayoutState.SENT, PayoutState.SETTLED)


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be kept back, from which fund, and for what."""

    supplier: UUID
    account: BankAccount
    programme_year: UUID
    programme: UUID
    amount_microwon: int
    source_type: str
    source_id: str

    @property
    def part(self) -> Part:
        return self.account, self.programme_year, self.programme


def parts_of(statement: Statement) -> dict[Part, int]:
    """What a statement owes from which account, less what is kept back."""
    parts: dict[Part, int] = defaultdict(int)
    for line in statement.lines.all():
        place = line.programme_year, line.programme
        parts[BankAccount.SUBSIDY, *place] += line.subsidy_microwon
        parts[BankAccount.CO_PAYMENT, *place] += line.own_microwon + line.vat_microwon
    for kept in statement.offsets.all():
        parts[kept.account, kept.programme_year, kept.programme] -= kept.amount_microwon
    assert all(amount >= 0 for amount in parts.values()), "more is kept back than is owed"
    return {part: amount for part, amount in parts.items() if amount}


def keep_back(owed: Owed, *, at: datetime) -> list[Offset]:
    """Spread over the supplier's unpaid statements, the oldest first. Locks them.

    Raises OffsetRoomShort when together they owe less: collect the rest in cash, or wait for
    the next statement.
    """
    left = owed.amount_microwon
    made = []
    for statement in _unpaid(owed.supplier):
        take = min(left, _room(statement, owed.part))
        if take:
            made.append(_offset(owed, statement, take, at))
            left -= take
        if not left:
            break
    if left:
        raise OffsetRoomShort(available_microwon=owed.amount_microwon - left)
    Offset.objects.bulk_create(made)
    return made


def room_for(owed: Owed) -> int:
    """How much of it could be kept back now. Locks the supplier's unpaid statements."""
    found = sum(_room(statement, owed.part) for statement in _unpaid(owed.supplier))
    return min(found, owed.amount_microwon)


def still_owed(owed: Owed) -> int:
    """How much of it could be kept back, once payouts that are not sent yet are withdrawn.

    Locks the supplier's unpaid statements.
    """
    found = 0
    for statement in _unpaid(owed.supplier):
        sent = statement.payouts.filter(
            account=owed.account, programme_year=owed.programme_year, state__in=SENT_STATES
        )
        if not sent.exists():
            found += parts_of(statement).get(owed.part, 0)
    return min(found, owed.amount_microwon)


def _offset(owed: Owed, statement: Statement, amount: int, at: datetime) -> Offset:
    return Offset(
        statement=statement,
        account=owed.account,
        programme_year=owed.programme_year,
        programme=owed.programme,
        amount_microwon=amount,
        source_type=owed.source_type,
        source_id=owed.source_id,
        at=at,
    )


def _unpaid(supplier: UUID) -> Iterator[Statement]:
    rows = Statement.objects.select_for_update(no_key=True).filter(supplier=supplier)
    yield from rows.exclude(state=StatementState.PAID).order_by("frozen_at", "id")


def _room(statement: Statement, part: Part) -> int:
    """What of a part is neither kept back nor in a payout that is under way or done."""
    account, year, _ = part
    paying = statement.payouts.exclude(state__in=GONE)
    if paying.filter(account=account, programme_year=year).exists():
        return 0
    return parts_of(statement).get(part, 0)

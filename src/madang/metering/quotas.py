"""Quota of a grant in its own unit (book Q): granted, held, used, given back, expired.

A room that delivers something by quantity keeps its grants; what a grant can still use is the
ledger's word alone. The unit is a name of `core.units`, whatever it counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.core.units import Unit
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.chart import account
from madang.ledger.errors import Overdrawn
from madang.ledger.types import Quota, QuotaHold, QuotaUse, Stamp
from madang.metering.errors import QuotaInsufficient

__all__ = ["Quota", "QuotaHold", "QuotaUse", "Standing", "capture", "expire", "give", "hold",
           "hold_many", "lock", "refund", "release", "settle", "settle_many", "short_of",
           "standing", "take_back"]  # fmt: skip
AT_ONCE = 500
"""Uses in one posting: beyond that a statement gets no cheaper."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a grant stands, in whole units. granted = available + held + used + expired."""

    granted: int
    available: int
    held: int
    used: int
    expired: int


def quota_of(grant: UUID, unit: Unit, programme_year: UUID, *, active: bool = True) -> Quota:
    return Quota(grant, unit.value, programme_year, active)


def standing(quota: Quota) -> Standing:
    """What the ledger says of a grant."""
    codes = ("Q100", "Q400", "Q410", "Q500", "Q600")
    return Standing(*(_balance(code, quota) for code in codes))


def _balance(code: str, quota: Quota) -> int:
    return ledger.balance_of(account(code, grant=quota.grant, unit=quota.unit).key)


def lock(quota: Quota) -> None:
    """Hold the grant's lock to the end of the transaction."""
    postings.lock((quota.grant,))


def give(stamp: Stamp, quota: Quota, amount: int) -> None:
    """A grant's first quota, or a further tranche."""
    postings.grant_quota(stamp, quota, amount=amount)


def hold(
    stamp: Stamp, quota: Quota, *, hold_id: UUID, amount: int, expires_at: datetime
) -> None:
    """Set aside the most that a use can take. Raises QuotaInsufficient."""
    hold_many([QuotaHold(stamp, quota, hold_id, amount, expires_at)])


def hold_many(holds: Sequence[QuotaHold]) -> None:
    """Several holds on one grant, all or none. Raises QuotaInsufficient."""
    try:
        postings.hold_quota_many(holds)
    except Overdrawn as err:
        quota, needed = holds[0].quota, sum(one.amount for one in holds)
        available = standing(quota).available
        raise QuotaInsufficient(needed=needed, available=available, unit=quota.unit) from err


def short_of(holds: Sequence[QuotaHold]) -> frozenset[UUID]:
    """The grants whose quota cannot carry all of their holds, as the ledger stands."""
    needed: dict[UUID, int] = defaultdict(int)
    for one in holds:
        needed[one.quota.grant] += one.amount
    keys = {
        one.quota.grant: account("Q400", grant=one.quota.grant, unit=one.quota.unit).key
        for one in holds
    }
    available = ledger.balances_of(list(keys.values()))
    return frozenset(one for one, amount in needed.items() if amount > available[keys[one]])


def capture(stamp: Stamp, quota: Quota, *, hold_id: UUID, amount: int) -> UUID | None:
    """Use part of a hold, or all of it; the journal, None when nothing was used."""
    return postings.capture_quota(stamp, quota, hold_id=hold_id, amount=amount).journal


def release(stamp: Stamp, quota: Quota, *, hold_id: UUID) -> int:
    """Give back what is left of a hold; how much that was."""
    return postings.resolve_quota(stamp, quota, hold_id=hold_id, kind="void").amount


def settle(used: Stamp, released: Stamp, quota: Quota, *, hold_id: UUID, amount: int) -> None:
    """Use part of a hold, or nothing, and give back the rest, together."""
    settle_many([QuotaUse(used, released, quota, hold_id, amount)])


def settle_many(uses: Sequence[QuotaUse]) -> None:
    """Many uses, each with the return of its rest, in few statements."""
    for start in range(0, len(uses), AT_ONCE):
        postings.settle_quota_many(uses[start : start + AT_ONCE])


def refund(stamp: Stamp, quota: Quota, amount: int) -> UUID | None:
    """What was used is given back."""
    return postings.refund_quota(stamp, quota, amount=amount).journal


def expire(stamp: Stamp, quota: Quota) -> int:
    """All that is available ends; open holds run on."""
    return postings.expire_quota(stamp, quota).amount


def take_back(
    stamp: Stamp, quota: Quota, *, amount: int, hold_id: UUID, expires_at: datetime
) -> None:
    """Withdraw part of what is available: held, then resolved as of an ended grant."""
    hold(stamp, quota, hold_id=hold_id, amount=amount, expires_at=expires_at)
    ended = Quota(quota.grant, quota.unit, quota.programme_year, active=False)
    resolved = Stamp(
        f"{stamp.id}:resolve", stamp.actor, stamp.effective_at, stamp.source_type,
        stamp.source_id, stamp.reason,
    )  # fmt: skip
    postings.resolve_quota(resolved, ended, hold_id=hold_id, kind="void")

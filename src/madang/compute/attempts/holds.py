"""What an attempt holds before it may start: quota, and money where the grant is priced.

The hold is the bound: gpus × time limit. No attempt is charged more than it holds, so no quota
and no voucher is ever overdrawn, whatever an engine does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from madang.compute.attempts.models import Attempt
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import lock_vouchers, quota_for, standing_of
from madang.compute.jobs.models import Job
from madang.core.errors import MadangError, Refused
from madang.core.ids import uuid7
from madang.core.units import Unit
from madang.ledger.types import Stamp
from madang.metering import quotas
from madang.metering.errors import BalanceInsufficient, QuotaInsufficient
from madang.metering.offerings.prices import price_set_at
from madang.metering.quotas import QuotaHold
from madang.metering.usage.reservations import (
    Reservation,
    release_reservation,
    reserve_many,
)
from madang.parties.actor import Actor
from madang.parties.rows import insert_rows


class HoldShort(Exception):
    """Some of several grants cannot carry what was to be held: `grants`, and why."""

    def __init__(self, grants: Collection[UUID], reason: MadangError) -> None:
        super().__init__(grants)
        self.grants, self.reason = frozenset(grants), reason


def open_attempt(
    actor: Actor, grant: Grant, job: Job, *, at: datetime, number: int = 0
) -> Attempt:
    """One more attempt with its hold. The caller holds the grant's lock.

    Raises QuotaInsufficient, BalanceInsufficient and what the voucher's state refuses.
    """
    number = number or job.attempts.count() + 1
    try:
        return open_attempts(actor, [(grant, job, number)], at=at)[0]
    except HoldShort as err:
        raise err.reason from err.reason.__cause__


def open_attempts(
    actor: Actor, wanted: Sequence[tuple[Grant, Job, int]], *, at: datetime
) -> list[Attempt]:
    """Many attempts, by number, with their holds: all of them or none. Grants are locked.

    Raises HoldShort, for what open_attempt raises.
    """
    lock_vouchers(grant for grant, _, _ in wanted)
    rows = [
        (
            grant,
            Attempt(
                job=job, site_id=job.site_id, number=number, hold=uuid7(),
                held_gpu_seconds=job.cards * job.time_limit_s,
            ),
        )
        for grant, job, number in wanted
    ]  # fmt: skip
    holds = [
        QuotaHold(stamp_of(actor, row.hold, "hold", at), quota_for(grant), row.hold,
                  row.held_gpu_seconds, grant.ends_at)
        for grant, row in rows
    ]  # fmt: skip
    try:
        quotas.hold_many(holds)
    except QuotaInsufficient as err:
        raise HoldShort(quotas.short_of(holds), err) from err
    _reserve_all(actor, rows, at)
    made = [row for _, row in rows]
    insert_rows(made)
    return made


def _reserve_all(actor: Actor, rows: Sequence[tuple[Grant, Attempt]], at: datetime) -> None:
    of_grant: dict[UUID, list[Attempt]] = defaultdict(list)
    for grant, row in rows:
        of_grant[grant.id].append(row)
    for grant in {grant.id: grant for grant, _ in rows}.values():
        try:
            _reserve(actor, grant, of_grant[grant.id], at)
        except Refused as err:
            raise HoldShort([grant.id], err) from err


def open_rest(
    actor: Actor, grant: Grant, job: Job, number: int, *, takes_rest: bool, at: datetime
) -> Attempt:
    """An attempt that runs already, although its whole time cannot be held: it holds what is
    left, or nothing. The caller holds the grant's lock.

    Where the grant is priced its price is pinned in any case: what the grant does not pay, the
    programme owes the supplier. Money that is short is tried by halves.
    """
    row = Attempt(
        job=job, site_id=job.site_id, number=number, hold=uuid7(), held_gpu_seconds=0,
        is_held=False,
    )  # fmt: skip
    left = min(job.cards * job.time_limit_s, standing_of(grant).available) if takes_rest else 0
    while left > 0 and not row.is_held:
        try:
            _hold_rest(actor, grant, row, left, at)
        except BalanceInsufficient:
            left //= 2
        except Refused:  # the voucher ended: nothing can be charged to it
            left = 0
    if not row.is_held:
        row.held_gpu_seconds, row.price_set, row.held_microwon = 0, _price_now(grant, at), 0
    row.save()
    return row


@transaction.atomic
def _hold_rest(actor: Actor, grant: Grant, row: Attempt, amount: int, at: datetime) -> None:
    """Quota and money, both or neither."""
    row.held_gpu_seconds = amount
    stamp = stamp_of(actor, row.hold, "hold", at)
    quotas.hold(stamp, quota_for(grant), hold_id=row.hold, amount=amount,
                expires_at=grant.ends_at)  # fmt: skip
    _reserve(actor, grant, [row], at)
    row.is_held = True


def _price_now(grant: Grant, at: datetime) -> int | None:
    offering = grant.gpu_class.offering
    if grant.voucher is None or offering is None:
        return None
    pinned = price_set_at(offering, organisation_kind=grant.organisation.kind, at=at)
    return pinned.no if pinned else None


def _reserve(actor: Actor, grant: Grant, rows: Sequence[Attempt], at: datetime) -> None:
    offering = grant.gpu_class.offering
    if grant.voucher is None or offering is None:
        return
    wanted = {money_hold(row.hold): {Unit.GPU_SECOND: row.held_gpu_seconds} for row in rows}
    made = reserve_many(actor, grant.voucher, offering, wanted, at=at)
    for row, one in zip(rows, made, strict=True):
        row.price_set, row.held_microwon = one.price_set, one.amount_microwon


def money_hold(hold: UUID) -> UUID:
    return uuid5(hold, "money")


def reservation_of(attempt: Attempt) -> Reservation | None:
    if attempt.price_set is None:
        return None
    return Reservation(money_hold(attempt.hold), attempt.price_set, attempt.held_microwon)


def release_attempt(actor: Actor, grant: Grant, attempt: Attempt, *, at: datetime) -> None:
    """What is left of the hold returns. Once per attempt."""
    assert attempt.is_held, attempt.no
    quotas.release(
        stamp_of(actor, attempt.hold, "release", at), quota_for(grant), hold_id=attempt.hold
    )
    release_money(actor, grant, attempt, at=at)
    attempt.is_held = False
    attempt.save(update_fields=["is_held"])


def release_money(actor: Actor, grant: Grant, attempt: Attempt, *, at: datetime) -> None:
    """Its quota is settled: what is left of its money returns."""
    reserved = reservation_of(attempt)
    if reserved is not None and grant.voucher is not None:
        release_reservation(actor, grant.voucher, reserved, at=at)


def stamp_of(actor: Actor, hold: UUID, what: str, at: datetime) -> Stamp:
    return Stamp(f"attempt:{hold}:{what}", actor.id, at, "attempt", str(hold))

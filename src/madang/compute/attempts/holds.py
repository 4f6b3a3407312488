"""What an attempt holds before it may start: quota, and money where the grant is priced.

The hold is the bound: gpus × time limit. No attempt is charged more than it holds, so no quota
and no voucher is ever overdrawn, whatever an engine does.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from madang.compute.attempts.models import Attempt
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import quota_for
from madang.compute.jobs.models import Job
from madang.core.ids import uuid7
from madang.core.units import Unit
from madang.ledger.types import Stamp
from madang.metering import quotas
from madang.metering.usage.reservations import (
    Reservation,
    release_reservation,
    reserve_usage,
)
from madang.parties.actor import Actor


def open_attempt(
    actor: Actor, grant: Grant, job: Job, *, at: datetime, number: int = 0
) -> Attempt:
    """One more attempt with its hold. The caller holds the grant's lock.

    Raises QuotaInsufficient, BalanceInsufficient and what the voucher's state refuses.
    """
    number = number or job.attempts.count() + 1
    amount = job.cards * job.time_limit_s
    row = Attempt(
        job=job, site_id=job.site_id, number=number, hold=uuid7(), held_gpu_seconds=amount
    )
    quotas.hold(
        stamp_of(actor, row.hold, "hold", at), quota_for(grant), hold_id=row.hold,
        amount=amount, expires_at=grant.ends_at,
    )  # fmt: skip
    _reserve(actor, grant, row, amount, at)
    row.save(force_insert=True)
    return row


def _reserve(actor: Actor, grant: Grant, row: Attempt, amount: int, at: datetime) -> None:
    offering = grant.gpu_class.offering
    if grant.voucher is None or offering is None:
        return
    made = reserve_usage(
        actor, grant.voucher, offering, quantities={Unit.GPU_SECOND: amount},
        hold=money_hold(row.hold), at=at,
    )  # fmt: skip
    row.price_set, row.held_microwon = made.price_set, made.amount_microwon


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
    reserved = reservation_of(attempt)
    if reserved is not None and grant.voucher is not None:
        release_reservation(actor, grant.voucher, reserved, at=at)
    attempt.is_held = False
    attempt.save(update_fields=["is_held"])


def stamp_of(actor: Actor, hold: UUID, what: str, at: datetime) -> Stamp:
    return Stamp(f"attempt:{hold}:{what}", actor.id, at, "attempt", str(hold))

"""What falls due by the clock: called by the worker, and by commands before they read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from madang.metering.alerts.actions import raise_alerts
from madang.metering.statements.freezing import freeze_due
from madang.metering.till import idempotency
from madang.metering.till.settling import settle_overdue
from madang.metering.vouchers.actions import expire_due
from madang.parties.actor import system_actor


@dataclass(frozen=True, slots=True)
class Settled:
    """How much fell due."""

    vouchers_expired: int
    calls_settled: int
    claims_purged: int
    alerts_raised: int
    statements_frozen: int


def settle_due(*, at: datetime, origin: str = "worker") -> Settled:
    """Expire vouchers, settle overdue calls, forget old claims, alert, freeze what is due.

    Safe to do again.
    """
    actor = system_actor(origin)
    return Settled(
        vouchers_expired=expire_due(actor, at=at),
        calls_settled=settle_overdue(actor, at=at),
        claims_purged=idempotency.purge(at=at),
        alerts_raised=raise_alerts(at=at),
        statements_frozen=freeze_due(actor, at=at),
    )

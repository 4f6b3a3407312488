"""Metering's policy: hours and choices, as versioned data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from madang.parties.policies.queries import current_policy

POLICY_KIND = "metering"


@dataclass(frozen=True, slots=True)
class MeteringPolicy:
    """One version, as read. Every value is explained in policy.toml."""

    unsettled_after: timedelta
    unsettled_charge: str
    idempotency_keep: timedelta
    replay_keep: timedelta
    alert_spent_percent: int
    alert_days_left: int
    invoice_day: int
    account_verified: bool
    statement_freeze_day: int


def policy_at(at: datetime) -> MeteringPolicy:
    """The version that holds at an instant. Raises PolicyUnknown before the first migration."""
    policy = current_policy(POLICY_KIND, at)
    return MeteringPolicy(
        unsettled_after=timedelta(hours=policy.number("unsettled_after_hours")),
        unsettled_charge=policy.text("unsettled_charge"),
        idempotency_keep=timedelta(hours=policy.number("idempotency_keep_hours")),
        replay_keep=timedelta(hours=policy.number("replay_keep_hours")),
        alert_spent_percent=policy.number("alert_spent_percent"),
        alert_days_left=policy.number("alert_days_left"),
        invoice_day=policy.number("invoice_day"),
        account_verified=policy.flag("account_verified"),
        statement_freeze_day=policy.number("statement_freeze_day"),
    )

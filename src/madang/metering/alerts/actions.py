"""Raising alerts: at 80 % spent and 30 days left, as policy says, once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from madang.core.clock import seoul_date
from madang.ledger.queries import positions
from madang.ledger.types import Position
from madang.metering.alerts.models import AlertKind, VoucherAlert
from madang.metering.policy import MeteringPolicy, policy_at
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Role
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of

BATCH = 200
PERCENT = 100


def raise_alerts(*, at: datetime) -> int:
    """Look at every living voucher; how many alerts were raised. Safe to do again."""
    policy = policy_at(at)
    rows = Voucher.objects.filter(
        state__in=[VoucherState.ACTIVE, VoucherState.SUSPENDED], expires_at__gt=at
    ).order_by("id")
    raised = 0
    identifiers = list(rows.values_list("id", flat=True))
    for start in range(0, len(identifiers), BATCH):
        batch = list(Voucher.objects.filter(id__in=identifiers[start : start + BATCH]))
        raised += sum(_raise(row, kind, at) for row, kind in _due(batch, policy, at))
    return raised


def _due(
    rows: list[Voucher], policy: MeteringPolicy, at: datetime
) -> Iterator[tuple[Voucher, AlertKind]]:
    held = set(VoucherAlert.objects.filter(voucher__in=rows).values_list("voucher", "kind"))
    found = positions([terms_of(row, at) for row in rows])
    for row in rows:
        if _is_spent(found[row.id], policy) and (row.id, AlertKind.SPENT) not in held:
            yield row, AlertKind.SPENT
        is_ending = row.expires_at - at <= timedelta(days=policy.alert_days_left)
        if is_ending and (row.id, AlertKind.ENDING) not in held:
            yield row, AlertKind.ENDING


def _is_spent(position: Position, policy: MeteringPolicy) -> bool:
    spent = position.consumed + position.held
    return 0 < position.limit * policy.alert_spent_percent <= spent * PERCENT


@transaction.atomic
def _raise(row: Voucher, kind: AlertKind, at: datetime) -> bool:
    """False when another worker was first."""
    _, is_new = VoucherAlert.objects.get_or_create(
        voucher=row, kind=kind, defaults={"raised_at": at}
    )
    if is_new:
        last_day = seoul_date(row.expires_at - timedelta(microseconds=1))
        send_notice(
            members_of(row.organisation_id, Role.BENEFICIARY),
            f"metering.voucher.{kind.value}",
            subject_type="voucher",
            subject_id=row.id,
            at=at,
            facts={"voucher": row.code, "last_day": last_day.isoformat()},
        )
    return is_new

"""The statement day: from its first moment on, the month before is frozen for all."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from madang.core.clock import seoul_date, seoul_day_starts
from madang.metering.charges.models import Charge
from madang.metering.policy import policy_at
from madang.metering.statements.actions import close_statement
from madang.metering.statements.models import StatementLine
from madang.parties.actor import Actor
from madang.parties.events.actions import record_event
from madang.parties.models import Event, Supplier

DONE = "statement.freeze_month"


def freeze_due(actor: Actor, *, at: datetime) -> int:
    """P11 for whatever the month before has left open; how many statements it made.

    Once a month, by the day that policy names (0: nobody but a person freezes). A supplier
    whose month a person has closed already gets nothing more: what is used or told later goes
    to the next statement, with its own date and price. One transaction a supplier.
    """
    day, today = policy_at(at).statement_freeze_day, seoul_date(at)
    if not day or today.day < day:
        return 0
    first = today.replace(day=1)
    month = (first - timedelta(days=1)).strftime("%Y-%m")
    if Event.objects.filter(action=DONE, subject_type="month", subject_id=month).exists():
        return 0
    suppliers = with_open_use(before=seoul_day_starts(first))
    made = [close_statement(actor, supplier, month, at=at) for supplier in suppliers]
    frozen = sum(statement is not None for statement in made)
    record_event(
        actor, DONE, subject_type="month", subject_id=month, at=at,
        facts={"statements": frozen},
    )  # fmt: skip
    return frozen


def with_open_use(*, before: datetime) -> QuerySet[Supplier]:
    """Suppliers with a charge that is on no statement, of a use that ended before."""
    stated = (
        StatementLine.objects.filter(
            voucher=OuterRef("voucher"), statement__supplier=OuterRef("supplier")
        )
        .values("voucher")
        .annotate(upto=Max("charge_upto"))
        .values("upto")
    )
    open_ones = (
        Charge.objects.filter(supplier=OuterRef("pk"), usage__ended_at__lt=before)
        .annotate(upto=Coalesce(Subquery(stated, output_field=IntegerField()), 0))
        .filter(no__gt=F("upto"))
    )
    return Supplier.objects.filter(Exists(open_ones)).order_by("id")

"""Reading payouts."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.metering.payouts.models import GONE, Payout
from madang.metering.payouts.offsets import parts_of
from madang.metering.statements.models import Statement, StatementState
from madang.metering.statements.queries import statements_of
from madang.parties.actor import Actor


def payouts_of(actor: Actor) -> QuerySet[Payout]:
    """Payouts of every statement that the actor may see, and for the actor's own work."""
    mine = Q(statement__in=statements_of(actor))
    work = Q(payee__isnull=False) if actor.sees_everything else Q(payee__in=actor.organisations)
    rows = Payout.objects.filter(mine | work)
    joined = rows.select_related("statement", "statement__supplier", "payee")
    return joined.order_by("created_at", "id")


def payout_for(actor: Actor, payout: UUID) -> Payout:
    """One payout by its id. Raises NotFound also for what the actor may not see."""
    found = payouts_of(actor).filter(id=payout).first()
    if found is None:
        raise NotFound(noun="payout")
    return found


def waiting_for_payouts(actor: Actor) -> list[Statement]:
    """Confirmed statements of which a part is in no payout, or nothing is left to pay."""
    rows = statements_of(actor).filter(state=StatementState.CONFIRMED)
    found = rows.prefetch_related("lines", "offsets", "payouts")
    return [row for row in found if _is_waiting(row)]


def _is_waiting(statement: Statement) -> bool:
    rows = [row for row in statement.payouts.all() if row.state not in GONE]
    covered = {(row.account, row.programme_year) for row in rows}
    parts = {(account, year) for account, year, _ in parts_of(statement)}
    return not parts <= covered or all(row.state == "settled" for row in rows)

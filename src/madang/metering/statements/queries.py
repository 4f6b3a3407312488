"""Reading statements."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.metering.payouts.models import Payout
from madang.metering.statements.models import Statement, StatementLine
from madang.parties.actor import Actor, Role
from madang.parties.models import Supplier


def statements_of(actor: Actor) -> QuerySet[Statement]:
    """Statements that the actor may see: a supplier its own, an operator all."""
    rows = Statement.objects.select_related("supplier").order_by("month", "number")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    if actor.has(Role.SUPPLIER):
        return rows.filter(supplier__in=actor.suppliers)
    return rows.none()


def statement_for(actor: Actor, supplier_code: str, month: str, number: int) -> Statement:
    """One statement. Raises NotFound also for what the actor may not see."""
    found = statements_of(actor).filter(
        supplier__code=supplier_code, month=month, number=number
    )
    statement = found.first()
    if statement is None:
        raise NotFound(noun="statement")
    return statement


def settlement_report(actor: Actor, supplier: Supplier, month: str) -> dict[str, object]:
    """The answer of `madang settlement show`, of the page and of the API."""
    rows = statements_of(actor).filter(supplier=supplier, month=month)
    rows = rows.prefetch_related("lines__voucher", "payouts")
    return {
        "supplier": supplier.code,
        "month": month,
        "statements": [_statement(statement) for statement in rows],
    }


def _statement(statement: Statement) -> dict[str, object]:
    lines = list(statement.lines.all())
    supply = sum(line.supply_microwon for line in lines)
    vat = sum(line.vat_microwon for line in lines)
    return {
        "number": statement.number,
        "state": statement.state,
        "supply_microwon": supply,
        "subsidy_microwon": sum(line.subsidy_microwon for line in lines),
        "own_microwon": sum(line.own_microwon for line in lines),
        "vat_microwon": vat,
        "total_microwon": supply + vat,
        "carried_microwon": sum(line.carried_microwon for line in lines),
        "lines": [_line(line) for line in lines],
        "payouts": [_payout(payout) for payout in statement.payouts.all()],
    }


def _line(line: StatementLine) -> dict[str, object]:
    return {
        "voucher": line.voucher.code if line.voucher else None,
        "charges": line.charges,
        "supply_microwon": line.supply_microwon,
        "subsidy_microwon": line.subsidy_microwon,
        "own_microwon": line.own_microwon,
        "vat_microwon": line.vat_microwon,
    }


def _payout(payout: Payout) -> dict[str, object]:
    return {
        "id": str(payout.id),
        "state": payout.state,
        "amount_microwon": payout.amount_microwon,
        "account": payout.account,
    }

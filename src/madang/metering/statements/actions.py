"""Closing a month: everything accrued becomes a numbered statement, in whole won."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max

from madang.core.clock import seoul_day_starts
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.types import Frozen, Stamp
from madang.metering.access import need_operator_or_supplier
from madang.metering.charges.models import Charge, ChargeKind
from madang.metering.disputes.models import DisputeEnd
from madang.metering.errors import MonthMalformed, MonthNotBegun
from madang.metering.invoices.actions import prepare_invoices
from madang.metering.statements.models import Statement, StatementLine, StatementState
from madang.metering.statements.workflow import STATEMENT
from madang.metering.usage.models import Usage
from madang.metering.vouchers.actions import vouchers_by_id
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def _check_month(month: str, at: datetime) -> None:
    match = _MONTH.fullmatch(month)
    if match is None:
        raise MonthMalformed(month=month)
    if seoul_day_starts(date(int(match[1]), int(match[2]), 1)) > at:
        raise MonthNotBegun(month=month)


@transaction.atomic
def close_statement(
    actor: Actor, supplier: Supplier, month: str, *, at: datetime
) -> Statement | None:
    """P11 for everything that a supplier has earned and is on no statement, as one statement.

    None when nothing of a whole won is there: the month is unchanged. Less than a won stays
    accrued and rolls on, and so does what is charged later. Locks the supplier, then every
    voucher concerned in the order of ids. Raises MonthMalformed, MonthNotBegun.
    """
    actor.need(Role.OPERATOR)
    _check_month(month, at)
    Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
    earned = [accrued.voucher for accrued in ledger.accrued(supplier.id)]
    statement = Statement(
        supplier=supplier, month=month, number=_next_number(supplier, month),
        frozen_at=at, frozen_by=actor.id,
    )  # fmt: skip
    lines = [
        line
        for voucher in vouchers_by_id(earned).values()
        if (line := _freeze(actor, statement, voucher, at))
    ]
    lines += _freeze_programme_borne(actor, statement, at)
    if not lines:
        return None
    statement.save(force_insert=True)
    StatementLine.objects.bulk_create(lines)
    record_event(
        actor, "statement.freeze", subject_type="statement", subject_id=statement.id, at=at,
        after=statement.state, facts={"supplier": str(supplier.id), "month": month},
    )  # fmt: skip
    return statement


def _next_number(supplier: Supplier, month: str) -> int:
    mine = Statement.objects.filter(supplier=supplier, month=month)
    return int(mine.aggregate(last=Max("number"))["last"] or 0) + 1


def _stamp(actor: Actor, statement: Statement, what: str, at: datetime) -> Stamp:
    return Stamp(
        f"statement:{statement.id}:{what}", actor.id, at, "statement", str(statement.id)
    )


def _freeze(
    actor: Actor, statement: Statement, voucher: Voucher, at: datetime
) -> StatementLine | None:
    """One voucher's line, or None when less than a won is accrued there."""
    frozen = postings.freeze_statement(
        _stamp(actor, statement, str(voucher.id), at), terms_of(voucher, at),
        supplier=statement.supplier_id,
    )  # fmt: skip
    if frozen.posted.journal is None:
        return None
    line = _line(statement, frozen)
    line.voucher = voucher
    line.programme_year, line.programme = voucher.programme_year, voucher.programme
    _count_charges(line, voucher)
    return line


def _line(statement: Statement, frozen: Frozen) -> StatementLine:
    assert frozen.posted.journal is not None, "the caller asked"
    return StatementLine(
        statement=statement,
        subsidy_microwon=frozen.parts.subsidy,
        own_microwon=frozen.parts.own,
        vat_microwon=frozen.parts.vat,
        carried_microwon=frozen.carried.supply,
        journal=frozen.posted.journal,
    )


def _count_charges(line: StatementLine, voucher: Voucher) -> None:
    """Which charges the line covers: those since the last line of the same pair.

    Charges of a voucher are numbered under its lock, so their numbers stand in the order in
    which they were committed.
    """
    supplier = line.statement.supplier_id
    before = StatementLine.objects.filter(voucher=voucher, statement__supplier=supplier)
    after = before.aggregate(no=Max("charge_upto"))["no"] or 0
    mine = Charge.objects.filter(voucher=voucher, supplier=supplier, no__gt=after)
    line.charge_after = after
    line.charge_upto = mine.aggregate(no=Max("no"))["no"] or after
    charged = mine.filter(kind=ChargeKind.CHARGE, no__lte=line.charge_upto)
    line.charges = charged.aggregate(n=Count("no"))["n"]


def _freeze_programme_borne(
    actor: Actor, statement: Statement, at: datetime
) -> list[StatementLine]:
    """The line without a voucher, paid by the programme-year that bore the newest such use."""
    bearer = _bearer(statement.supplier_id)
    if bearer is None:
        return []
    year, programme = bearer
    frozen = postings.freeze_programme_borne(
        _stamp(actor, statement, f"programme:{year}", at),
        programme_year=year, supplier=statement.supplier_id,
    )  # fmt: skip
    if frozen.posted.journal is None:
        return []
    line = _line(statement, frozen)
    line.programme_year, line.programme = year, programme
    return [line]


def _bearer(supplier: UUID) -> tuple[UUID, UUID] | None:
    """Year and programme of the newest use that the programme bears, or lost a dispute on."""
    used = (
        Usage.objects.filter(supplier=supplier, programme_microwon__gt=0)
        .order_by("-no")
        .values_list("recorded_at", "voucher__programme_year", "voucher__programme")
        .first()
    )
    lost = (
        DisputeEnd.objects.filter(supplier=supplier, state="ended", is_paid=True)
        .order_by("-decided_at", "-id")
        .values_list("decided_at", "voucher__programme_year", "voucher__programme")
        .first()
    )
    found = [(at, year, programme) for at, year, programme in filter(None, (used, lost)) if at]
    newest = max(found, key=lambda one: one[0], default=None)
    return (newest[1], newest[2]) if newest else None


def _locked(statement: Statement) -> Statement:
    return Statement.objects.select_for_update(no_key=True).get(pk=statement.pk)


@transaction.atomic
def confirm_statement(actor: Actor, statement: Statement, *, at: datetime) -> Statement:
    """The supplier, or an operator for it, says that the figures are right."""
    need_operator_or_supplier(actor, statement.supplier_id)
    statement = _locked(statement)
    STATEMENT.move(statement, "confirm", actor, at=at)
    prepare_invoices(statement, at=at)
    return statement


@transaction.atomic
def dispute_statement(
    actor: Actor, statement: Statement, *, at: datetime, reason: str
) -> Statement:
    """Somebody says that a figure is wrong: nothing is paid until an operator settles it."""
    need_operator_or_supplier(actor, statement.supplier_id)
    statement = _locked(statement)
    STATEMENT.move(statement, "dispute", actor, at=at, reason=reason)
    return statement


@transaction.atomic
def settle_dispute(
    actor: Actor, statement: Statement, *, at: datetime, reason: str
) -> Statement:
    """The figures stand (a mistake is corrected by the next statement)."""
    statement = _locked(statement)
    STATEMENT.move(statement, "settle_dispute", actor, at=at, reason=reason)
    return statement


def mark_paid(actor: Actor, statement: Statement, *, at: datetime) -> None:
    """Called when the last payout settled. The caller holds the statement's lock."""
    if statement.state == StatementState.CONFIRMED:
        STATEMENT.move(statement, "pay", actor, at=at)


def mark_unpaid(actor: Actor, statement: Statement, *, at: datetime) -> None:
    """Called when a settled payout came back. The caller holds the statement's lock."""
    if statement.state == StatementState.PAID:
        STATEMENT.move(statement, "reopen", actor, at=at)

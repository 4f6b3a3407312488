"""`madang payout`: money for a supplier, created by one person and approved by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import click

from madang.cli.acting import answerable, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.durations import parse_month
from madang.cli.errors import NounUnknown
from madang.cli.installation import opened
from madang.cli.settlement import statements_in
from madang.core.errors import WrongUsage
from madang.metering.payouts.actions import (
    approve_payout,
    bounce_payout,
    create_payouts,
    fail_payout,
    settle_payout,
    withdraw_payout,
)
from madang.metering.payouts.models import Payout
from madang.metering.payouts.queries import payout_for, payouts_of
from madang.parties.actor import Actor

IDS = click.argument("ids", metavar="[ID]…", nargs=-1, type=click.UUID)
SUPPLIER = click.option("--supplier", cls=Option, text=Text("공급기업", "Supplier"))
MONTH = click.option("--month", cls=Option, text=Text("정산월", "Month YYYY-MM"))


def _answer(rows: list[Payout]) -> Answer:
    found = [
        {
            "id": str(row.id),
            "state": row.state,
            "amount_microwon": row.amount_microwon,
            "account": row.account,
            "supplier": row.statement.supplier.code if row.statement else None,
            "month": row.statement.month if row.statement else None,
            "number": row.statement.number if row.statement else None,
            "payee": row.payee.code if row.payee else None,
        }
        for row in rows
    ]
    lines = [
        f"{row.id}  {row.account}  {won(row.amount_microwon)}  {row.state}" for row in rows
    ]
    return Answer({"payouts": found}, lines)


def _chosen(
    actor: Actor, ids: tuple[UUID, ...], supplier: str | None, month: str | None, state: str
) -> list[Payout]:
    """Payouts by id, or all of a supplier's month in one state."""
    if ids:
        return [payout_for(actor, one) for one in ids]
    if supplier is None:
        raise WrongUsage(reason="name payouts by id, or --supplier and --month")
    rows = payouts_of(actor).filter(statement__supplier__code=supplier, state=state)
    if month is not None:
        rows = rows.filter(statement__month=parse_month(month))
    found = list(rows)
    if not found:
        raise NounUnknown(noun=f"{state} payout", reference=f"{supplier} {month or ''}".strip())
    return found


@command(
    "create", ko="확인된 정산서의 지급을 만듭니다.", en="Make payouts of confirmed statements."
)
@click.option("--supplier", cls=Option, text=Text("공급기업", "Supplier"), required=True)
@click.option("--month", cls=Option, text=Text("정산월", "Month YYYY-MM"), required=True)
@click.option(
    "--number", cls=Option, text=Text("정산서 번호", "Number of the statement"), type=int
)
@as_option
def create(
    console: Console, supplier: str, month: str, number: int | None, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="payout")
        statements = statements_in(
            actor, supplier, parse_month(month), state="confirmed", number=number
        )
        made = [
            payout
            for statement in statements
            for payout in create_payouts(actor, statement, at=installation.clock.now())
        ]
        return _answer(made)


def _step(
    console: Console,
    as_: str | None,
    choose: Callable[[Actor], list[Payout]],
    step: Callable[[Actor, Payout, datetime], Payout],
) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="payout")
        at = installation.clock.now()
        return _answer([step(actor, row, at) for row in choose(actor)])


@command(
    "approve", ko="다른 사람이 지급을 승인합니다.", en="Approve payouts made by somebody else."
)
@IDS
@SUPPLIER
@MONTH
@as_option
def approve(
    console: Console,
    ids: tuple[UUID, ...],
    supplier: str | None,
    month: str | None,
    as_: str | None,
) -> Answer:
    return _step(
        console,
        as_,
        lambda actor: _chosen(actor, ids, supplier, month, "created"),
        lambda actor, row, at: approve_payout(actor, row, at=at),
    )


@command("settle", ko="은행이 지급했습니다.", en="The bank has paid.")
@IDS
@SUPPLIER
@MONTH
@as_option
def settle(
    console: Console,
    ids: tuple[UUID, ...],
    supplier: str | None,
    month: str | None,
    as_: str | None,
) -> Answer:
    return _step(
        console,
        as_,
        lambda actor: _chosen(actor, ids, supplier, month, "sent"),
        lambda actor, row, at: settle_payout(actor, row, at=at),
    )


@command("fail", ko="은행이 돌려보냈습니다.", en="The bank sent it back.")
@IDS
@SUPPLIER
@MONTH
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), default="")
@as_option
def fail(
    console: Console,
    ids: tuple[UUID, ...],
    supplier: str | None,
    month: str | None,
    reason: str,
    as_: str | None,
) -> Answer:
    return _step(
        console,
        as_,
        lambda actor: _chosen(actor, ids, supplier, month, "sent"),
        lambda actor, row, at: fail_payout(actor, row, at=at, reason=reason),
    )


@command(
    "withdraw",
    ko="아직 승인되지 않은 지급을 철회합니다.",
    en="Withdraw payouts that nobody has approved.",
)
@IDS
@SUPPLIER
@MONTH
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), required=True)
@as_option
def withdraw(
    console: Console,
    ids: tuple[UUID, ...],
    supplier: str | None,
    month: str | None,
    reason: str,
    as_: str | None,
) -> Answer:
    return _step(
        console,
        as_,
        lambda actor: _chosen(actor, ids, supplier, month, "created"),
        lambda actor, row, at: withdraw_payout(actor, row, at=at, reason=reason),
    )


@command(
    "bounce", ko="지급한 돈이 은행에서 돌아왔습니다.", en="What the bank had paid came back."
)
@IDS
@SUPPLIER
@MONTH
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), required=True)
@as_option
def bounce(
    console: Console,
    ids: tuple[UUID, ...],
    supplier: str | None,
    month: str | None,
    reason: str,
    as_: str | None,
) -> Answer:
    return _step(
        console,
        as_,
        lambda actor: _chosen(actor, ids, supplier, month, "settled"),
        lambda actor, row, at: bounce_payout(actor, row, at=at, reason=reason),
    )


payout = group(
    "payout", create, approve, settle, fail, bounce, withdraw, ko="지급",
    en="Payouts to suppliers.",
)  # fmt: skip

"""`madang settlement`: what a supplier has earned, frozen into numbered statements."""

from __future__ import annotations

from collections.abc import Mapping

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.durations import parse_month
from madang.cli.errors import NounUnknown
from madang.cli.installation import opened
from madang.cli.shipping import shipped
from madang.metering.statements.actions import close_statement, confirm_statement
from madang.metering.statements.models import Statement
from madang.metering.statements.queries import settlement_report, statements_of
from madang.parties.actor import Actor
from madang.parties.suppliers.queries import supplier_by_code

SUPPLIER = click.option(
    "--supplier", cls=Option, text=Text("공급기업", "Supplier"), required=True
)
MONTH = click.option(
    "--month", cls=Option, text=Text("정산월 YYYY-MM", "Month YYYY-MM"), required=True
)


def lines_of(report: Mapping[str, object]) -> list[str]:
    """A report for a person: each statement with its totals and payouts."""
    lines = [f"{report['supplier']}  {report['month']}"]
    statements = report["statements"]
    assert isinstance(statements, list)
    for one in statements:
        total = f"{won(one['total_microwon'])} = {Text('지원금', 'subsidy')} "
        total += f"{won(one['subsidy_microwon'])} + {Text('자부담', 'own part')} "
        total += f"{won(one['own_microwon'])} + {Text('부가세', 'VAT')} "
        lines.append(f"  #{one['number']} {one['state']}: {total}{won(one['vat_microwon'])}")
        lines += [
            f"    {payout['account']} {won(payout['amount_microwon'])} {payout['state']}"
            for payout in one["payouts"]
        ]
    return lines


def statements_in(
    actor: Actor, supplier: str, month: str, *, state: str, number: int | None
) -> list[Statement]:
    """A month's statements in one state, or the one of a number whatever its state."""
    rows = statements_of(actor).filter(supplier=supplier_by_code(supplier), month=month)
    found = list(rows.filter(state=state) if number is None else rows.filter(number=number))
    if not found:
        raise NounUnknown(noun=f"{state} statement", reference=f"{supplier} {month}")
    return found


@command(
    "close",
    ko="쌓인 금액을 정산서로 확정합니다.",
    en="Freeze what is accrued into a statement.",
)
@SUPPLIER
@MONTH
@as_option
def close(console: Console, supplier: str, month: str, as_: str | None) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        actor = actor_named(installation, as_)
        row = supplier_by_code(supplier)
        made = close_statement(actor, row, parse_month(month), at=installation.clock.now())
        report = settlement_report(actor, row, month)
    outcome = "unchanged" if made is None else "closed"
    number = None if made is None else made.number
    data = {"outcome": outcome, "unchanged": made is None, "number": number, **report}
    return Answer(data, [outcome, *lines_of(report)])


@command(
    "confirm", ko="공급기업이 정산서를 확인합니다.", en="Confirm the month's frozen statements."
)
@SUPPLIER
@MONTH
@click.option("--number", cls=Option, text=Text("정산서 번호", "Number"), type=int)
@as_option
def confirm(
    console: Console, supplier: str, month: str, number: int | None, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="settlement")
        for row in statements_in(
            actor, supplier, parse_month(month), state="frozen", number=number
        ):
            confirm_statement(actor, row, at=installation.clock.now())
        report = settlement_report(actor, supplier_by_code(supplier), month)
    return Answer(report, lines_of(report))


@command("show", ko="정산서를 보여 줍니다.", en="Show a month's statements and payouts.")
@SUPPLIER
@MONTH
@as_option
def show(console: Console, supplier: str, month: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        report = settlement_report(actor, supplier_by_code(supplier), parse_month(month))
    return Answer(report, lines_of(report))


settlement = group("settlement", close, confirm, show, ko="정산", en="Statements of suppliers.")

"""`madang bank`: the bank's file in, bank against ledger out."""

from __future__ import annotations

from pathlib import Path

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.installation import opened
from madang.core.clock import rfc3339
from madang.core.errors import Malformed
from madang.programme.banking.actions import import_bank_file
from madang.programme.banking.queries import Reconciliation, reconcile
from madang.programme.years.queries import year_of

PROGRAMME = click.option(
    "--programme", cls=Option, text=Text("사업", "Programme"), required=True
)
YEAR = click.option(
    "--year", cls=Option, text=Text("회계연도", "Year"), required=True, type=int
)


@command(
    "import",
    ko="은행 거래내역 CSV를 가져옵니다. 같은 거래는 한 번만 처리합니다.",
    en="Take in the bank's CSV file. Each of its lines counts once.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@PROGRAMME
@YEAR
@as_option
def import_(console: Console, file: Path, programme: str, year: int, as_: str | None) -> Answer:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise Malformed(reason="not UTF-8", file=file.name) from err
    with opened(console.data) as installation:
        done = import_bank_file(
            answerable(installation, as_, what="bank file"),
            year_of(programme, year),
            text,
            at=installation.clock.now(),
        )
    data = {"new": done.new, "seen": done.seen, "outcomes": done.outcomes}
    lines = [f"{name}: {count}" for name, count in sorted(done.outcomes.items())]
    return Answer(data, [f"{Text('새 거래', 'new')}: {done.new}", *lines])


@command(
    "reconcile",
    ko="은행과 원장을 원 단위까지 대사합니다.",
    en="Compare bank and ledger to the won.",
)
@PROGRAMME
@YEAR
@click.option(
    "--account",
    cls=Option,
    text=Text("1100 보조금, 1110 자부담", "1100 subsidy, 1110 own parts"),
    type=click.Choice(["1100", "1110"]),
    default="1110",
    show_default=True,
)
@as_option
def reconcile_(
    console: Console, programme: str, year: int, account: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        found = reconcile(actor, year_of(programme, year), account)
    return Answer(_facts(found), _lines(found))


def _facts(found: Reconciliation) -> dict[str, object]:
    return {
        "account": found.account,
        "bank_microwon": found.bank_microwon,
        "ledger_microwon": found.ledger_microwon,
        "difference_microwon": found.difference_microwon,
        "open_lines": [
            {
                "id": str(row.id),
                "reference": row.reference,
                "booked_at": rfc3339(row.booked_at),
                "amount_microwon": row.amount_microwon,
            }
            for row in found.open_lines
        ],
        "open_movements": [
            {
                "journal": str(one.journal),
                "kind": one.kind,
                "effective_at": rfc3339(one.effective_at),
                "amount_microwon": one.amount_microwon,
            }
            for one in found.open_movements
        ],
    }


def _lines(found: Reconciliation) -> list[str]:
    head = [
        f"{Text('은행', 'bank')} {won(found.bank_microwon)}",
        f"{Text('원장', 'ledger')} {won(found.ledger_microwon)}",
        f"{Text('차이', 'difference')} {won(found.difference_microwon)}",
    ]
    lines = [f"  {row.reference} {won(row.amount_microwon)}" for row in found.open_lines]
    moved = [f"  {one.kind} {won(one.amount_microwon)}" for one in found.open_movements]
    return [*head, *lines, *moved]


bank = group("bank", import_, reconcile_, ko="은행 거래", en="The bank's file.")

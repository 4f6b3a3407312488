"""`madang year`: what is still open in a programme-year, and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.amounts import won
from madang.cli.bank import PROGRAMME, YEAR
from madang.cli.console import Answer, Console, command, group
from madang.cli.installation import opened
from madang.parties.actor import Actor, Role
from madang.programme.years.closing import begin_year_close, close_year, what_is_open
from madang.programme.years.models import ProgrammeYear, TreasuryReturn
from madang.programme.years.queries import year_of
from madang.programme.years.treasury import remit_treasury

Step = Callable[[Actor, UUID, datetime], object]


def _answer(row: ProgrammeYear) -> Answer:
    waiting = [str(one) for one in what_is_open(row)] if row.state != "closed" else []
    returns = list(row.treasury_returns.order_by("prepared_at", "id"))
    data = {
        "programme": row.programme.code,
        "year": row.year,
        "state": row.state,
        "open": waiting,
        "treasury": [_return(one) for one in returns],
    }
    lines = [f"{row} {row.state}", *(f"  {one}" for one in waiting)]
    lines += [f"  {one.kind} {one.state} {won(one.amount_microwon)}" for one in returns]
    return Answer(data, lines)


def _return(one: TreasuryReturn) -> dict[str, object]:
    return {
        "id": str(one.id),
        "kind": one.kind,
        "state": one.state,
        "amount_microwon": one.amount_microwon,
        "remitted_microwon": one.remitted_microwon,
    }


def _step(console: Console, programme: str, year: int, as_: str | None, step: Step) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="year")
        row = year_of(programme, year)
        step(actor, row.id, installation.clock.now())
        return _answer(year_of(programme, year))


@command("show", ko="회계연도에 남은 일을 보여 줍니다.", en="Show what is open in a year.")
@PROGRAMME
@YEAR
@as_option
def show(console: Console, programme: str, year: int, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor_named(installation, as_).need(Role.OPERATOR, Role.AUDITOR)
        return _answer(year_of(programme, year))


@command(
    "begin-close",
    ko="마감을 시작합니다: 집행잔액을 국고에 반납할 금액으로 적습니다.",
    en="Begin to close: what was not spent is owed to the treasury.",
)
@PROGRAMME
@YEAR
@as_option
def begin(console: Console, programme: str, year: int, as_: str | None) -> Answer:
    return _step(
        console,
        programme,
        year,
        as_,
        lambda actor, row, at: begin_year_close(actor, row, at=at),
    )


@command(
    "remit",
    ko="준비된 국고 반납을 다른 사람이 송금합니다.",
    en="Remit what somebody else prepared for the treasury.",
)
@PROGRAMME
@YEAR
@as_option
def remit(console: Console, programme: str, year: int, as_: str | None) -> Answer:
    def step(actor: Actor, row: UUID, at: datetime) -> None:
        waiting = TreasuryReturn.objects.filter(programme_year=row, state="prepared")
        for one in waiting.order_by("prepared_at", "id"):
            remit_treasury(actor, one.id, at=at)

    return _step(console, programme, year, as_, step)


@command("close", ko="다른 사람이 회계연도를 마감합니다.", en="Close a year for good.")
@PROGRAMME
@YEAR
@as_option
def close(console: Console, programme: str, year: int, as_: str | None) -> Answer:
    def step(actor: Actor, row: UUID, at: datetime) -> None:
        close_year(actor, row, at=at)

    return _step(console, programme, year, as_, step)


year = group("year", show, begin, remit, close, ko="회계연도", en="The end of a year.")

"""`madang call`: calls of unknown outcome, settled by hand."""

from __future__ import annotations

from uuid import UUID

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.installation import opened
from madang.cli.shipping import shipped
from madang.core.clock import rfc3339
from madang.core.errors import WrongUsage
from madang.core.units import Unit
from madang.metering.till.queries import unsettled_calls
from madang.metering.till.settling import settle_unsettled


@command(
    "unsettled",
    ko="결과를 알 수 없는 호출을 보여 줍니다.",
    en="Show calls whose outcome is unknown.",
)
@as_option
def unsettled(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        rows = list(unsettled_calls(actor_named(installation, as_)))
    found = [
        {
            "call": str(row.call),
            "voucher": row.voucher.code,
            "est_microwon": row.est_microwon,
            "quantities": row.quantities,
            "started_at": rfc3339(row.started_at),
        }
        for row in rows
    ]
    lines = [f"{row.call}  {row.voucher.code}  {won(row.est_microwon)}" for row in rows]
    return Answer({"calls": found}, lines)


@command(
    "settle",
    ko="공급기업 기록에 따라 호출을 확정합니다. 수량이 없으면 무료입니다.",
    en="Settle a call by the supplier's records; without quantities it cost nothing.",
)
@click.argument("call_id", metavar="CALL", type=click.UUID)
@click.option(
    "--quantity",
    "quantities",
    cls=Option,
    text=Text("단위=수량, 여러 번", "UNIT=N, may be repeated"),
    multiple=True,
)
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), required=True)
@as_option
def settle(
    console: Console, call_id: UUID, quantities: tuple[str, ...], reason: str, as_: str | None
) -> Answer:
    counted = dict(_quantity(text) for text in quantities)
    with opened(console.data) as installation, shipped(installation):
        settle_unsettled(
            answerable(installation, as_, what="call"),
            call_id,
            quantities=counted,
            at=installation.clock.now(),
            reason=reason,
        )
    return Answer({"call": str(call_id), "settled": True}, [str(call_id)])


def _quantity(text: str) -> tuple[Unit, int]:
    unit, _, number = text.partition("=")
    if unit not in {one.value for one in Unit} or not number.isdecimal():
        raise WrongUsage(reason=f"not UNIT=N: {text}")
    return Unit(unit), int(number)


call = group("call", unsettled, settle, ko="호출", en="Calls of unknown outcome.")

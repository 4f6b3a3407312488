"""`madang usage`: products that are delivered, not called."""

from __future__ import annotations

import click

from madang.cli.acting import actor_named, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.durations import parse_instant
from madang.cli.installation import opened
from madang.metering.offerings.queries import offering_for
from madang.metering.usage.actions import record_usage
from madang.metering.vouchers.queries import voucher_for


@command(
    "record", ko="납품된 상품의 사용을 기록합니다.", en="Record the use of a delivered product."
)
@click.option("--voucher", cls=Option, text=Text("이용권", "Voucher"), required=True)
@click.option("--offering", cls=Option, text=Text("상품", "Product"), required=True)
@click.option(
    "--quantity",
    cls=Option,
    text=Text("수량", "Quantity, of the product's one unit"),
    type=int,
    required=True,
)
@click.option(
    "--id",
    "external_id",
    cls=Option,
    text=Text(
        "공급기업이 붙인 번호: 같은 번호는 한 번만 차감", "The supplier's own id: charged once"
    ),
    required=True,
)
@click.option("--at", "used_at", cls=Option, text=Text("사용 시각", "When it was used"))
@as_option
def record(
    console: Console,
    voucher: str,
    offering: str,
    quantity: int,
    external_id: str,
    used_at: str | None,
    as_: str | None,
) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        at = installation.clock.now()
        recorded = record_usage(
            actor,
            voucher_for(actor, voucher),
            offering_for(actor, offering),
            quantities=quantity,
            external_id=external_id,
            used_at=parse_instant(used_at) if used_at else None,
            at=at,
        )
    amount = recorded.charge.amount_microwon if recorded.charge else 0
    data = {
        "id": external_id,
        "call": str(recorded.usage.call),
        "charge": recorded.charge.no if recorded.charge else None,
        "charge_microwon": amount,
        "replayed": recorded.replayed,
    }
    return Answer(data, [won(amount)])


usage = group("usage", record, ko="사용 기록", en="Usage that is delivered.")

"""`madang voucher`: what a voucher may spend, holds and has spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.installation import opened
from madang.cli.shipping import shipped
from madang.core.clock import rfc3339
from madang.metering.vouchers.actions import (
    close_voucher,
    expire_due,
    reinstate_voucher,
    suspend_voucher,
)
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import voucher_for, voucher_report, vouchers_of
from madang.parties.actor import Actor

LABELS = {
    "subsidy": Text("지원금", "subsidy"),
    "deposit": Text("자부담 예치금", "co-payment deposit"),
    "supply": Text("공급가액", "supply value"),
    "limit_microwon": Text("한도", "limit"),
    "available_microwon": Text("가용", "available"),
    "held_microwon": Text("예약", "held"),
    "consumed_microwon": Text("집행", "consumed"),
    "expired_microwon": Text("만료", "expired"),
    "paid_microwon": Text("입금", "paid"),
    "spendable_microwon": Text("사용 가능", "spendable"),
    "charged_microwon": Text("차감", "charged"),
    "vat_charged_microwon": Text("부가세 차감", "VAT charged"),
}
REASON = Text("사유", "Reason")


@command("show", ko="이용권의 잔액을 보여 줍니다.", en="Show what a voucher may spend.")
@click.argument("code")
@as_option
def show(console: Console, code: str, as_: str | None) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        actor = actor_named(installation, as_)
        report = voucher_report(actor, code, installation.clock.now())
    return Answer(report, _lines(report))


def _lines(report: Mapping[str, object]) -> list[str]:
    lines = [f"{report['code']}  {report['state']}  {report['organisation']}"]
    for name, value in report.items():
        if isinstance(value, Mapping) and name in LABELS:
            amounts = ", ".join(f"{LABELS[key]} {won(amount)}" for key, amount in value.items())
            lines.append(f"  {LABELS[name]}: {amounts}")
        elif name in LABELS and isinstance(value, int):
            lines.append(f"  {LABELS[name]}: {won(value)}")
    return lines


@command("list", ko="이용권을 모두 보여 줍니다.", en="List vouchers.")
@as_option
def list_(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = vouchers_of(actor_named(installation, as_)).order_by("code")
        found = [
            {"code": row.code, "state": row.state, "expires_at": rfc3339(row.expires_at)}
            for row in rows
        ]
    return Answer({"vouchers": found}, [f"{one['code']}  {one['state']}" for one in found])


Change = Callable[[Actor, Voucher, datetime, str], Voucher]


def _change(
    console: Console, code: str, as_: str | None, change: Change, reason: str
) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        actor = answerable(installation, as_, what="voucher")
        at = installation.clock.now()
        change(actor, voucher_for(actor, code), at, reason)
        report = voucher_report(actor, code, at)
    return Answer(report, _lines(report))


@command("suspend", ko="이용권을 정지합니다.", en="Stop new use of a voucher.")
@click.argument("code")
@click.option("--reason", cls=Option, text=REASON, default="")
@as_option
def suspend(console: Console, code: str, reason: str, as_: str | None) -> Answer:
    def change(actor: Actor, voucher: Voucher, at: datetime, why: str) -> Voucher:
        return suspend_voucher(actor, voucher, at=at, reason=why)

    return _change(console, code, as_, change, reason)


@command("reinstate", ko="정지를 풉니다.", en="Allow use of a suspended voucher again.")
@click.argument("code")
@click.option("--reason", cls=Option, text=REASON, default="")
@as_option
def reinstate(console: Console, code: str, reason: str, as_: str | None) -> Answer:
    def change(actor: Actor, voucher: Voucher, at: datetime, why: str) -> Voucher:
        return reinstate_voucher(actor, voucher, at=at, reason=why)

    return _change(console, code, as_, change, reason)


@command("close", ko="만료된 이용권을 정산하고 닫습니다.", en="Close an expired voucher.")
@click.argument("code")
@as_option
def close(console: Console, code: str, as_: str | None) -> Answer:
    def change(actor: Actor, voucher: Voucher, at: datetime, _: str) -> Voucher:
        return close_voucher(actor, voucher, at=at)

    return _change(console, code, as_, change, "")


@command(
    "expire",
    ko="만료일이 지난 이용권을 만료 처리합니다.",
    en="Expire what is past its last day.",
)
def expire(console: Console) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        count = expire_due(actor_named(installation, None), at=installation.clock.now())
    return Answer({"expired": count}, [str(count)])


voucher = group(
    "voucher", show, list_, suspend, reinstate, expire, close,
    ko="이용권", en="Vouchers.",
)  # fmt: skip

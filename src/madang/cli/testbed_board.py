"""`madang testbed publish|withdraw`: the public board, on the platform."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from madang.cli.acting import answerable, as_option
from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.installation import opened
from madang.testbed.board.actions import publish_report, withdraw_report
from madang.testbed.board.costs import cost_by_price, work_of
from madang.testbed.errors import ReportUntrusted
from madang.testbed.harness import signing
from madang.testbed.harness.verifying import verify
from madang.testbed.submissions.actions import product_named

PLACE = click.Path(path_type=Path)
WHY = Text("게시를 내리는 까닭", "Why it is taken off")
KEY = Text("공개 키 (PEM)", "Public key (PEM)")
PRICE = Text(
    "이 장치에 해당하는 상품", "Product that is this device: its price gives samples a won"
)


@command(
    "publish",
    ko="확인을 마친 공식 보고서를 게시합니다.",
    en="Put an official report on the public board, once every figure holds.",
)
@click.argument("folder", type=PLACE)
@click.option("--key", cls=Option, text=KEY, type=PLACE, required=True)
@click.option("--offering", cls=Option, text=PRICE, default="")
@as_option
def publish(
    console: Console, folder: Path, key: Path, offering: str, as_: str | None
) -> Answer:
    public, path = signing.public_key(key), folder / "report.json"
    checked = verify(path, public)
    if not (checked.ok and checked.recomputed):
        raise ReportUntrusted(reason="; ".join(checked.faults) or "its raw logs are not there")
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="publish")
        at = installation.clock.now()
        product, work = product_named(offering), work_of(checked.report)
        measured_at = datetime.fromisoformat(str(checked.report["reported_at"]))
        cost = cost_by_price(product, work, at=measured_at) if product else None
        row = publish_report(actor, path.read_bytes(), public, at=at, cost=cost)
    data = {"report": row.sha256, "device": row.device, "scenario": row.scenario}
    return Answer(data, [f"{row.device}, {row.scenario}: {row.sha256[:12]}"])


@command("withdraw", ko="보고서 게시를 내립니다.", en="Take a report off the board.")
@click.argument("sha256")
@click.option("--reason", cls=Option, text=WHY, required=True)
@as_option
def withdraw(console: Console, sha256: str, reason: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="withdraw")
        step = withdraw_report(actor, sha256, reason=reason, at=installation.clock.now())
    return Answer({"report": sha256, "reason": step.reason}, [f"{sha256[:12]}: {step.reason}"])


COMMANDS = {"publish": publish, "withdraw": withdraw}

"""`madang testbed publish|withdraw`: the public board, on the platform."""

from __future__ import annotations

from pathlib import Path

import click

from madang.cli.acting import answerable, as_option
from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.installation import opened
from madang.testbed.board.actions import publish_report, withdraw_report
from madang.testbed.errors import ReportUntrusted
from madang.testbed.harness import signing
from madang.testbed.harness.verifying import verify

PLACE = click.Path(path_type=Path)
WHY = Text("게시를 내리는 까닭", "Why it is taken off")
KEY = Text("공개 키 (PEM)", "Public key (PEM)")


@command(
    "publish",
    ko="확인을 마친 공식 보고서를 게시합니다.",
    en="Put an official report on the public board, once every figure holds.",
)
@click.argument("folder", type=PLACE)
@click.option("--key", cls=Option, text=KEY, type=PLACE, required=True)
@as_option
def publish(console: Console, folder: Path, key: Path, as_: str | None) -> Answer:
    public, path = signing.public_key(key), folder / "report.json"
    checked = verify(path, public)
    if not (checked.ok and checked.recomputed):
        raise ReportUntrusted(reason="; ".join(checked.faults) or "its raw logs are not there")
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="publish")
        at = installation.clock.now()
        row = publish_report(actor, path.read_bytes(), public, at=at)
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

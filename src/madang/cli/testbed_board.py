"""The public board, by digest: a report that came another way than through a submission."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from madang.cli.acting import answerable
from madang.cli.console import Answer, Console
from madang.cli.installation import opened
from madang.testbed.board.actions import publish_report, withdraw_report
from madang.testbed.board.costs import cost_by_price, work_of
from madang.testbed.errors import ReportUntrusted
from madang.testbed.harness import signing
from madang.testbed.harness.verifying import verify
from madang.testbed.submissions.actions import product_named


def publish_folder(
    console: Console, folder: Path, key: Path, offering: str, as_: str | None
) -> Answer:
    """Once every figure was worked out again. Raises ReportUntrusted."""
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


def take_off_board(console: Console, sha256: str, reason: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="withdraw")
        step = withdraw_report(actor, sha256, reason=reason, at=installation.clock.now())
    return Answer({"report": sha256, "reason": step.reason}, [f"{sha256[:12]}: {step.reason}"])

"""`madang testbed list|publish|decline|remove|withdraw|appeal|decide`: what becomes of reports.

A word that is a digest means a report of the board; one that is a number, a submission.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.installation import opened
from madang.cli.testbed_board import publish_folder, take_off_board
from madang.cli.testbed_runs import plain, told
from madang.compute.sites.engines import engine_for
from madang.parties.documents.store import default_store
from madang.testbed.submissions import actions, appeals, runs
from madang.testbed.submissions.api import appeal_out, submission_out
from madang.testbed.submissions.models import Submission, SubmissionAppeal, SubmissionState
from madang.testbed.submissions.queries import appeal_for, submission_for, submissions_for

ROWS_MAX = 1000
REASON = Text("까닭", "Why; the maker reads it, of a published report everybody")
KEY = Text("공개 키 (PEM): 폴더일 때", "Public key (PEM), for a folder")
PRICE = Text("이 장치에 해당하는 상품: 폴더일 때", "Product that is this device, for a folder")
STATE = Text("이 상태만", "Only those in this state")
GROUNDS = Text("이의신청 사유", "Grounds of the appeal")
reason_option = click.option("--reason", cls=Option, text=REASON, required=True)


def _number(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


@command("list", ko="제출한 것을 나열합니다.", en="List submissions, newest first.")
@click.option(
    "--state", cls=Option, text=STATE, type=click.Choice(SubmissionState.values), default=None
)
@as_option
def list_(console: Console, state: str | None, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = submissions_for(actor_named(installation, as_)).prefetch_related("appeals")
        shown = list((rows.filter(state=state) if state else rows)[:ROWS_MAX])
        found = [plain(submission_out(row)) for row in shown]
        lines = [f"{row.id}  {row.state}  {row.device}  {row.scenario}" for row in shown]
    return Answer({"submissions": found}, lines)


@command(
    "publish",
    ko="확인을 마친 공식 보고서를 게시합니다.",
    en="Put an official report on the public board: a submission, or a folder with its key.",
)
@click.argument("report")
@click.option("--key", cls=Option, text=KEY, type=click.Path(path_type=Path), default=None)
@click.option("--offering", cls=Option, text=PRICE, default="")
@as_option
def publish(
    console: Console, report: str, key: Path | None, offering: str, as_: str | None
) -> Answer:
    number = _number(report)
    if number is None:
        if key is None:
            raise click.UsageError("a folder needs --key")
        return publish_folder(console, Path(report), key, offering, as_)
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="publish"), installation.clock.now()
        row = actions.publish_submission(actor, number, store=default_store(), at=at)
        data = {"report": row.sha256, "device": row.device, "scenario": row.scenario}
    return Answer(data, [f"{row.device}, {row.scenario}: {row.sha256[:12]}"])


@command(
    "withdraw",
    ko="제출을 철회하거나 보고서 게시를 내립니다.",
    en="Take a submission back (its number), or a report off the board (its digest).",
)
@click.argument("what")
@reason_option
@as_option
def withdraw(console: Console, what: str, reason: str, as_: str | None) -> Answer:
    number = _number(what) if "-" in what else None
    if number is None:
        return take_off_board(console, what, reason, as_)
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        submission_for(actor, number)
        row = actions.withdraw_submission(actor, number, reason=reason, at=at)
        if row.job is not None:
            runs.cancel_run(actor, row, engine_for(row.job.site, at), at=at)
        return told(row)


@command("decline", ko="게시나 의뢰를 거절합니다.", en="Decline an order or a checked report.")
@click.argument("submission", type=click.UUID)
@reason_option
@as_option
def decline(console: Console, submission: UUID, reason: str, as_: str | None) -> Answer:
    return _decided(console, "decline", actions.decline_submission, submission, reason, as_)


@command("remove", ko="게시를 내립니다.", en="Take a published submission off the board.")
@click.argument("submission", type=click.UUID)
@reason_option
@as_option
def remove(console: Console, submission: UUID, reason: str, as_: str | None) -> Answer:
    return _decided(console, "remove", actions.remove_submission, submission, reason, as_)


def _decided(
    console: Console,
    what: str,
    do: Callable[..., Submission],
    submission: UUID,
    reason: str,
    as_: str | None,
) -> Answer:
    """What the agency decides of a submission, with its reason."""
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what=what), installation.clock.now()
        return told(do(actor, submission, reason=reason, at=at))


@command(
    "appeal", ko="결정에 이의를 신청합니다.", en="Appeal against a decision, with grounds."
)
@click.argument("submission", type=click.UUID)
@click.option("--text", cls=Option, text=GROUNDS, required=True)
@as_option
def appeal(console: Console, submission: UUID, text: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        row = submission_for(actor, submission)
        return _appeal_told(appeals.appeal_submission(actor, row.id, text=text, at=at))


@command(
    "decide",
    ko="이의신청을 결정합니다.",
    en="Decide an appeal, as another person than the one whose decision it is about.",
)
@click.argument("appeal", type=click.UUID)
@click.argument("decision", type=click.Choice(["uphold", "deny"]))
@reason_option
@as_option
def decide(
    console: Console, appeal: UUID, decision: str, reason: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="decide"), installation.clock.now()
        row = appeal_for(actor, appeal)
        done = appeals.decide_submission_appeal(
            actor, row.id, upheld=decision == "uphold", reason=reason, at=at
        )
        return _appeal_told(done)


def _appeal_told(row: SubmissionAppeal) -> Answer:
    facts = {name: plain(value) for name, value in appeal_out(row).items()}
    return Answer(facts, [f"{row.id}  {row.state}", *([row.answer] if row.answer else [])])


COMMANDS = {
    "list": list_,
    "publish": publish,
    "withdraw": withdraw,
    "decline": decline,
    "remove": remove,
    "appeal": appeal,
    "decide": decide,
}

"""`madang compute request|requests|idle|…`: what is asked for, found idle and decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.console import NOTHING, Answer, Console, Option, Text, command
from madang.cli.errors import NounUnknown
from madang.cli.installation import opened
from madang.compute.findings.feeds.dcgm import read_dcgm
from madang.compute.findings.idle import decide_objection, object_to
from madang.compute.findings.measuring import take_intervals
from madang.compute.findings.queries import idle_cases_of, idle_report, open_case_of
from madang.compute.grants.actions import give_back
from madang.compute.grants.queries import grant_for, grant_report
from madang.compute.grants.reports import (
    accept_report,
    refuse_report,
    report_for,
    report_reports,
    submit_report,
)
from madang.compute.grants.requests import (
    RequestTerms,
    approve_request,
    refuse_request,
    request_for,
    request_gpu_time,
    request_report,
    requests_of,
)
from madang.compute.sites.queries import class_by_code, site_by_code
from madang.parties.organisations.queries import organisation_by_code

ROWS_MAX = 500
AT_LEAST_ONE = click.IntRange(1)
S_PER_DAY = timedelta(days=1) // timedelta(seconds=1)
REASON = Text("사유", "Reason")
CARDS = Text("한 번에 쓰는 GPU 수", "Cards at a time")
FIRM = Text("기관", "Organisation")
TIME = Text("GPU 초", "GPU-seconds")
DAYS = Text("기간(일)", "Days")
YES_NO = Text("승인 또는 반려", "Approve or refuse")


def _told(report: Mapping[str, object]) -> Answer:
    name = report.get("grant") or report.get("id") or report.get("code")
    return Answer(dict(report), [f"{name}  {report['state']}"])


@command(
    "request", ko="공고 없이 GPU 시간을 신청합니다.", en="Ask for GPU time without a call."
)
@click.argument("gpu_class", metavar="CLASS")
@click.option("--organisation", cls=Option, text=FIRM, required=True)
@click.option("--gpu-seconds", cls=Option, text=TIME, type=AT_LEAST_ONE, required=True)
@click.option("--cards", cls=Option, text=CARDS, type=AT_LEAST_ONE, required=True)
@click.option(
    "--days", cls=Option, text=Text("기간(일)", "Days"), type=AT_LEAST_ONE, required=True
)
@click.option("--purpose", cls=Option, text=Text("목적", "Purpose"), required=True)
@as_option
def request(
    console: Console, gpu_class: str, organisation: str, gpu_seconds: int, cards: int,
    days: int, purpose: str, as_: str | None,
) -> Answer:  # fmt: skip
    with opened(console.data) as installation:
        made = request_gpu_time(
            actor_named(installation, as_), organisation_by_code(organisation),
            class_by_code(gpu_class), RequestTerms(gpu_seconds, cards, days, purpose),
            at=installation.clock.now(),
        )  # fmt: skip
        return _told(request_report(made))


@command("requests", ko="GPU 시간 신청을 보여 줍니다.", en="List requests, newest first.")
@as_option
def requests(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = requests_of(actor_named(installation, as_))[:ROWS_MAX]
        found = [request_report(row) for row in rows]
    lines = [f"{one['id']}  {one['state']}  {one['organisation']}" for one in found]
    return Answer({"requests": found}, lines or [str(NOTHING)])


@command("decide-request", ko="기다리는 신청을 결정합니다.", en="Decide a request that waits.")
@click.argument("identifier", metavar="ID")
@click.option("--approve/--refuse", "is_approved", cls=Option, text=YES_NO, required=True)
@click.option("--reason", cls=Option, text=REASON, default="")
@as_option
def decide_request(
    console: Console, identifier: str, is_approved: bool, reason: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="request"), installation.clock.now()
        row = request_for(actor, _uuid(identifier))
        decide = approve_request if is_approved else refuse_request
        return _told(request_report(decide(actor, row.id, reason=reason, at=at)))


def _uuid(text: str, noun: str = "request") -> UUID:
    try:
        return UUID(text)
    except ValueError as err:
        raise NounUnknown(noun=noun, reference=text) from err


@command(
    "report", ko="중간보고를 냅니다.", en="Hand in a progress report for the next tranche."
)
@click.argument("grant")
@click.option("--text", "words", cls=Option, text=Text("한 일", "What was done"), required=True)
@as_option
def report(console: Console, grant: str, words: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        made = submit_report(actor, grant_for(actor, grant), text=words, at=at)
        return _told(report_reports([made])[0])


@command("reports", ko="중간보고를 보여 줍니다.", en="List a grant's reports, newest first.")
@click.argument("grant")
@as_option
def reports(console: Console, grant: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        row = grant_for(actor_named(installation, as_), grant)
        rows = row.reports.select_related("grant").order_by("-at")
        found = report_reports(rows[:ROWS_MAX])
    lines = [f"{one['id']}  {one['state']}  {one['reason']}".rstrip() for one in found]
    return Answer({"reports": found}, lines or [str(NOTHING)])


@command(
    "decide-report", ko="중간보고를 결정합니다.",
    en="Accept a progress report, which gives the next tranche, or refuse it.",
)  # fmt: skip
@click.argument("identifier", metavar="ID")
@click.option("--accept/--refuse", "is_accepted", cls=Option, text=YES_NO, required=True)
@click.option("--reason", cls=Option, text=REASON, default="")
@as_option
def decide_report(
    console: Console, identifier: str, is_accepted: bool, reason: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="report"), installation.clock.now()
        row = report_for(actor, _uuid(identifier, "report"))
        if is_accepted:
            accept_report(actor, row, at=at)
        else:
            refuse_report(actor, row, reason=reason, at=at)
        row.refresh_from_db()
        return _told(report_reports([row])[0])


@command("idle", ko="쉬는 GPU를 보여 줍니다.", en="List cases of idle cards, newest first.")
@as_option
def idle(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = idle_cases_of(actor_named(installation, as_))[:ROWS_MAX]
        found = [idle_report(row) for row in rows]
    lines = [f"{one['grant']}  {one['state']}  {one['permille']} ‰" for one in found]
    return Answer({"cases": found}, lines or [str(NOTHING)])


@command(
    "object", ko="유휴 안내에 이의를 제기합니다.", en="Say why a grant's cards stand idle."
)
@click.argument("grant")
@click.option("--text", "words", cls=Option, text=Text("이유", "Why"), required=True)
@as_option
def object_(console: Console, grant: str, words: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        case = open_case_of(actor, grant)
        return _told(idle_report(object_to(actor, case.id, text=words, at=at)))


@command("decide-objection", ko="이의를 결정합니다.", en="Decide about an objection.")
@click.argument("grant")
@click.option(
    "--uphold/--reclaim", "is_upheld", cls=Option, required=True,
    text=Text("인정 또는 회수", "Uphold it, or take the cards back"),
)  # fmt: skip
@click.option("--reason", cls=Option, text=REASON, required=True)
@as_option
def decide_objection_(
    console: Console, grant: str, is_upheld: bool, reason: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="objection"), installation.clock.now()
        case = open_case_of(actor, grant)
        done = decide_objection(actor, case.id, upheld=is_upheld, reason=reason, at=at)
        return _told(idle_report(done))


@command("give-back", ko="쓰지 않을 GPU 시간을 돌려줍니다.", en="Give unused time back.")
@click.argument("grant")
@click.option("--gpu-seconds", cls=Option, text=TIME, type=AT_LEAST_ONE, required=True)
@as_option
def give_back_(console: Console, grant: str, gpu_seconds: int, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        row = give_back(actor, grant_for(actor, grant), gpu_seconds=gpu_seconds, at=at)
        return _told(grant_report(row, at))


@command(
    "feed", ko="GPU 사용률 측정값을 넣습니다.", en="Take an exporter's figures of utilisation."
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "code", cls=Option, text=Text("센터", "Site"), required=True)
@click.option(
    "--seconds", cls=Option, type=click.IntRange(1, S_PER_DAY), default=60,
    text=Text("측정값이 대표하는 초", "How many seconds the figures stand for"),
)  # fmt: skip
@as_option
def feed(console: Console, file: Path, code: str, seconds: int, as_: str | None) -> Answer:
    """The text of a DCGM exporter: one gauge per card, with its job as a label."""
    text = file.read_text(encoding="utf-8")
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        rows = read_dcgm(text, seconds=seconds, at=at)
        taken, unknown = take_intervals(actor, site_by_code(code), rows, at=at)
    line = Text(
        f"반영한 측정값 {taken:,}, 모르는 작업의 측정값 {unknown:,}",
        f"{taken:,} figures taken, {unknown:,} of jobs that are not known",
    )
    return Answer({"taken": taken, "unknown": unknown}, [str(line)])


COMMANDS = {
    "decide-objection": decide_objection_,
    "decide-report": decide_report,
    "decide-request": decide_request,
    "feed": feed,
    "give-back": give_back_,
    "idle": idle,
    "object": object_,
    "report": report,
    "reports": reports,
    "request": request,
    "requests": requests,
}

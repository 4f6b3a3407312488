"""`madang compute submit|status|…`: jobs on GPU grants, and what they cost."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path
from typing import IO

import click
import msgspec

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.amounts import total_of, won
from madang.cli.console import NOTHING, Answer, Console, Option, Text, command
from madang.cli.durations import parse_instant
from madang.cli.installation import Installation, opened
from madang.compute.attempts.decisions import decide_attempt
from madang.compute.engines.types import Engine
from madang.compute.errors import EngineUnwell, LineInvalid, OrderInvalid
from madang.compute.grants.queries import grant_for, grant_report, grants_of
from madang.compute.jobs.actions import (
    SubmittedOne,
    ask_for_end,
    submit_job,
    submit_jobs,
    submitted_report,
)
from madang.compute.jobs.deciding import decide_submission
from madang.compute.jobs.doubts import submissions_in_doubt
from madang.compute.jobs.models import OPEN, Job
from madang.compute.jobs.orders import JobOrder
from madang.compute.jobs.outputs import listed, outputs_of
from madang.compute.jobs.progress import WHOLE, note_progress
from madang.compute.jobs.queries import job_for, job_report, job_reports, jobs_of, ref_of
from madang.compute.polling import poll_site
from madang.compute.reconciling import reconcile_site, window_of
from madang.compute.sites.engines import engine_for
from madang.compute.sites.models import Site
from madang.compute.sites.queries import site_by_code
from madang.core.errors import NotFound, WrongUsage
from madang.core.words import seoul_time
from madang.parties.actor import Actor, system_actor

LOG_BYTES_MAX = 64 * 1024
FOLLOW_S = 1.0
AT_LEAST_ONE = click.IntRange(1)
BATCH = 250
ROWS_MAX = 500
GRANT = Text("GPU 이용권", "Grant")
OWED = Text("회수 예정", "to be taken back")
NUMBER = Text("몇 번째 시도", "Which attempt")
IMAGE = Text("컨테이너 이미지", "Container image")
DATASET = Text("데이터", "Data set to read")
ENGINE_JOB = Text("그 작업의 엔진 번호", "It is this job of the engine")
NEVER_RAN = Text("실행된 적이 없음: 다시 보냄", "It never ran: send it again")
FOLLOW = Text("작업이 끝날 때까지 이어서 보여 줌", "Go on until the job is over")
KEY = Text("작업의 키: 같은 키는 한 작업", "The job's key: one key, one job")


def _engine(installation: Installation, site: Site) -> Engine:
    return engine_for(site, installation.clock.now())


def _read(installation: Installation, job: Job) -> Job:
    """What the engine says now, posted; as it was when the engine does not answer."""
    if job.state in OPEN:
        actor, at = system_actor("cli"), installation.clock.now()
        try:
            poll_site(actor, job.site, _engine(installation, job.site), at=at)
        except EngineUnwell:
            return job
        job.refresh_from_db()
    if job.progress != WHOLE:
        note_progress(job, bytes_max=LOG_BYTES_MAX, at=installation.clock.now())
    return job


@command("submit", ko="작업을 제출합니다.", en="Submit a job: find or create by its key.")
@click.option("--grant", cls=Option, text=GRANT, required=True)
@click.option("--key", cls=Option, text=KEY, required=True)
@click.option(
    "--cards", cls=Option, text=Text("GPU 수", "Cards"), type=AT_LEAST_ONE, required=True
)
@click.option(
    "--time-limit",
    "time_limit_s",
    cls=Option,
    type=AT_LEAST_ONE,
    required=True,
    text=Text("제한 시간(초)", "Time limit in seconds"),
)
@click.option("--name", cls=Option, text=Text("이름", "Name"), default="")
@click.option(
    "--script",
    cls=Option,
    text=Text("스크립트 파일", "A script's file"),
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--image", cls=Option, text=IMAGE, default="")
@click.option("--dataset", "datasets", cls=Option, text=DATASET, multiple=True)
@click.option(
    "--array",
    cls=Option,
    text=Text("배열의 작업 수", "Tasks of an array"),
    type=click.IntRange(0),
    default=0,
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD…]")
@as_option
def submit(
    console: Console,
    grant: str,
    key: str,
    cards: int,
    time_limit_s: int,
    name: str,
    script: Path | None,
    image: str,
    datasets: tuple[str, ...],
    array: int,
    words: tuple[str, ...],
    as_: str | None,
) -> Answer:
    text = _text_in(script) if script else ""
    order = JobOrder(
        key=key, cards=cards, time_limit_s=time_limit_s, command=words, script=text,
        name=name, image=image, datasets=datasets, array=array,
    )  # fmt: skip
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        row = grant_for(actor, grant)
        engine = _engine(installation, row.gpu_class.site)
        at = installation.clock.now()
        done = submit_job(actor, row, order, engine, at=at)
        report = {**job_report(done.job), "replayed": done.replayed}
    return job_told(report)


def _text_in(script: Path) -> str:
    try:
        return script.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise OrderInvalid(field="script", reason="not a text in UTF-8") from err


@command(
    "submit-many",
    ko="작업을 한꺼번에 제출합니다.",
    en="Submit many jobs from a file: a JSON object a line, as the API takes them.",
)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--grant", cls=Option, text=GRANT, required=True)
@as_option
def submit_many(console: Console, file: IO[str], grant: str, as_: str | None) -> Answer:
    """In parts of BATCH, each all or none. Broken off, the same file goes on where it was."""
    orders = [_order_in(number, line) for number, line in enumerate(file, 1) if line.strip()]
    done: list[SubmittedOne] = []
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        row = grant_for(actor, grant)
        engine = _engine(installation, row.gpu_class.site)
        for start in range(0, len(orders), BATCH):
            part = orders[start : start + BATCH]
            done += submit_jobs(actor, row, part, engine, at=installation.clock.now())
            row = grant_for(actor, grant)
            console.progress(ko=f"제출 {len(done)}/{len(orders)}",
                             en=f"submitted {len(done)}/{len(orders)}")  # fmt: skip
    found = [submitted_report(one) for one in done]
    counts = Counter(str(one["state"]) for one in found)
    lines = [f"{state}: {count}" for state, count in sorted(counts.items())]
    return Answer({"counts": dict(counts), "jobs": found}, lines)


class OrderLine(msgspec.Struct, forbid_unknown_fields=True):
    """A line of the file."""

    key: str
    cards: int
    time_limit_s: int
    command: list[str] = []
    script: str = ""
    name: str = ""
    image: str = ""
    datasets: list[str] = []
    array: int = 0
    environment: dict[str, str] = {}


def _order_in(number: int, line: str) -> JobOrder:
    try:
        return JobOrder(**msgspec.structs.asdict(msgspec.json.decode(line, type=OrderLine)))
    except (msgspec.ValidationError, msgspec.DecodeError) as err:
        raise LineInvalid(line=number, reason=str(err)) from err


def job_told(report: dict[str, object]) -> Answer:
    line = f"{report['key']}  {report['state']}  {report['gpu_seconds']} GPU-s"
    if borne := report["borne_gpu_seconds"]:
        line += f"  {Text('사업 부담', 'borne by the programme')} {borne} GPU-s"
    if charge := total_of(report, "charge_microwon"):
        line += f"  {won(charge)}"
    if report["progress"] is not None:
        line += f"  {report['progress']} %"
    if report["cancel_asked_at"] and report["state"] in OPEN:
        line += f"  {Text('취소 요청됨', 'cancel asked for')}"
    if report.get("replayed"):
        line += f"  {Text('이미 제출됨', 'submitted before')}"
    attempts = report["attempts"]
    assert isinstance(attempts, list)
    lines = [line, *(_attempt_line(one) for one in attempts)]
    return Answer(report, [*lines, *_refused_line(report)])


def _refused_line(report: dict[str, object]) -> list[str]:
    if report["refused"] is None:
        return []
    words = Text(f"거절 사유: {report['refused_ko']}", f"refused: {report['refused']}")
    return [f"  {words}"]


def _attempt_line(one: dict[str, object]) -> str:
    """With the number by which `decide` is told which one is meant."""
    began, ended = (seoul_time(str(one[name] or "-")) for name in ("started_at", "ended_at"))
    held = f"{Text('예약', 'held')} {one['held_gpu_seconds']} GPU-s"
    line = f"  {one['number']}  {one['state']}  {began} … {ended}  {held}"
    if still := one["suspended_s"]:
        line += f"  {Text(f'일시중지 {still}초', f'suspended {still} s')}"
    return line


@command("status", ko="작업의 상태를 보여 줍니다.", en="Show what a job did and cost.")
@click.argument("key")
@click.option("--grant", cls=Option, text=GRANT, default="")
@as_option
def status(console: Console, key: str, grant: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        job = job_for(actor_named(installation, as_), key=key, grant=grant)
        return job_told(job_report(_read(installation, job)))


@command("cancel", ko="작업을 취소합니다.", en="Ask for a job's end.")
@click.argument("key")
@click.option("--grant", cls=Option, text=GRANT, default="")
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), default="")
@as_option
def cancel(console: Console, key: str, grant: str, reason: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        job = job_for(actor, key=key, grant=grant)
        engine = _engine(installation, job.site)
        at = installation.clock.now()
        done = ask_for_end(actor, job, engine, reason=reason, at=at)
        return job_told(job_report(done))


@command("logs", ko="작업이 쓴 글을 보여 줍니다.", en="Show the end of what a job has written.")
@click.argument("key")
@click.option("--grant", cls=Option, text=GRANT, default="")
@click.option("--follow", cls=Option, text=FOLLOW, is_flag=True)
@as_option
def logs(console: Console, key: str, grant: str, follow: bool, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        job = job_for(actor_named(installation, as_), key=key, grant=grant)
        if follow:
            return _followed(console, installation, job)
        text = _log(installation, job)
    return Answer({"key": job.key, "log": text}, text.splitlines())


def _log(installation: Installation, job: Job) -> str:
    engine = _engine(installation, job.site)
    return engine.log(ref_of(job), bytes_max=LOG_BYTES_MAX) if job.engine_job else ""


def _followed(console: Console, installation: Installation, job: Job) -> Answer:
    """Whole lines as they are written, until the job is over. The tasks of an array write side
    by side: theirs is shown in the end."""
    shown = ""
    while job.state in OPEN:
        text = "" if job.array else _log(installation, job)
        text = text[: text.rfind("\n") + 1]
        console.write(unshown(shown, text))
        shown = text
        time.sleep(FOLLOW_S)
        job = _read(installation, job)
    text = _log(installation, job)
    rest = unshown(shown, text)
    return Answer({"key": job.key, "log": text, "state": job.state}, rest.splitlines())


def unshown(shown: str, text: str) -> str:
    """What of the end of a log, read again, is not among what was shown of it, by lines."""
    lines = shown.splitlines(keepends=True)
    ends = ("".join(lines[at:]) for at in range(len(lines)))
    return text[len(next((end for end in ends if text.startswith(end)), "")) :]


@command(
    "outputs", ko="작업이 남긴 파일을 보여 주거나 가져옵니다.",
    en="List the files that a job left, or fetch them.",
)  # fmt: skip
@click.argument("key")
@click.option("--grant", cls=Option, text=GRANT, default="")
@click.option(
    "--to", "folder", cls=Option, text=Text("저장할 폴더", "Folder to copy them to"),
    type=click.Path(file_okay=False, path_type=Path),
)  # fmt: skip
@as_option
def outputs(
    console: Console, key: str, grant: str, folder: Path | None, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        job = job_for(actor_named(installation, as_), key=key, grant=grant)
        found = outputs_of(job, at=installation.clock.now())
        for one in found if folder else []:
            place = Path(str(folder)) / one.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(one.path, place)
    told = listed(found)
    files = [{"name": one.name, "bytes": one.bytes} for one in told.files]
    lines = [f"{one['name']}  {one['bytes']}" for one in files]
    more = Text(f"… 그리고 {told.more}개 더", f"… and {told.more} more")
    return Answer({"key": job.key, "outputs": files, "more": told.more},
                  [*lines, str(more)] if told.more else lines or [str(NOTHING)])  # fmt: skip


@command("list", ko="작업을 모두 보여 줍니다.", en="List jobs, newest first.")
@click.option("--grant", cls=Option, text=GRANT, default="")
@as_option
def list_(console: Console, grant: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        rows = jobs_of(actor)
        if grant:
            rows = rows.filter(grant=grant_for(actor, grant))
        found = job_reports(rows[:ROWS_MAX])
    lines = [f"{one['key']}  {one['state']}  {one['gpu_seconds']} GPU-s" for one in found]
    return Answer({"jobs": found}, lines or [str(NOTHING)])


@command("grants", ko="GPU 이용권을 보여 줍니다.", en="Show what grants can still use.")
@click.argument("code", required=False)
@as_option
def grants(console: Console, code: str | None, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        if code is not None:
            report = grant_report(grant_for(actor, code), at)
            return Answer(report, [grant_line(report)])
        found = [grant_report(row, at) for row in grants_of(actor)[:ROWS_MAX]]
    return Answer({"grants": found}, [grant_line(one) for one in found])


def grant_line(report: dict[str, object]) -> str:
    left = report["gpu_seconds"]
    assert isinstance(left, dict)
    ko, en = (
        f"예약 {left['held']}, 사용 {left['used']}",
        f"held {left['held']}, used {left['used']}",
    )
    for name, word in (("expired", Text("소멸", "expired")), ("owed_back", OWED)):
        if left[name]:
            ko, en = f"{ko}, {word.ko} {left[name]}", f"{en}, {word.en} {left[name]}"
    words = Text(
        f"가용 {left['available']} / {left['granted']} GPU-s ({ko})",
        f"{left['available']} of {left['granted']} GPU-s left ({en})",
    )
    return f"{report['code']}  {report['state']}  {words}"


@command("poll", ko="엔진의 기록을 반영합니다.", en="Read and post the engines' records.")
@click.option("--site", "code", cls=Option, text=Text("센터", "Site"), default="")
def poll(console: Console, code: str) -> Answer:
    with opened(console.data) as installation:
        rows = Site.objects.filter(code=code) if code else Site.objects.all()
        found = {site.code: _polled(installation, system_actor("cli"), site) for site in rows}
    return Answer({"sites": found}, [_posted(name, one) for name, one in found.items()])


def _posted(site: str, done: dict[str, int]) -> str:
    words = (
        ("facts", Text("기록", "records")), ("changed", Text("바뀐 기록", "changed")),
        ("lines", Text("계량", "lines")), ("cancelled", Text("취소", "cancelled")),
        ("handed_over", Text("전달", "handed over")),
    )  # fmt: skip
    return f"{site}: " + ", ".join(f"{word} {done[name]:,}" for name, word in words)


def _polled(installation: Installation, actor: Actor, site: Site) -> dict[str, int]:
    done = poll_site(actor, site, _engine(installation, site), at=installation.clock.now())
    return {
        "facts": done.facts, "changed": done.changed, "lines": done.lines,
        "cancelled": done.cancelled, "handed_over": done.handed_over,
    }  # fmt: skip


@command("reconcile", ko="엔진과 원장을 맞춥니다.", en="Compare an engine's books with ours.")
@click.option("--site", "code", cls=Option, text=Text("센터", "Site"), required=True)
@click.option(
    "--hours", cls=Option, type=click.IntRange(1, 24 * 400), default=24,
    text=Text("몇 시간 전부터", "How many hours back"),
)  # fmt: skip
def reconcile(console: Console, code: str, hours: int) -> Answer:
    """Reads and posts first, then compares: what is left has a cause on its line."""
    with opened(console.data) as installation:
        site, at = site_by_code(code), installation.clock.now()
        engine = _engine(installation, site)
        poll_site(system_actor("cli"), site, engine, at=at)
        report = reconcile_site(site, engine, *window_of(at, hours))
    data = report.as_data()
    lines = [f"{code}: {data['drift_gpu_seconds']} GPU-s {Text('설명 안 됨', 'unexplained')}"]
    return Answer(data, lines + [told_line(one, "attempt") for one in _rows_in(data, "lines")]
                  + [told_line(one, "job") for one in _rows_in(data, "books")])  # fmt: skip


def _rows_in(data: dict[str, object], name: str) -> list[dict[str, str]]:
    found = data[name]
    assert isinstance(found, list)
    return found


def told_line(one: dict[str, str], name: str) -> str:
    """What differs, whose it is, and what to do about it."""
    of = f"  {one['grant']}/{one['key']}" if one["key"] else ""
    apart = (
        f"  {one['engine_gpu_seconds']} / {one['posted_gpu_seconds']} GPU-s"
        if "engine_gpu_seconds" in one
        else f"  {one['detail']}"
    )
    return (
        f"  {one[name]}{of}  {one['cause']}{apart}  {Text(one['proposal_ko'], one['proposal'])}"
    )


@command("decide", ko="확인중인 시도를 결정합니다.", en="Decide about a disputed attempt.")
@click.argument("key")
@click.option("--grant", cls=Option, text=GRANT, default="")
@click.option(
    "--attempt", "number", cls=Option, text=Text("시도", "Attempt"), type=int, default=1
)
@click.option("--ended-at", cls=Option, text=Text("끝난 시각", "When it ended"), required=True)
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), required=True)
@as_option
def decide(
    console: Console, key: str, grant: str, number: int, ended_at: str, reason: str,
    as_: str | None,
) -> Answer:  # fmt: skip
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="attempt")
        job = job_for(actor, key=key, grant=grant)
        attempt = job.attempts.filter(number=number).first()
        if attempt is None:
            raise NotFound(noun="attempt")
        at = installation.clock.now()
        decide_attempt(actor, attempt, ended_at=parse_instant(ended_at), reason=reason, at=at)
        job.refresh_from_db()
        return job_told(job_report(job))


@command(
    "decide-submission",
    ko="응답 없는 제출이 어느 작업인지 결정합니다.",
    en="Decide which job a submission without an answer is, or that it never ran.",
)
@click.argument("key")
@click.option("--grant", cls=Option, text=GRANT, default="")
@click.option("--is", "engine_job", cls=Option, text=ENGINE_JOB, default="")
@click.option("--never-ran", cls=Option, is_flag=True, text=NEVER_RAN)
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), required=True)
@as_option
def decide_submission_(
    console: Console, key: str, grant: str, engine_job: str, never_ran: bool, reason: str,
    as_: str | None,
) -> Answer:  # fmt: skip
    if never_ran == bool(engine_job):
        raise WrongUsage(reason="--is ID | --never-ran")
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="job")
        job = job_for(actor, key=key, grant=grant)
        at = installation.clock.now()
        done = decide_submission(actor, job, engine_job=engine_job, reason=reason, at=at)
        return job_told(job_report(done))


@command(
    "doubts",
    ko="사람의 결정을 기다리는, 응답 없는 제출을 보여 줍니다.",
    en="List submissions without an answer that wait for a person, with what may be each.",
)
@as_option
def doubts(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = actor_named(installation, as_), installation.clock.now()
        found = submissions_in_doubt(actor, at=at)
    lines = [line for one in found for line in _doubt_lines(one)]
    return Answer({"submissions": found}, lines or [str(NOTHING)])


def _doubt_lines(one: dict[str, object]) -> list[str]:
    arrivals = one["arrivals"]
    assert isinstance(arrivals, list)
    began, ended = (seoul_time(str(one[name])) for name in ("came_from", "came_until"))
    lines = [f"{one['grant']}  {one['key']}  {one['name']}  {one['user']}  {began} … {ended}"]
    if one["unsettled"] is not None:
        lines.append(f"  {Text(str(one['unsettled_ko']), str(one['unsettled']))}")
    return lines + [
        f"  {came['engine_job']}  {seoul_time(came['submitted_at'])}  {came['account']}  "
        f"{came['state']}"
        for came in arrivals
    ]


COMMANDS = {
    "decide": decide,
    "decide-submission": decide_submission_,
    "doubts": doubts,
    "reconcile": reconcile,
    "submit": submit,
    "submit-many": submit_many,
    "status": status,
    "cancel": cancel,
    "logs": logs,
    "outputs": outputs,
    "list": list_,
    "grants": grants,
    "poll": poll,
}

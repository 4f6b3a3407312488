"""`madang testbed submit|order|start|collect|show`: what makers hand in, and runs as jobs."""

from __future__ import annotations

import tempfile
import time
import zipfile
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.installation import opened
from madang.compute.duties import poll_all
from madang.compute.grants.queries import grant_for
from madang.compute.sites.engines import engine_for
from madang.core.clock import rfc3339
from madang.parties.actor import system_actor
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import default_store
from madang.parties.organisations.queries import organisation_by_code
from madang.testbed.errors import FileMissing
from madang.testbed.harness import archive
from madang.testbed.policy import policy_at
from madang.testbed.submissions.actions import submit_test_report
from madang.testbed.submissions.api import submission_out
from madang.testbed.submissions.models import Submission, SubmissionState
from madang.testbed.submissions.queries import submission_for
from madang.testbed.submissions.runs import accept_test_run, order_test_run
from madang.testbed.submissions.worker import testbed_due

PLACE = click.Path(path_type=Path, exists=True)
WHOSE = Text("제조사 기관", "The maker's organisation")
PRICE = Text("이 장치에 해당하는 상품", "Product that is this device")
RUN_PRICE = Text("시험 비용 상품", "Product that pays for the run")
VOUCHER = Text("이용권", "Voucher that pays")
FILE = Text("명세에 적은 파일", "A file that the specification names")
GRANT = Text("시험에 쓸 GPU 이용권", "GPU grant that the run uses")
WAIT = Text("끝날 때까지 기다릴 시간(초)", "Wait so many seconds for runs to end")
CHUNK_BYTES, LOOK_S = 1 << 20, 0.5
WAITING = (SubmissionState.TESTING, SubmissionState.SUBMITTED)


def plain(value: object) -> object:
    """As JSON has it: instants as RFC 3339, ids as text."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value


def told(row: Submission) -> Answer:
    facts = {name: plain(value) for name, value in submission_out(row).items()}
    line = f"{row.id}  {row.state}  {row.device}  {row.scenario}"
    return Answer(facts, [line, *(f"! {one}" for one in row.faults)])


@command(
    "submit", ko="서명된 보고서를 제출합니다.", en="Hand in the folder of a signed report."
)
@click.argument("folder", type=PLACE)
@click.option("--organisation", cls=Option, text=WHOSE, required=True)
@click.option("--offering", cls=Option, text=PRICE, default="")
@as_option
def submit(
    console: Console, folder: Path, organisation: str, offering: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation, tempfile.TemporaryDirectory() as scratch:
        actor, at = actor_named(installation, as_), installation.clock.now()
        firm, zipped = organisation_by_code(organisation), folder
        if folder.is_dir():
            zipped = Path(scratch) / "report.zip"
            archive.pack(folder, zipped)
        with zipped.open("rb") as file:
            document = store_document(
                actor, chunks=iter(lambda: file.read(CHUNK_BYTES), b""),
                file_name="report.zip", media_type="application/zip", organisation=firm.id,
                store=default_store(), at=at, size_bytes_max=policy_at(at).archive_bytes_max,
            )  # fmt: skip
        row = submit_test_report(
            actor, firm, document, offering=offering, store=default_store(), at=at
        )
        return told(row)


@command("order", ko="시험을 의뢰합니다.", en="Order a run; an operator starts it.")
@click.argument("spec", type=PLACE)
@click.option("--organisation", cls=Option, text=WHOSE, required=True)
@click.option("--file", "files", cls=Option, text=FILE, type=PLACE, multiple=True)
@click.option("--voucher", cls=Option, text=VOUCHER, default="")
@click.option("--offering", cls=Option, text=RUN_PRICE, default="")
@as_option
def order(
    console: Console,
    spec: Path,
    organisation: str,
    files: tuple[Path, ...],
    voucher: str,
    offering: str,
    as_: str | None,
) -> Answer:
    text = spec.read_text(encoding="utf-8")
    with opened(console.data) as installation:
        row = order_test_run(
            actor_named(installation, as_), organisation_by_code(organisation), spec=text,
            files=_zip_of(files), voucher=voucher, offering=offering,
            at=installation.clock.now(),
        )  # fmt: skip
        return told(row)


def _zip_of(files: tuple[Path, ...]) -> bytes:
    """Each under its bare name; nothing where there is none."""
    if not files:
        return b""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "files.zip"
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as held:
            for path in files:
                held.write(path, path.name)
        return place.read_bytes()


@command("start", ko="의뢰받은 시험을 시작합니다.", en="Start an ordered run on a GPU grant.")
@click.argument("submission", type=click.UUID)
@click.option("--grant", cls=Option, text=GRANT, required=True)
@as_option
def start(console: Console, submission: UUID, grant: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="start"), installation.clock.now()
        held = grant_for(actor, grant)
        engine = engine_for(held.gpu_class.site, at)
        return told(accept_test_run(actor, submission, held, engine, at=at))


@command(
    "collect",
    ko="끝난 시험을 거두어 서명하고 보고서를 확인합니다.",
    en="Collect the runs that ended, and check what was handed in.",
)
@click.option("--wait", "wait_s", cls=Option, text=WAIT, type=int, default=0)
def collect(console: Console, wait_s: int) -> Answer:
    """What the worker does every ten seconds, now."""
    with opened(console.data) as installation:
        until = time.monotonic() + wait_s
        while True:
            poll_all(system_actor("cli"), at=installation.clock.now())
            testbed_due(installation.clock, store=default_store())
            waiting = Submission.objects.filter(state__in=WAITING).count()
            if not waiting or time.monotonic() >= until:
                break
            time.sleep(LOOK_S)
    words = Text(f"기다리는 것 {waiting}건", f"{waiting} still waiting")
    return Answer({"waiting": waiting}, [str(words)])


@command("show", ko="제출한 것의 상태를 보여 줍니다.", en="Show what became of a submission.")
@click.argument("submission", type=click.UUID)
@as_option
def show(console: Console, submission: UUID, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        return told(submission_for(actor_named(installation, as_), submission))


@command(
    "archive",
    ko="보고서 폴더를 풀어 놓습니다.",
    en="Lay out the folder of a submission's report: logs, report and key.",
)
@click.argument("submission", type=click.UUID)
@click.argument("folder", type=click.Path(path_type=Path))
@as_option
def archive_(console: Console, submission: UUID, folder: Path, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        row = submission_for(actor_named(installation, as_), submission)
        if row.archive is None:
            raise FileMissing(what="report", file=str(submission))
        folder.mkdir(parents=True, exist_ok=True)
        archive.unpack(default_store().path_of(row.archive.sha256), folder)
    return Answer({"folder": str(folder)}, [str(folder)])


COMMANDS = {
    "submit": submit,
    "order": order,
    "start": start,
    "collect": collect,
    "show": show,
    "archive": archive_,
}

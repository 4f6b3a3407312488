"""An ordered run: a job of an engine measures, the platform judges, signs and charges."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

import madang
from madang.compute.engines.types import Engine
from madang.compute.grants.models import Grant
from madang.compute.jobs.actions import cancel_job, submit_job
from madang.compute.jobs.models import OPEN, Job, JobState
from madang.compute.jobs.orders import JobOrder
from madang.compute.jobs.queries import ref_of
from madang.core.clock import Clock
from madang.core.errors import MadangError, NotFound
from madang.metering.offerings.upstream import check_upstream
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.documents.actions import store_document
from madang.parties.documents.models import Document
from madang.parties.documents.store import DocumentStore
from madang.parties.events.actions import record_event
from madang.parties.organisations.models import Organisation
from madang.testbed.errors import ArchiveMalformed, VoucherAndOffering
from madang.testbed.harness import archive, remote, signing
from madang.testbed.harness.files import REPORT, SPEC
from madang.testbed.harness.running import sign_measured
from madang.testbed.harness.spec import NOWHERE, Spec, spec_from
from madang.testbed.policy import policy_at
from madang.testbed.submissions.actions import (
    SUBJECT,
    decided,
    limited,
    locked_submission,
    product_named,
    tell,
)
from madang.testbed.submissions.models import Submission, SubmissionKind, SubmissionState
from madang.testbed.submissions.paying import charge_run, release_run, reserve_run
from madang.testbed.submissions.workflow import SUBMISSION

KEY_NAME = "testbed-ed25519.pem"
LOG_BYTES_MAX = 512 << 20
CARDS = 1


@transaction.atomic
def order_test_run(
    actor: Actor,
    organisation: Organisation,
    *,
    spec: str,
    files: bytes = b"",
    voucher: str = "",
    offering: str = "",
    at: datetime,
) -> Submission:
    """시험 의뢰: a specification and the small files that it names; an operator starts it.

    With an offering of meter `run` and a voucher that covers it, the most that it may cost is
    reserved now. Locks the organisation. Raises SpecMalformed, ArchiveMalformed,
    SubmissionsTooMany and what a reservation refuses.
    """
    actor.need_at(Role.MAKER, organisation.id)
    limited(organisation, at)
    read = spec_from(spec.encode(), NOWHERE)
    if read.subject.address:
        check_upstream(read.subject.address, allow_private=actor.has(Role.OPERATOR))
    if len(files) > policy_at(at).files_bytes_max:
        raise ArchiveMalformed(reason=f"at most {policy_at(at).files_bytes_max} bytes of files")
    _script(spec, files)
    row = Submission(
        kind=SubmissionKind.RUN, organisation=organisation, state=SubmissionState.ORDERED,
        spec=spec, files=files, offering=product_named(offering),
        voucher=_voucher(organisation, voucher), by=actor.id, created_at=at, **_words(read),
    )  # fmt: skip
    if (row.voucher is None) != (row.offering is None):
        raise VoucherAndOffering
    reserve_run(system_actor(actor.origin), row, seconds_max=remote.time_limit_s(read), at=at)
    row.save(force_insert=True)
    record_event(
        actor, f"{SUBJECT}.order", subject_type=SUBJECT, subject_id=row.id, at=at,
        after=row.state, facts={"spec_sha256": hashlib.sha256(spec.encode()).hexdigest()},
    )  # fmt: skip
    return row


def _words(spec: Spec) -> dict[str, str]:
    return {
        "device": spec.device[:200], "model": spec.model[:200],
        "scenario": spec.scenario.name, "profile": spec.plan.profile,
    }  # fmt: skip


def _voucher(organisation: Organisation, code: str) -> Voucher | None:
    """The firm's own, whoever in it asks."""
    if not code:
        return None
    rows = Voucher.objects.select_related("organisation")
    found = rows.filter(code=code, organisation=organisation).first()
    if found is None:
        raise NotFound(noun="voucher")
    return found


def _script(spec: str, files: bytes) -> str:
    python = os.environ.get("MADANG_TESTBED_PYTHON", sys.executable)
    path = [str(Path(madang.__file__).parents[1])]
    return remote.script_for(spec.encode(), files, python=python, path=path)


def accept_test_run(
    actor: Actor, submission: UUID, grant: Grant, engine: Engine, *, at: datetime
) -> Submission:
    """시험 시작 on a grant of GPU time: one job under the order's own key, however often it is
    called. Not inside a transaction, as submit_job."""
    actor.need(Role.OPERATOR)
    row = Submission.objects.filter(pk=submission).first()
    if row is None:
        raise NotFound
    if row.state == SubmissionState.ORDERED:
        limit_s = remote.time_limit_s(spec_from(row.spec.encode(), NOWHERE))
        order = JobOrder(
            key=f"testbed-{row.id}-{row.appeals.count()}", cards=CARDS, time_limit_s=limit_s,
            script=_script(row.spec, bytes(row.files)), name="testbed",
        )  # fmt: skip
        job = submit_job(actor, grant, order, engine, at=at).job
        return _started(actor, submission, job, at)
    return _started(actor, submission, row.job, at)


@transaction.atomic
def _started(actor: Actor, submission: UUID, job: Job | None, at: datetime) -> Submission:
    row = locked_submission(submission)
    if row.state == SubmissionState.TESTING:
        return row
    SUBMISSION.move(row, "accept", actor, at=at)
    row.job = job
    row.save(update_fields=["job"])
    decided(row, actor, "", at)
    tell(row, "started", at)
    return row


def cancel_run(actor: Actor, row: Submission, engine: Engine, *, at: datetime) -> None:
    """A withdrawn order's job is ended, too."""
    if row.job is not None and row.job.state in OPEN:
        cancel_job(system_actor(actor.origin), row.job, engine, reason="withdrawn", at=at)


def collect_run(
    row: Submission,
    engine: Engine,
    key: Ed25519PrivateKey,
    clock: Clock,
    *,
    store: DocumentStore,
) -> Submission:
    """Once its job has ended: judge, sign, keep, charge. Safe to do again."""
    job = row.job
    if row.state != SubmissionState.TESTING or job is None or job.state in OPEN:
        return row
    actor = system_actor("worker")
    if job.state != JobState.COMPLETED:
        return _given_up(actor, row.id, f"the job ended as {job.state}", clock.now())
    with tempfile.TemporaryDirectory(prefix="madang-testbed-") as scratch:
        out = Path(scratch) / "report"
        out.mkdir()
        try:
            _fetch(engine, job, Path(scratch) / remote.ARCHIVE, out)
            if (out / SPEC).read_bytes() != row.spec.encode() or (out / REPORT).exists():
                raise ArchiveMalformed(reason="of another specification")
            made = sign_measured(out, key, clock)
        except (MadangError, OSError, KeyError, TypeError, ValueError, AttributeError) as err:
            # what a job leaves is somebody else's making: whatever is wrong with it is told
            told = err.sentence("en") if isinstance(err, MadangError) else type(err).__name__
            return _given_up(actor, row.id, told, clock.now())
        archive.pack(out, Path(scratch) / "report.zip")
        at = clock.now()
        document = _kept(actor, row, Path(scratch) / "report.zip", store, at)
    return _delivered(actor, row.id, document, made.sha256, at)


def _fetch(engine: Engine, job: Job, path: Path, out: Path) -> None:
    folder = engine.outputs(ref_of(job))
    if folder is not None:
        path = folder / remote.ARCHIVE
    else:
        path.write_bytes(remote.from_log(engine.log(ref_of(job), bytes_max=LOG_BYTES_MAX)))
    archive.unpack(path, out)


def _kept(
    actor: Actor, row: Submission, path: Path, store: DocumentStore, at: datetime
) -> Document:
    with path.open("rb") as file:
        return store_document(
            actor, chunks=iter(lambda: file.read(1 << 20), b""), file_name="report.zip",
            media_type="application/zip", organisation=row.organisation_id, store=store, at=at,
            size_bytes_max=policy_at(at).archive_bytes_max,
        )  # fmt: skip


@transaction.atomic
def _delivered(
    actor: Actor,
    submission: UUID,
    document: Document,
    sha256: str,
    at: datetime,
) -> Submission:
    """Report and charge are one transaction. What is charged is the engine's own word: the
    job's times, which nobody inside the job can write."""
    row = locked_submission(submission)
    if row.state != SubmissionState.TESTING or row.job is None:
        return row  # it was withdrawn meanwhile
    row.archive, row.sha256, row.faults = document, sha256, []
    row.save(update_fields=["archive", "sha256", "faults"])
    spans = [
        (one.started_at, one.ended_at)
        for one in row.job.attempts.all()
        if one.started_at is not None and one.ended_at is not None
    ]
    lasted = sum((ended - began for began, ended in spans), timedelta())
    charge_run(
        actor, row, began_at=min((began for began, _ in spans), default=at),
        ended_at=max((ended for _, ended in spans), default=at),
        seconds=-(-lasted // timedelta(seconds=1)), evidence_sha256=sha256, at=at,
    )  # fmt: skip
    SUBMISSION.move(row, "deliver", actor, at=at)
    return row


@transaction.atomic
def _given_up(actor: Actor, submission: UUID, why: str, at: datetime) -> Submission:
    """No report came of it: nothing is charged for the run, what was held returns."""
    row = locked_submission(submission)
    if row.state == SubmissionState.TESTING:
        row.faults = [why]
        row.save(update_fields=["faults"])
        SUBMISSION.move(row, "give_up", actor, at=at)
        release_run(actor, row, at=at)
        decided(row, actor, why, at)
        tell(row, "failed", at)
    return row


def signing_key() -> Ed25519PrivateKey:
    """The test-bed's own, made when it is not there."""
    return signing.private_key(Path(settings.DATA_DIR) / "secrets" / KEY_NAME)

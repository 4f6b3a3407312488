"""REST routes of submissions: makers hand in, order, appeal, withdraw; operators decide."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from django.http.response import HttpResponseBase
from ninja import Field, File, Form, Router, Schema
from ninja.files import UploadedFile

from madang.compute.grants.queries import grant_for
from madang.compute.sites.engines import engine_for
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.documents.actions import store_document
from madang.parties.documents.api import download
from madang.parties.documents.models import Document
from madang.parties.documents.store import default_store
from madang.parties.organisations.models import Organisation
from madang.testbed.board.api import ReportOut, report_out
from madang.testbed.errors import ArchiveMalformed
from madang.testbed.policy import policy_at
from madang.testbed.submissions import actions, appeals, runs
from madang.testbed.submissions.models import Submission, SubmissionAppeal
from madang.testbed.submissions.queries import (
    appeal_for,
    appealable_until,
    submission_for,
    submissions_for,
)

router = Router(tags=["testbed"])
ONE = "/testbed/submissions/{submission_id}"
Code = Annotated[str, Field(max_length=128)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class SubmitIn(Schema):
    organisation: Code
    offering: Code = ""


class OrderIn(Schema):
    """`files` is a zip in base64 of the small files that the specification names."""

    organisation: Code
    spec: Annotated[str, Field(max_length=100_000)]
    files: Annotated[str, Field(max_length=400_000)] = ""
    voucher: Code = ""
    offering: Code = ""


class AcceptIn(Schema):
    grant: Code


class End(Protocol):
    """An action that ends a submission."""

    def __call__(
        self, actor: Actor, submission: UUID, *, reason: str, at: datetime
    ) -> Submission: ...


class ReasonIn(Schema):
    reason: Reason


class AppealIn(Schema):
    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class AppealDecisionIn(Schema):
    upheld: bool
    reason: Reason


class AppealOut(Schema):
    id: UUID
    state: str
    text: str
    answer: str
    filed_at: datetime
    decided_at: datetime | None


class SubmissionOut(Schema):
    id: UUID
    kind: str
    organisation: str
    state: str
    device: str
    model: str
    scenario: str
    profile: str
    verdict: str
    sha256: str
    faults: list[str]
    offering: str
    voucher: str
    held_microwon: int
    charge_microwon: int | None
    job: UUID | None
    created_at: datetime
    decided_at: datetime | None
    reason: str
    appealable_until: datetime | None
    appeals: list[AppealOut]


def appeal_out(row: SubmissionAppeal) -> dict[str, object]:
    names = ("id", "state", "text", "answer", "filed_at", "decided_at")
    return {name: getattr(row, name) for name in names}


def submission_out(row: Submission) -> dict[str, object]:
    names = (
        *("id", "kind", "state", "device", "model", "scenario", "profile", "verdict", "sha256"),
        *("faults", "charge_microwon", "created_at", "decided_at", "reason"),
    )
    return {
        **{name: getattr(row, name) for name in names},
        "organisation": row.organisation.code,
        "offering": row.offering.code if row.offering else "",
        "voucher": row.voucher.code if row.voucher else "",
        "held_microwon": row.held_microwon if row.hold else 0,
        "job": row.job_id,
        "appealable_until": appealable_until(row),
        "appeals": [appeal_out(one) for one in row.appeals.order_by("filed_at")],
    }


def own_organisation(actor: Actor, code: str) -> Organisation:
    """A firm where the actor is a maker. Raises NotFound for every other."""
    row = Organisation.objects.filter(code=code).first()
    if row is None:
        raise NotFound
    actor.need_at(Role.MAKER, row.id)
    return row


def stored_archive(
    request: ApiRequest, organisation: Organisation, file: UploadedFile
) -> Document:
    """The zip as a document of the firm, within the test-bed's own limit."""
    return store_document(
        request.actor,
        chunks=file.chunks(),
        file_name=file.name or "report.zip",
        media_type="application/zip",
        organisation=organisation.id,
        store=default_store(),
        at=request.at,
        size_bytes_max=policy_at(request.at).archive_bytes_max,
    )


@router.post("/testbed/submissions", response=SubmissionOut, operation_id="submit_test_report")
def submit_test_report(
    request: ApiRequest, body: Form[SubmitIn], file: File[UploadedFile]
) -> dict[str, object]:
    """The zip of a report's folder. The same report again is the same submission."""
    organisation = own_organisation(request.actor, body.organisation)
    document = stored_archive(request, organisation, file)
    row = actions.submit_test_report(
        request.actor, organisation, document, offering=body.offering, store=default_store(),
        at=request.at,
    )  # fmt: skip
    return submission_out(row)


@router.post("/testbed/runs", response=SubmissionOut, operation_id="order_test_run")
def order_test_run(request: ApiRequest, body: OrderIn) -> dict[str, object]:
    """The most that the run may cost is reserved now; an operator starts it."""
    organisation = own_organisation(request.actor, body.organisation)
    try:
        files = base64.b64decode(body.files, validate=True)
    except binascii.Error as err:
        raise ArchiveMalformed(reason="no base64") from err
    row = runs.order_test_run(
        request.actor, organisation, spec=body.spec, files=files, voucher=body.voucher,
        offering=body.offering, at=request.at,
    )  # fmt: skip
    return submission_out(row)


@router.get(
    "/testbed/submissions", response=list[SubmissionOut], operation_id="list_submissions"
)
def list_submissions(request: ApiRequest, state: str = "") -> list[dict[str, object]]:
    """One's own; all for operators and auditors. Newest first."""
    rows = submissions_for(request.actor).prefetch_related("appeals")
    rows = rows.filter(state=state) if state else rows
    return [submission_out(row) for row in rows[:ROWS_MAX]]


@router.get(ONE, response=SubmissionOut, operation_id="show_submission")
def show_submission(request: ApiRequest, submission_id: UUID) -> dict[str, object]:
    return submission_out(submission_for(request.actor, submission_id))


@router.get(ONE + "/archive", operation_id="read_submission_archive")
def read_submission_archive(request: ApiRequest, submission_id: UUID) -> HttpResponseBase:
    """The report's whole folder, raw logs and key with it, as one zip."""
    return archive_answer(submission_for(request.actor, submission_id))


def archive_answer(row: Submission) -> HttpResponseBase:
    if row.archive is None:
        raise NotFound
    return download(row.archive)


@router.post(ONE + "/accept", response=SubmissionOut, operation_id="accept_test_run")
def accept_test_run(
    request: ApiRequest, submission_id: UUID, body: AcceptIn
) -> dict[str, object]:
    """Start an ordered run on a grant of GPU time."""
    request.actor.need(Role.OPERATOR)
    row = submission_for(request.actor, submission_id)
    grant = grant_for(request.actor, body.grant)
    engine = engine_for(grant.gpu_class.site, request.at)
    return submission_out(
        runs.accept_test_run(request.actor, row.id, grant, engine, at=request.at)
    )


@router.post(ONE + "/publish", response=ReportOut, operation_id="publish_submission")
def publish_submission(request: ApiRequest, submission_id: UUID) -> dict[str, object]:
    request.actor.need(Role.OPERATOR)
    row = submission_for(request.actor, submission_id)
    return report_out(
        actions.publish_submission(request.actor, row.id, store=default_store(), at=request.at)
    )


@router.post(ONE + "/decline", response=SubmissionOut, operation_id="decline_submission")
def decline_submission(
    request: ApiRequest, submission_id: UUID, body: ReasonIn
) -> dict[str, object]:
    request.actor.need(Role.OPERATOR)
    return submission_out(ended(request, submission_id, body, actions.decline_submission))


@router.post(ONE + "/remove", response=SubmissionOut, operation_id="remove_submission")
def remove_submission(
    request: ApiRequest, submission_id: UUID, body: ReasonIn
) -> dict[str, object]:
    """Off the board, with a reason that everybody reads."""
    request.actor.need(Role.OPERATOR)
    return submission_out(ended(request, submission_id, body, actions.remove_submission))


@router.post(ONE + "/withdraw", response=SubmissionOut, operation_id="withdraw_submission")
def withdraw_submission(
    request: ApiRequest, submission_id: UUID, body: ReasonIn
) -> dict[str, object]:
    done = ended(request, submission_id, body, actions.withdraw_submission)
    end_job(request, done)
    return submission_out(done)


def ended(request: ApiRequest, submission: UUID, body: ReasonIn, end: End) -> Submission:
    """One that the caller may see, ended in one of the ways that need a reason."""
    row = submission_for(request.actor, submission)
    return end(request.actor, row.id, reason=body.reason, at=request.at)


def end_job(request: ApiRequest, row: Submission) -> None:
    """A withdrawn order's job ends, too."""
    if row.job is not None:
        runs.cancel_run(request.actor, row, engine_for(row.job.site, request.at), at=request.at)


@router.post(ONE + "/appeals", response=AppealOut, operation_id="appeal_submission")
def appeal_submission(
    request: ApiRequest, submission_id: UUID, body: AppealIn
) -> dict[str, object]:
    row = submission_for(request.actor, submission_id)
    done = appeals.appeal_submission(request.actor, row.id, text=body.text, at=request.at)
    return appeal_out(done)


@router.post(
    "/testbed/appeals/{testbed_appeal_id}/decide",
    response=AppealOut,
    operation_id="decide_submission_appeal",
)
def decide_submission_appeal(
    request: ApiRequest, testbed_appeal_id: UUID, body: AppealDecisionIn
) -> dict[str, object]:
    """By another person than the one whose decision it is."""
    request.actor.need(Role.OPERATOR)
    row = appeal_for(request.actor, testbed_appeal_id)
    done = appeals.decide_submission_appeal(
        request.actor, row.id, upheld=body.upheld, reason=body.reason, at=request.at
    )
    return appeal_out(done)

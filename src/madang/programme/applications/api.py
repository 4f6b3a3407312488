"""REST routes of applications: draft, attachments, receipt, eligibility."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponseBase
from ninja import Field, File, Query, Router, Schema
from ninja.files import UploadedFile

from madang.core.errors import NotFound
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.documents.api import download
from madang.parties.documents.store import default_store
from madang.parties.exact import Number, Plain, Whole
from madang.parties.instants import Instant
from madang.parties.organisations.queries import organisations_for
from madang.parties.remote import remote_address
from madang.programme.applications import actions
from madang.programme.applications.attachments import (
    attach_document,
    attachment_for,
    detach_document,
)
from madang.programme.applications.eligibility import check_eligibility, find_again
from madang.programme.applications.lane import lane_wait
from madang.programme.applications.models import Application, Attachment
from madang.programme.applications.queries import (
    application_for,
    applications_for,
    drafts_of,
    findings_for,
    narrowed,
    words_told,
)
from madang.programme.calls.queries import call_by_code
from madang.programme.flags.traces import trace_submission

router = Router(tags=["applications"])
ONE = "/applications/{application_id}"
ATTACHED = Prefetch(
    "attachments",
    queryset=Attachment.objects.select_related("document").order_by("slot", "added_at"),
)
Offset = Annotated[int, Query(ge=0, le=10**9)]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]


Answer = str | int | bool | list[str] | None
AnswerIn = str | Plain | bool | list[str] | None


class StartIn(Schema):
    """The organisation that applies, by its code."""

    organisation: str


class SaveIn(Schema):
    """Given `draft_number`, a draft that somebody saved since is not overwritten."""

    answers: dict[str, AnswerIn]
    requested_microwon: Annotated[Whole, Field(ge=0, le=2**62)] | None = None
    supplier: str | None = None
    draft_number: Number | None = None


class ReasonIn(Schema):
    reason: Annotated[str, Field(max_length=4000)] = ""


class ReturnIn(Schema):
    """Without a day, the one that the call's terms give, moved past days off."""

    reason: Annotated[str, Field(max_length=4000)]
    due_at: Instant | None = None


class EligibilityIn(Schema):
    is_eligible: bool
    findings: list[Annotated[str, Field(max_length=100)]] = []
    reason: Annotated[str, Field(max_length=4000)] = ""


class AttachmentOut(Schema):
    id: UUID
    slot: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str


class FindingOut(Schema):
    code: str
    outcome: str
    seen: str


class FindingsOut(Schema):
    at: datetime
    is_met: bool
    findings: list[FindingOut]


class DraftOut(Schema):
    number: int
    saved_at: datetime
    answers: dict[str, Answer]
    requested_microwon: int
    supplier: str | None


class RevisionOut(Schema):
    number: int
    sha256: str
    received_at: datetime


class ApplicationOut(Schema):
    id: UUID
    call: str
    organisation: str
    supplier: str | None
    state: str
    answers: dict[str, Answer]
    requested_microwon: int
    draft_number: int
    receipt_no: str
    content_sha256: str
    submitted_at: datetime | None
    completion_due_at: datetime | None
    answer_due_at: datetime | None
    form_version: int | None
    lane: str
    lane_wait: Literal["", "rules", "spent"]
    """Why a small request was not answered at once: `open_rules`, or no money of the lane."""
    open_rules: list[str]
    bonuses: list[str]
    attachments: list[AttachmentOut]


class WordsOut(Schema):
    """`step` is `return` or `find_ineligible`."""

    step: str
    text: str
    at: datetime


class ApplicationWithWordsOut(ApplicationOut):
    """With what the agency said: what is to be completed, why it is not eligible."""

    agency_words: list[WordsOut]


def attachment_out(row: Attachment) -> AttachmentOut:
    document = row.document
    return AttachmentOut(
        id=row.id,
        slot=row.slot,
        file_name=document.file_name,
        media_type=document.media_type,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
    )


def application_out(row: Application) -> ApplicationOut:
    prefetch_related_objects([row], ATTACHED)
    wait = lane_wait(row)
    return ApplicationOut(
        id=row.id,
        call=row.call.code,
        organisation=row.organisation.code,
        supplier=row.supplier.code if row.supplier else None,
        state=row.state,
        answers=row.answers,
        requested_microwon=row.requested_microwon,
        draft_number=row.draft_number,
        receipt_no=row.receipt_no,
        content_sha256=row.content_sha256,
        submitted_at=row.submitted_at,
        completion_due_at=row.completion_due_at,
        answer_due_at=row.answer_due_at,
        form_version=row.form_version.number if row.form_version else None,
        lane=row.lane,
        lane_wait=wait.why if wait else "",
        open_rules=[one.code for one in wait.rules] if wait else [],
        bonuses=row.bonus_codes,
        attachments=[attachment_out(one) for one in row.attachments.all()],
    )


@router.get("/applications", response=list[ApplicationOut], operation_id="list_applications")
def list_applications(
    request: ApiRequest,
    call: str | None = None,
    state: str = "",
    q: str = "",
    offset: Offset = 0,
    limit: Limit = ROWS_MAX,
) -> list[ApplicationOut]:
    """One's own with drafts; what was handed in for operators, auditors, pledged reviewers.

    `q` looks into receipt numbers and firms; `offset` reads on where a list ended.
    """
    rows = narrowed(applications_for(request.actor), state=state, text=q)
    if call is not None:
        rows = rows.filter(call__code=call)
    shown = rows.prefetch_related(ATTACHED)[offset : offset + limit]
    return [application_out(row) for row in shown]


@router.post(
    "/calls/{code}/applications", response=ApplicationOut, operation_id="start_application"
)
def start(request: ApiRequest, code: str, body: StartIn) -> ApplicationOut:
    """A draft; the open one of the organisation if there is one."""
    call = call_by_code(request.actor, code)
    firm = organisations_for(request.actor).filter(code=body.organisation).first()
    if firm is None:
        raise NotFound
    return application_out(actions.start_application(request.actor, call, firm, at=request.at))


@router.get(ONE, response=ApplicationWithWordsOut, operation_id="show_application")
def show_application(request: ApiRequest, application_id: UUID) -> ApplicationWithWordsOut:
    row = application_for(request.actor, application_id, at=request.at)
    words = [
        WordsOut(
            step=one.action.removeprefix("application."), text=one.reason_row.text, at=one.at
        )
        for one in words_told(request.actor, row)
    ]
    return ApplicationWithWordsOut(**application_out(row).dict(), agency_words=words)


@router.put(ONE, response=ApplicationOut, operation_id="save_application")
def save(request: ApiRequest, application_id: UUID, body: SaveIn) -> ApplicationOut:
    row = application_for(request.actor, application_id, at=request.at)
    done = actions.save_application(
        request.actor,
        row.id,
        answers=body.answers,
        requested_microwon=body.requested_microwon,
        supplier=body.supplier,
        draft_number=body.draft_number,
        at=request.at,
    )
    return application_out(done)


@router.post(ONE + "/submit", response=ApplicationOut, operation_id="submit_application")
def submit(request: ApiRequest, application_id: UUID) -> ApplicationOut:
    """Hand in, before the deadline by the server's clock; the answer has the receipt."""
    row = application_for(request.actor, application_id, at=request.at)
    done = actions.submit_application(request.actor, row.id, at=request.at)
    trace_submission(done, remote=remote_address(request), at=request.at)
    return application_out(done)


@router.post(ONE + "/withdraw", response=ApplicationOut, operation_id="withdraw_application")
def withdraw(request: ApiRequest, application_id: UUID, body: ReasonIn) -> ApplicationOut:
    row = application_for(request.actor, application_id, at=request.at)
    done = actions.withdraw_application(
        request.actor, row.id, reason=body.reason, at=request.at
    )
    return application_out(done)


@router.post(ONE + "/return", response=ApplicationOut, operation_id="return_for_completion")
def give_back(request: ApiRequest, application_id: UUID, body: ReturnIn) -> ApplicationOut:
    row = application_for(request.actor, application_id, at=request.at)
    done = actions.return_for_completion(
        request.actor, row.id, reason=body.reason, due_at=body.due_at, at=request.at
    )
    return application_out(done)


@router.post(ONE + "/eligibility", response=ApplicationOut, operation_id="check_eligibility")
def eligibility(
    request: ApiRequest, application_id: UUID, body: EligibilityIn
) -> ApplicationOut:
    row = application_for(request.actor, application_id, at=request.at)
    done = check_eligibility(
        request.actor,
        row.id,
        is_eligible=body.is_eligible,
        findings=body.findings,
        reason=body.reason,
        at=request.at,
    )
    return application_out(done)


@router.post(ONE + "/slots/{slot}", response=AttachmentOut, operation_id="attach_document")
def attach(
    request: ApiRequest, application_id: UUID, slot: str, file: File[UploadedFile]
) -> AttachmentOut:
    """Put a file into a slot of the form. The same bytes in the same slot stay one."""
    row = application_for(request.actor, application_id, at=request.at)
    made = attach_document(
        request.actor,
        row.id,
        slot=slot,
        chunks=file.chunks(),
        file_name=file.name or "file",
        media_type=file.content_type or "application/octet-stream",
        store=default_store(),
        at=request.at,
    )
    return attachment_out(made)


@router.get(ONE + "/attachments/{attachment_id}", operation_id="read_attachment")
def read_attachment(
    request: ApiRequest, application_id: UUID, attachment_id: UUID
) -> HttpResponseBase:
    """The file, for whoever may read the application now."""
    return download(attachment_for(request.actor, application_id, attachment_id, at=request.at))


@router.delete(
    ONE + "/attachments/{attachment_id}", response={204: None}, operation_id="detach_document"
)
def detach(request: ApiRequest, application_id: UUID, attachment_id: UUID) -> tuple[int, None]:
    row = application_for(request.actor, application_id, at=request.at)
    detach_document(request.actor, row.id, attachment_id, at=request.at)
    return 204, None


@router.post(ONE + "/carry", response=ApplicationOut, operation_id="carry_application")
def carry(request: ApiRequest, application_id: UUID) -> ApplicationOut:
    """A draft that missed its cut-off goes to the next one of its series."""
    row = application_for(request.actor, application_id, at=request.at)
    actions.carry_application(request.actor, row.id, at=request.at)
    return application_out(application_for(request.actor, application_id, at=request.at))


@router.get(ONE + "/drafts", response=list[DraftOut], operation_id="list_drafts")
def list_drafts(request: ApiRequest, application_id: UUID) -> list[DraftOut]:
    """Every save that changed something, newest first. For the applicant alone."""
    row = application_for(request.actor, application_id, at=request.at)
    return [
        DraftOut(
            number=draft.number,
            saved_at=draft.saved_at,
            answers=draft.answers,
            requested_microwon=draft.requested_microwon,
            supplier=draft.supplier.code if draft.supplier else None,
        )
        for draft in drafts_of(request.actor, row)[:ROWS_MAX]
    ]


@router.post(
    ONE + "/drafts/{number}/restore", response=ApplicationOut, operation_id="restore_draft"
)
def restore(request: ApiRequest, application_id: UUID, number: int) -> ApplicationOut:
    """An earlier draft taken up again, as a new one."""
    row = application_for(request.actor, application_id, at=request.at)
    return application_out(actions.restore_draft(request.actor, row.id, number, at=request.at))


@router.get(ONE + "/revisions", response=list[RevisionOut], operation_id="list_revisions")
def list_revisions(request: ApiRequest, application_id: UUID) -> list[RevisionOut]:
    """Everything that was handed in, by its digest."""
    row = application_for(request.actor, application_id, at=request.at)
    return [RevisionOut.from_orm(one) for one in row.revisions.order_by("number")[:ROWS_MAX]]


@router.get(ONE + "/findings", response=list[FindingsOut], operation_id="list_findings")
def list_findings(request: ApiRequest, application_id: UUID) -> list[FindingsOut]:
    """What the eligibility rules found, each time they were asked."""
    row = application_for(request.actor, application_id, at=request.at)
    found = findings_for(request.actor, row)
    return [FindingsOut.from_orm(one) for one in found[:ROWS_MAX]]


@router.post(ONE + "/findings", response=FindingsOut, operation_id="find_again")
def find_again_now(request: ApiRequest, application_id: UUID) -> FindingsOut:
    """Ask every rule once more; decides nothing."""
    row = application_for(request.actor, application_id, at=request.at)
    return FindingsOut.from_orm(find_again(request.actor, row.id, at=request.at))

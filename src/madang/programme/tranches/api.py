"""REST routes of an award's execution: parts, reports, checks, the own part in kind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.metering.vouchers.api import Amount, Reason
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.events.queries import reasons_of
from madang.parties.instants import Instant
from madang.programme.awards.queries import award_for, awards_for
from madang.programme.checks.actions import plan_check, record_check
from madang.programme.checks.models import CheckKind, ExecutionCheck
from madang.programme.copayments import in_kind
from madang.programme.copayments.models import InKindEvidence
from madang.programme.reports import actions as reports
from madang.programme.reports.models import Report
from madang.programme.reports.queries import measured_of, report_for, reports_for
from madang.programme.tranches.actions import release_tranche
from madang.programme.tranches.models import Tranche

router = Router(tags=["execution"])
AWARD = "/awards/{award_id}"
REPORT = "/reports/{report_id}"
IN_KIND = "/in-kind/{evidence_id}"


class TrancheOut(Schema):
    number: int
    amount_microwon: int
    state: str
    released_at: datetime | None


class ReportOut(Schema):
    id: UUID
    award: UUID
    kind: str
    due_at: datetime
    state: str
    sections: dict[str, str]
    measured: dict[str, object]
    sha256: str
    why_returned: str


class ReportIn(Schema):
    sections: dict[
        Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=50000)]
    ]


class CheckIn(Schema):
    kind: CheckKind
    due_at: Instant


class CheckResultIn(Reason):
    result: Literal["passed", "improve", "failed"]


class CheckOut(Schema):
    id: UUID
    award: UUID
    kind: str
    due_at: datetime
    state: str
    measured: dict[str, object]


class PledgeIn(Schema):
    amount_microwon: Amount


class EvidenceIn(PledgeIn):
    document: UUID


class InKindOut(Schema):
    award: UUID
    outstanding_microwon: int


class EvidenceOut(Schema):
    id: UUID
    award: UUID
    document: UUID
    amount_microwon: int
    state: str


def tranche_out(row: Tranche) -> TrancheOut:
    return TrancheOut(
        number=row.number,
        amount_microwon=row.amount_microwon,
        state=row.state,
        released_at=row.released_at,
    )


def report_out(row: Report, at: datetime) -> ReportOut:
    """Before it is handed in it shows what is measured now."""
    last = row.texts.order_by("-number").first()
    is_open = row.state in {"due", "returned"}
    told = reasons_of("report.return", [str(row.id)]) if row.state == "returned" else {}
    return ReportOut(
        id=row.id,
        award=row.award_id,
        kind=row.kind,
        due_at=row.due_at,
        state=row.state,
        sections=last.sections if last is not None else {},
        measured=dict(measured_of(row.award, at)) if is_open else row.measured,
        sha256=row.sha256,
        why_returned=told.get(str(row.id), ""),
    )


def check_out(row: ExecutionCheck) -> CheckOut:
    return CheckOut(
        id=row.id,
        award=row.award_id,
        kind=row.kind,
        due_at=row.due_at,
        state=row.state,
        measured=row.measured,
    )


def evidence_out(row: InKindEvidence) -> EvidenceOut:
    return EvidenceOut(
        id=row.id,
        award=row.award_id,
        document=row.document_id,
        amount_microwon=row.amount_microwon,
        state=row.state,
    )


@router.get(AWARD + "/tranches", response=list[TrancheOut], operation_id="list_tranches")
def list_tranches(request: ApiRequest, award_id: UUID) -> list[TrancheOut]:
    row = award_for(request.actor, award_id)
    return [tranche_out(one) for one in row.tranches.order_by("number")]


@router.post(AWARD + "/tranches/release", response=TrancheOut, operation_id="release_tranche")
def release(request: ApiRequest, award_id: UUID) -> TrancheOut:
    """The next part, against progress."""
    row = award_for(request.actor, award_id)
    return tranche_out(release_tranche(request.actor, row.id, at=request.at))


@router.get("/reports", response=list[ReportOut], operation_id="list_reports")
def list_reports(request: ApiRequest) -> list[ReportOut]:
    rows = reports_for(request.actor).select_related("award__voucher")
    return [report_out(row, request.at) for row in rows[:ROWS_MAX]]


@router.get(REPORT, response=ReportOut, operation_id="show_report")
def show_report(request: ApiRequest, report_id: UUID) -> ReportOut:
    return report_out(report_for(request.actor, report_id), request.at)


@router.post(REPORT + "/submit", response=ReportOut, operation_id="submit_report")
def submit(request: ApiRequest, report_id: UUID, body: ReportIn) -> ReportOut:
    """A few paragraphs; what was measured is filled in."""
    row = report_for(request.actor, report_id)
    done = reports.submit_report(request.actor, row.id, sections=body.sections, at=request.at)
    return report_out(done, request.at)


@router.post(REPORT + "/return", response=ReportOut, operation_id="return_report")
def give_back(request: ApiRequest, report_id: UUID, body: Reason) -> ReportOut:
    row = report_for(request.actor, report_id)
    done = reports.return_report(request.actor, row.id, reason=body.reason, at=request.at)
    return report_out(done, request.at)


@router.post(REPORT + "/accept", response=ReportOut, operation_id="accept_report")
def accept(request: ApiRequest, report_id: UUID) -> ReportOut:
    row = report_for(request.actor, report_id)
    return report_out(reports.accept_report(request.actor, row.id, at=request.at), request.at)


@router.get(AWARD + "/checks", response=list[CheckOut], operation_id="list_checks")
def list_checks(request: ApiRequest, award_id: UUID) -> list[CheckOut]:
    row = award_for(request.actor, award_id)
    return [check_out(one) for one in row.checks.order_by("due_at")]


@router.post(AWARD + "/checks", response=CheckOut, operation_id="plan_check")
def plan(request: ApiRequest, award_id: UUID, body: CheckIn) -> CheckOut:
    row = award_for(request.actor, award_id)
    done = plan_check(request.actor, row.id, kind=body.kind, due_at=body.due_at, at=request.at)
    return check_out(done)


@router.post("/checks/{check_id}/result", response=CheckOut, operation_id="record_check")
def result(request: ApiRequest, check_id: UUID, body: CheckResultIn) -> CheckOut:
    visible = ExecutionCheck.objects.filter(award__in=awards_for(request.actor), id=check_id)
    if not visible.exists():
        raise NotFound
    done = record_check(
        request.actor, check_id, result=body.result, reason=body.reason, at=request.at
    )
    return check_out(done)


@router.post(AWARD + "/in-kind/pledges", response=InKindOut, operation_id="pledge_in_kind")
def pledge(request: ApiRequest, award_id: UUID, body: PledgeIn) -> InKindOut:
    """What the beneficiary brings in kind: a memorandum, it never funds a charge."""
    row = award_for(request.actor, award_id)
    in_kind.pledge_in_kind(
        request.actor, row.id, amount_microwon=body.amount_microwon, at=request.at
    )
    return InKindOut(award=row.id, outstanding_microwon=in_kind.outstanding_microwon(row))


@router.post(AWARD + "/in-kind", response=EvidenceOut, operation_id="submit_in_kind")
def evidence(request: ApiRequest, award_id: UUID, body: EvidenceIn) -> EvidenceOut:
    row = award_for(request.actor, award_id)
    done = in_kind.submit_in_kind(
        request.actor,
        row.id,
        document=body.document,
        amount_microwon=body.amount_microwon,
        at=request.at,
    )
    return evidence_out(done)


def _shown(request: ApiRequest, evidence_id: UUID) -> UUID:
    visible = InKindEvidence.objects.filter(award__in=awards_for(request.actor), id=evidence_id)
    if not visible.exists():
        raise NotFound
    return evidence_id


@router.post(IN_KIND + "/accept", response=EvidenceOut, operation_id="accept_in_kind")
def accept_evidence(request: ApiRequest, evidence_id: UUID) -> EvidenceOut:
    found = _shown(request, evidence_id)
    return evidence_out(in_kind.accept_in_kind(request.actor, found, at=request.at))


@router.post(IN_KIND + "/reject", response=EvidenceOut, operation_id="reject_in_kind")
def reject_evidence(request: ApiRequest, evidence_id: UUID, body: Reason) -> EvidenceOut:
    found = _shown(request, evidence_id)
    done = in_kind.reject_in_kind(request.actor, found, reason=body.reason, at=request.at)
    return evidence_out(done)

"""REST routes of project settlements and their findings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.metering.vouchers.api import Reason
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.programme.awards.queries import award_for, awards_for
from madang.programme.cases.models import Ground
from madang.programme.settlements import actions
from madang.programme.settlements.models import Finding, ProjectSettlement

router = Router(tags=["project settlement"])
SETTLEMENT = "/project-settlements/{settlement_id}"


class FindingOut(Schema):
    id: UUID
    ground: str
    amount_microwon: int
    case: UUID | None
    is_answered: bool


class SettlementOut(Schema):
    id: UUID
    award: UUID
    state: str
    due_at: datetime
    needs_verification: bool
    needs_audit: bool
    figures: dict[str, object]
    figures_sha256: str
    verifier: str
    findings: list[FindingOut]


class VerifyIn(Schema):
    verifier: Annotated[str, Field(pattern="^[A-Za-z0-9._-]{1,64}$")]
    audit_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""


class AuditIn(Schema):
    audit_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FindingIn(Reason):
    ground: Ground
    amount_microwon: Annotated[Whole, Field(ge=0, le=2**62)]


class AnswerIn(Reason):
    case: UUID | None = None


class ReturnIn(Schema):
    """`is_year_end`: the unused budget leaves the year instead of being allotted again."""

    is_year_end: bool = False


def settlement_out(row: ProjectSettlement) -> SettlementOut:
    return SettlementOut(
        id=row.id,
        award=row.award_id,
        state=row.state,
        due_at=row.due_at,
        needs_verification=row.needs_verification,
        needs_audit=row.needs_audit,
        figures=row.figures,
        figures_sha256=row.figures_sha256,
        verifier=row.verifier,
        findings=[finding_out(one) for one in row.findings.order_by("found_at", "id")],
    )


def finding_out(row: Finding) -> FindingOut:
    return FindingOut(
        id=row.id,
        ground=row.ground,
        amount_microwon=row.amount_microwon,
        case=row.case_id,
        is_answered=row.is_answered,
    )


def _seen(request: ApiRequest, settlement_id: UUID) -> UUID:
    rows = ProjectSettlement.objects.filter(award__in=awards_for(request.actor))
    if not rows.filter(id=settlement_id).exists():
        raise NotFound
    return settlement_id


@router.get(
    "/project-settlements",
    response=list[SettlementOut],
    operation_id="list_project_settlements",
)
def list_settlements(request: ApiRequest) -> list[SettlementOut]:
    rows = ProjectSettlement.objects.filter(award__in=awards_for(request.actor))
    return [settlement_out(row) for row in rows.order_by("created_at", "id")[:ROWS_MAX]]


@router.post(
    "/awards/{award_id}/settlement",
    response=SettlementOut,
    operation_id="open_project_settlement",
)
def open_one(request: ApiRequest, award_id: UUID) -> SettlementOut:
    """When the voucher has ended. Opening it again changes nothing."""
    row = award_for(request.actor, award_id)
    return settlement_out(actions.open_settlement(request.actor, row.id, at=request.at))


@router.post(
    SETTLEMENT + "/submit", response=SettlementOut, operation_id="submit_project_settlement"
)
def submit(request: ApiRequest, settlement_id: UUID) -> SettlementOut:
    """The ledger's figures; the beneficiary says that they are right."""
    found = _seen(request, settlement_id)
    return settlement_out(actions.submit_settlement(request.actor, found, at=request.at))


@router.post(
    SETTLEMENT + "/verify", response=SettlementOut, operation_id="verify_project_settlement"
)
def verify(request: ApiRequest, settlement_id: UUID, body: VerifyIn) -> SettlementOut:
    found = _seen(request, settlement_id)
    done = actions.verify_settlement(
        request.actor,
        found,
        verifier=body.verifier,
        audit_sha256=body.audit_sha256,
        at=request.at,
    )
    return settlement_out(done)


@router.post(
    SETTLEMENT + "/audit", response=SettlementOut, operation_id="attach_settlement_audit"
)
def audit(request: ApiRequest, settlement_id: UUID, body: AuditIn) -> SettlementOut:
    """The external audit's report, by its digest, also after the accountant began."""
    found = _seen(request, settlement_id)
    done = actions.attach_audit(
        request.actor, found, audit_sha256=body.audit_sha256, at=request.at
    )
    return settlement_out(done)


@router.post(SETTLEMENT + "/findings", response=FindingOut, operation_id="record_finding")
def find(request: ApiRequest, settlement_id: UUID, body: FindingIn) -> FindingOut:
    found = _seen(request, settlement_id)
    done = actions.record_finding(
        request.actor,
        found,
        ground=body.ground,
        amount_microwon=body.amount_microwon,
        reason=body.reason,
        at=request.at,
    )
    return finding_out(done)


@router.post(
    "/findings/{finding_id}/answer", response=FindingOut, operation_id="answer_finding"
)
def answer(request: ApiRequest, finding_id: UUID, body: AnswerIn) -> FindingOut:
    """A case deals with it, or it is explained."""
    visible = Finding.objects.filter(
        settlement__award__in=awards_for(request.actor), id=finding_id
    )
    if not visible.exists():
        raise NotFound
    done = actions.answer_finding(
        request.actor, finding_id, case=body.case, reason=body.reason, at=request.at
    )
    return finding_out(done)


@router.post(
    SETTLEMENT + "/confirm", response=SettlementOut, operation_id="confirm_project_settlement"
)
def confirm(request: ApiRequest, settlement_id: UUID) -> SettlementOut:
    found = _seen(request, settlement_id)
    return settlement_out(actions.confirm_settlement(request.actor, found, at=request.at))


@router.post(
    SETTLEMENT + "/return", response=SettlementOut, operation_id="return_project_settlement"
)
def give_back(request: ApiRequest, settlement_id: UUID, body: ReturnIn) -> SettlementOut:
    """The voucher is closed, what is left goes back, the agreement is completed."""
    found = _seen(request, settlement_id)
    done = actions.return_settlement(
        request.actor, found, is_year_end=body.is_year_end, at=request.at
    )
    return settlement_out(done)

"""REST routes of corrections."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from madang.metering.vouchers.api import Reason
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.programme.corrections import actions
from madang.programme.corrections.models import Correction
from madang.programme.corrections.queries import corrections_of

router = Router(tags=["corrections"])


class CorrectionIn(Reason):
    """`voucher` where the journal is a deposit: the voucher that it belongs to."""

    journal: UUID
    voucher: str | None = None


class CorrectionOut(Schema):
    id: UUID
    journal: UUID
    kind: str
    state: str
    voucher: str | None
    effective_at: datetime
    reversed_by: UUID | None
    proposed_by: str
    decided_by: str


def correction_out(row: Correction) -> CorrectionOut:
    return CorrectionOut(
        id=row.id,
        journal=row.journal,
        kind=row.kind,
        state=row.state,
        voucher=row.voucher.code if row.voucher else None,
        effective_at=row.effective_at,
        reversed_by=row.reversed_by,
        proposed_by=row.proposed_by,
        decided_by=row.decided_by,
    )


@router.get("/corrections", response=list[CorrectionOut], operation_id="list_corrections")
def list_corrections(request: ApiRequest) -> list[CorrectionOut]:
    return [correction_out(row) for row in corrections_of(request.actor)[:ROWS_MAX]]


@router.post("/corrections", response=CorrectionOut, operation_id="propose_correction")
def propose(request: ApiRequest, body: CorrectionIn) -> CorrectionOut:
    """One person says what is wrong and why."""
    request.actor.need(Role.OPERATOR)
    row = actions.propose_correction(
        request.actor,
        body.journal,
        voucher=voucher_for(request.actor, body.voucher) if body.voucher else None,
        reason=body.reason,
        at=request.at,
    )
    return correction_out(row)


@router.post(
    "/corrections/{correction_id}/book",
    response=CorrectionOut,
    operation_id="book_correction",
)
def book(request: ApiRequest, correction_id: UUID) -> CorrectionOut:
    """A second person books the exact reverse, once."""
    request.actor.need(Role.OPERATOR)
    done = actions.book_correction(request.actor, correction_id, at=request.at)
    return correction_out(done)


@router.post(
    "/corrections/{correction_id}/refuse",
    response=CorrectionOut,
    operation_id="refuse_correction",
)
def refuse(request: ApiRequest, correction_id: UUID, body: Reason) -> CorrectionOut:
    request.actor.need(Role.OPERATOR)
    done = actions.refuse_correction(
        request.actor, correction_id, reason=body.reason, at=request.at
    )
    return correction_out(done)

"""REST routes of reimbursements: ask for the share of a paid invoice, refuse it.

Accepting, sending back, paying and ending are those of milestones: a claim is one.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.parties.api import ApiRequest
from madang.parties.exact import WHOLE_MAX, Whole
from madang.parties.instants import Day
from madang.programme.awards.queries import award_for
from madang.programme.milestones.queries import milestone_for
from madang.programme.reimbursements import actions
from madang.programme.reimbursements.models import Purchase
from madang.programme.reimbursements.queries import purchases_for

router = Router(tags=["milestones"])
OF_AWARD = "/awards/{award_id}/claims"
DOCUMENTS_MAX = 20


class ClaimIn(Schema):
    """One paid tax invoice. `supply_microwon` is its supply value without VAT, in whole won."""

    seller_no: Annotated[str, Field(min_length=1, max_length=20)]
    invoice_no: Annotated[str, Field(min_length=1, max_length=64)]
    delivered_on: Day
    paid_on: Day
    supply_microwon: Annotated[Whole, Field(gt=0, le=WHOLE_MAX)]
    documents: Annotated[list[UUID], Field(max_length=DOCUMENTS_MAX)]


class RefusalIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class ClaimOut(Schema):
    """`milestone` is the id under which the claim is accepted, sent back and paid."""

    milestone: UUID
    award: UUID
    number: int
    state: str
    seller_no: str
    invoice_no: str
    delivered_on: date
    paid_on: date
    supply_microwon: int
    subsidy_microwon: int
    claimed_at: datetime


def claim_out(row: Purchase) -> ClaimOut:
    return ClaimOut(
        milestone=row.milestone_id,
        award=row.award_id,
        number=row.milestone.number,
        state=row.milestone.state,
        seller_no=row.seller_no,
        invoice_no=row.invoice_no,
        delivered_on=row.delivered_on,
        paid_on=row.paid_on,
        supply_microwon=row.supply_microwon,
        subsidy_microwon=row.milestone.amount_microwon,
        claimed_at=row.claimed_at,
    )


@router.get(OF_AWARD, response=list[ClaimOut], operation_id="list_claims")
def list_claims(request: ApiRequest, award_id: UUID) -> list[ClaimOut]:
    award = award_for(request.actor, award_id)
    return [claim_out(row) for row in purchases_for(request.actor).filter(award=award)]


@router.post(OF_AWARD, response=ClaimOut, operation_id="claim_reimbursement")
def claim(request: ApiRequest, award_id: UUID, body: ClaimIn) -> ClaimOut:
    """For an award whose call reimburses (`pay_direction`): the beneficiary paid already."""
    award = award_for(request.actor, award_id)
    said = body.dict()
    evidence = said.pop("documents")
    row = actions.claim_reimbursement(
        request.actor, award.id, actions.Bought(**said), evidence=evidence, at=request.at
    )
    return claim_out(purchases_for(request.actor).get(milestone=row))


@router.post("/claims/{milestone_id}/refuse", response=ClaimOut, operation_id="refuse_claim")
def refuse(request: ApiRequest, milestone_id: UUID, body: RefusalIn) -> ClaimOut:
    """Nothing is paid; the invoice may be claimed anew."""
    found = milestone_for(request.actor, milestone_id)
    row = actions.refuse_claim(request.actor, found.id, reason=body.reason, at=request.at)
    return claim_out(purchases_for(request.actor).get(milestone=row))

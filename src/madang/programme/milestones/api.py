"""REST routes of milestones: plan, agree, hand in, send back, accept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.statements.api import PayoutOut, payout_out
from madang.parties.api import ApiRequest
from madang.parties.exact import WHOLE_MAX, Whole
from madang.parties.instants import Day
from madang.programme.awards.queries import award_for
from madang.programme.milestones import actions
from madang.programme.milestones.models import Milestone
from madang.programme.milestones.queries import milestone_for, milestones_for

router = Router(tags=["milestones"])
OF_AWARD = "/awards/{award_id}/milestones"
STEPS_MAX = 100


class StepIn(Schema):
    name_ko: Annotated[str, Field(min_length=1, max_length=200)]
    name_en: Annotated[str, Field(min_length=1, max_length=200)]
    due_on: Day
    amount_microwon: Annotated[Whole, Field(gt=0, le=WHOLE_MAX)]


class StepsIn(Schema):
    """All steps of an award; their amounts add up to it."""

    steps: Annotated[list[StepIn], Field(min_length=1, max_length=STEPS_MAX)]


class EvidenceIn(Schema):
    """Stored documents, by id."""

    documents: Annotated[list[UUID], Field(max_length=STEPS_MAX)]


class ReasonIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class MilestoneOut(Schema):
    id: UUID
    award: UUID
    number: int
    name_ko: str
    name_en: str
    due_on: date
    amount_microwon: int
    state: str
    evidence_sha256: list[str]
    accepted_at: datetime | None


def milestone_out(row: Milestone) -> MilestoneOut:
    shown = sorted(row.evidence.all(), key=lambda one: one.id)
    return MilestoneOut(
        id=row.id,
        award=row.award_id,
        number=row.number,
        name_ko=row.name_ko,
        name_en=row.name_en,
        due_on=row.due_on,
        amount_microwon=row.amount_microwon,
        state=row.state,
        evidence_sha256=[one.document.sha256 for one in shown],
        accepted_at=row.accepted_at,
    )


@router.get(OF_AWARD, response=list[MilestoneOut], operation_id="list_milestones")
def list_milestones(request: ApiRequest, award_id: UUID) -> list[MilestoneOut]:
    award = award_for(request.actor, award_id)
    return [milestone_out(row) for row in milestones_for(request.actor).filter(award=award)]


@router.post(OF_AWARD, response=list[MilestoneOut], operation_id="plan_milestones")
def plan(request: ApiRequest, award_id: UUID, body: StepsIn) -> list[MilestoneOut]:
    """All at once; again until the beneficiary has agreed."""
    award = award_for(request.actor, award_id)
    steps = [actions.Step(**step.dict()) for step in body.steps]
    rows = actions.plan_milestones(request.actor, award.id, steps, at=request.at)
    return [milestone_out(row) for row in rows]


@router.post(OF_AWARD + "/agree", response=list[MilestoneOut], operation_id="agree_milestones")
def agree(request: ApiRequest, award_id: UUID) -> list[MilestoneOut]:
    award = award_for(request.actor, award_id)
    rows = actions.agree_milestones(request.actor, award.id, at=request.at)
    return [milestone_out(row) for row in rows]


@router.post(
    OF_AWARD + "/release", response=list[MilestoneOut], operation_id="release_milestones"
)
def release(request: ApiRequest, award_id: UUID, body: ReasonIn) -> list[MilestoneOut]:
    """What is not accepted is cancelled; its money is the call's again."""
    award = award_for(request.actor, award_id)
    rows = actions.release_milestones(
        request.actor, award.id, reason=body.reason, at=request.at
    )
    return [milestone_out(row) for row in rows]


@router.post(
    "/milestones/{milestone_id}/submit", response=MilestoneOut, operation_id="submit_milestone"
)
def submit(request: ApiRequest, milestone_id: UUID, body: EvidenceIn) -> MilestoneOut:
    """With at least one document that shows the work."""
    row = milestone_for(request.actor, milestone_id)
    done = actions.submit_milestone(
        request.actor, row.id, evidence=body.documents, at=request.at
    )
    return milestone_out(done)


@router.post(
    "/milestones/{milestone_id}/payout", response=PayoutOut, operation_id="pay_milestone"
)
def pay(request: ApiRequest, milestone_id: UUID) -> PayoutOut:
    """A payout of an accepted step; somebody else approves it."""
    row = milestone_for(request.actor, milestone_id)
    return payout_out(actions.pay_milestone(request.actor, row.id, at=request.at))


@router.post(
    "/milestones/{milestone_id}/return", response=MilestoneOut, operation_id="return_milestone"
)
def give_back(request: ApiRequest, milestone_id: UUID, body: ReasonIn) -> MilestoneOut:
    row = milestone_for(request.actor, milestone_id)
    done = actions.return_milestone(request.actor, row.id, reason=body.reason, at=request.at)
    return milestone_out(done)


@router.post(
    "/milestones/{milestone_id}/accept", response=MilestoneOut, operation_id="accept_milestone"
)
def accept(request: ApiRequest, milestone_id: UUID) -> MilestoneOut:
    """P24: payable. By neither who planned the step nor who handed the work in."""
    row = milestone_for(request.actor, milestone_id)
    return milestone_out(actions.accept_milestone(request.actor, row.id, at=request.at))

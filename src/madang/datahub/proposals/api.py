"""REST routes of proposals: what a build call is for, and what is proposed to it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.datahub.demand.queries import survey_by_code
from madang.datahub.plan.api import StepIn
from madang.datahub.plan.models import BuildGoal
from madang.datahub.proposals import actions
from madang.datahub.proposals.models import BuildOffer, Proposal
from madang.datahub.proposals.queries import offer_of, proposal_for, public_proposals
from madang.datahub.quality.targets import targets_from
from madang.datahub.terms.steps import volume_of
from madang.parties.api import ApiRequest
from madang.programme.calls.queries import call_by_code

router = Router(tags=["datahub"])
Title = Annotated[str, Field(min_length=1, max_length=200)]


class OfferIn(Schema):
    goal: str
    survey: str


class OfferOut(Schema):
    call: str
    goal: str
    field: str
    half_year: str
    survey: str


class ProposalIn(Schema):
    demand: UUID
    name: Annotated[str, Field(min_length=1, max_length=96)]
    title_ko: Title
    title_en: Title
    licence: Annotated[str, Field(min_length=1, max_length=64)]
    targets: Annotated[str, Field(min_length=1, max_length=100_000)]
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=12)]


class ProposalOut(Schema):
    id: UUID
    call: str
    organisation: str
    demand: UUID
    name: str
    title_ko: str
    title_en: str
    licence: str
    unit: str
    volume: int
    state: str
    sha256: str


def offer_out(row: BuildOffer) -> dict[str, str]:
    return {
        "call": row.call.code, "goal": row.goal.code, "field": row.goal.field,
        "half_year": row.goal.half_year, "survey": row.survey.code,
    }  # fmt: skip


def proposal_out(row: Proposal) -> dict[str, object]:
    volume = volume_of(targets_from(row.targets))
    names = ("id", "name", "title_ko", "title_en", "licence", "sha256")
    return {
        "call": row.application.call.code,
        "organisation": row.application.organisation.code,
        "demand": row.demand_id,
        "unit": volume.unit,
        "volume": volume.promised,
        "state": row.application.state,
        **{name: getattr(row, name) for name in names},
    }


@router.post("/datahub/calls/{code}/offer", response=OfferOut, operation_id="offer_build")
def offer(request: ApiRequest, code: str, body: OfferIn) -> dict[str, str]:
    """What proposals to a draft call of kind `dataset` are for."""
    goal = BuildGoal.objects.filter(code=body.goal).first()
    survey = survey_by_code(body.survey)
    if goal is None or survey is None:
        raise NotFound
    call = call_by_code(request.actor, code)
    return offer_out(actions.offer_build(request.actor, call, goal, survey, at=request.at))


@router.get(
    "/datahub/calls/{code}/offer", response=OfferOut, operation_id="show_build_offer",
    auth=None,
)  # fmt: skip
def show_offer(request: ApiRequest, code: str) -> dict[str, str]:
    call_by_code(request.actor, code)
    return offer_out(offer_of(code))


@router.put(
    "/datahub/applications/{application_id}/proposal", response=ProposalOut,
    operation_id="save_proposal",
)  # fmt: skip
def save(request: ApiRequest, application_id: UUID, body: ProposalIn) -> dict[str, object]:
    """While the application's text is open; handing in the application hands this in."""
    facts = actions.ProposalFacts(**body.model_dump(mode="json"))
    return proposal_out(
        actions.save_proposal(request.actor, application_id, facts, at=request.at)
    )


@router.get(
    "/datahub/proposals/{proposal_id}", response=ProposalOut, operation_id="show_proposal",
    auth=None,
)  # fmt: skip
def show(request: ApiRequest, proposal_id: UUID) -> dict[str, object]:
    """Selected ones are public; others are read by who reads the application."""
    return proposal_out(proposal_for(request.actor, proposal_id, at=request.at))


@router.get(
    "/datahub/surveys/{code}/proposals", response=list[ProposalOut],
    operation_id="list_proposals", auth=None,
)  # fmt: skip
def list_public(request: ApiRequest, code: str) -> list[dict[str, object]]:
    """What was selected, by rank."""
    survey = survey_by_code(code)
    if survey is None:
        raise NotFound
    return [proposal_out(row) for row in public_proposals(survey.id)]

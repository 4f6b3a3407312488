"""REST routes of demand: answers from everybody, the rest by the agency."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.datahub.demand import actions
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.demand.queries import clusters, survey_by_code
from madang.datahub.demand.reading import Demand
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.instants import Instant

router = Router(tags=["datahub"])
Title = Annotated[str, Field(min_length=1, max_length=200)]
STEPS = {
    "close": actions.close_survey,
    "analyse": actions.analyse_demands,
    "publish": actions.publish_survey,
}


class SurveyIn(Schema):
    code: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    title_ko: Title
    title_en: Title
    opens_at: Instant
    closes_at: Instant


class SurveyOut(Schema):
    code: str
    title_ko: str
    title_en: str
    opens_at: datetime
    closes_at: datetime
    state: str


class ClusterOut(Schema):
    id: UUID
    field: str
    title: str
    state: str
    count: int


class DemandIn(Schema):
    field: Annotated[str, Field(max_length=24)]
    title: Title
    purpose: Annotated[str, Field(min_length=1, max_length=2000)]
    user_kind: Annotated[str, Field(max_length=16)] = ""


class DemandOut(Schema):
    id: UUID
    state: str


class ImportIn(Schema):
    csv: Annotated[str, Field(min_length=1, max_length=8_000_000)]


class ImportOut(Schema):
    imported: int


class SurveyStepIn(Schema):
    step: Annotated[str, Field(pattern="^(close|analyse|publish)$")]


class MergeIn(Schema):
    others: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class DecideDemandIn(Schema):
    adopt: bool
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@router.post("/datahub/surveys", response=SurveyOut, operation_id="create_survey")
def create(request: ApiRequest, body: SurveyIn) -> DemandSurvey:
    return actions.create_survey(request.actor, **body.model_dump(), at=request.at)


@router.get(
    "/datahub/surveys/{code}/demands", response=list[ClusterOut], operation_id="list_demands",
    auth=None,
)  # fmt: skip
def list_demands(request: ApiRequest, code: str) -> list[dict[str, object]]:
    """Like demands together with their counts. Before it is published: the agency only."""
    survey = survey_by_code(code)
    may_read = request.actor.has(Role.OPERATOR, Role.AUDITOR)
    if survey is None or (survey.state != "published" and not may_read):
        raise NotFound
    return [
        {
            "id": one.item.id,
            "field": one.item.field,
            "title": one.item.title,
            "state": one.item.state,
            "count": one.count,
        }
        for one in clusters(survey)[:ROWS_MAX]
    ]


@router.post(
    "/datahub/surveys/{code}/demands", response=DemandOut, operation_id="submit_demand",
    auth=None,
)  # fmt: skip
def submit(request: ApiRequest, code: str, body: DemandIn) -> DemandItem:
    """Anybody's answer, while the survey is open."""
    demand = Demand(**body.model_dump())
    address = str(request.META.get("REMOTE_ADDR", ""))
    return actions.submit_demand(request.actor, code, demand, address=address, at=request.at)


@router.post(
    "/datahub/surveys/{code}/import", response=ImportOut, operation_id="import_demands"
)
def import_csv(request: ApiRequest, code: str, body: ImportIn) -> dict[str, int]:
    return {"imported": actions.import_demands(request.actor, code, body.csv, at=request.at)}


@router.post("/datahub/surveys/{code}/step", response=SurveyOut, operation_id="move_survey")
def step(request: ApiRequest, code: str, body: SurveyStepIn) -> DemandSurvey:
    """Close, analyse (like answers are put together), publish."""
    return STEPS[body.step](request.actor, code, at=request.at)


@router.post(
    "/datahub/demands/{demand_id}/merge", response=DemandOut, operation_id="merge_demands"
)
def merge(request: ApiRequest, demand_id: UUID, body: MergeIn) -> DemandItem:
    """Put other answers under this one, before the survey is public."""
    return actions.merge_demands(request.actor, demand_id, body.others, at=request.at)


@router.post(
    "/datahub/demands/{demand_id}/split", response=DemandOut, operation_id="split_demand"
)
def split(request: ApiRequest, demand_id: UUID) -> DemandItem:
    return actions.split_demand(request.actor, demand_id, at=request.at)


@router.post(
    "/datahub/demands/{demand_id}/decide", response=DemandOut, operation_id="decide_demand"
)
def decide(request: ApiRequest, demand_id: UUID, body: DecideDemandIn) -> DemandItem:
    return actions.decide_demand(
        request.actor, demand_id, adopt=body.adopt, reason=body.reason, at=request.at
    )

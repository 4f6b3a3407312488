"""REST routes of applications for use."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.datahub.access import actions
from madang.datahub.access.models import AccessRequest
from madang.datahub.access.queries import access_requests_for
from madang.datahub.sets.queries import data_set_for
from madang.datahub.uses.charging import set_price
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole

router = Router(tags=["datahub"])


class AccessRequestOut(Schema):
    id: UUID
    data_set: str
    state: str
    purpose: str
    days: int
    asked_at: datetime
    ends_at: datetime | None
    reason: str


class ApplyIn(Schema):
    purpose: Annotated[str, Field(min_length=1, max_length=2000)]
    days: Annotated[Whole, Field(ge=1, le=actions.DAYS_MAX)]


class DecideIn(Schema):
    step: Annotated[str, Field(pattern="^(screen|approve|deny|revoke)$")]
    reason: Annotated[str, Field(max_length=1000)] = ""


class PriceIn(Schema):
    offering: Annotated[str, Field(max_length=200)] | None = None


class PriceOut(Schema):
    data_set: str
    offering: str | None


def _out(row: AccessRequest) -> dict[str, object]:
    names = ("id", "state", "purpose", "days", "asked_at", "ends_at", "reason")
    return {"data_set": row.data_set.code, **{name: getattr(row, name) for name in names}}


@router.get(
    "/datahub/access-requests", response=list[AccessRequestOut],
    operation_id="list_access_requests",
)  # fmt: skip
def list_requests(request: ApiRequest) -> list[dict[str, object]]:
    return [_out(row) for row in access_requests_for(request.actor)[:ROWS_MAX]]


@router.post(
    "/datahub/sets/{owner}/{name}/access-requests", response=AccessRequestOut,
    operation_id="apply_for_access",
)  # fmt: skip
def apply(request: ApiRequest, owner: str, name: str, body: ApplyIn) -> dict[str, object]:
    row = data_set_for(request.actor, f"{owner}/{name}")
    made = actions.apply_for_access(
        request.actor, request.person, row, purpose=body.purpose, days=body.days, at=request.at
    )
    return _out(made)


@router.post(
    "/datahub/access-requests/{access_request_id}/decide", response=AccessRequestOut,
    operation_id="decide_access",
)  # fmt: skip
def decide(request: ApiRequest, access_request_id: UUID, body: DecideIn) -> dict[str, object]:
    row = access_requests_for(request.actor).filter(pk=access_request_id).first()
    if row is None:
        raise NotFound
    made = actions.decide_access(
        request.actor, row.id, step=body.step, reason=body.reason, at=request.at
    )
    return _out(made)


@router.put(
    "/datahub/sets/{owner}/{name}/price", response=PriceOut, operation_id="set_data_price"
)
def price(request: ApiRequest, owner: str, name: str, body: PriceIn) -> dict[str, object]:
    """Sell uses as an offering of meter `data`; without one they are free, as all begin."""
    row = data_set_for(request.actor, f"{owner}/{name}")
    made = set_price(request.actor, row.id, body.offering, at=request.at)
    return {"data_set": made.code, "offering": body.offering}

"""REST routes of the lane of small grants: asking, and deciding what waits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.compute.grants import requests
from madang.compute.grants.requests import request_for, request_report
from madang.compute.sites.queries import class_by_code
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.organisations.queries import organisation_by_code

router = Router(tags=["compute"])


class RequestIn(Schema):
    organisation: str
    gpu_class: str
    gpu_seconds: Annotated[Whole, Field(ge=1, le=10**15)]
    cards_max: Annotated[Whole, Field(ge=1, le=1_000_000)]
    days: Annotated[Whole, Field(ge=1, le=366)]
    purpose: Annotated[str, Field(min_length=1, max_length=8000)]


class RequestOut(Schema):
    id: UUID
    state: str
    organisation: str
    gpu_class: str
    gpu_seconds: int
    cards_max: int
    days: int
    purpose: str
    grant: str | None
    asked_at: datetime
    due_at: datetime
    decided_at: datetime | None
    reason: str


class ApprovalIn(Schema):
    reason: Annotated[str, Field(max_length=1000)] = ""


class RefusalIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@router.get("/compute/requests", response=list[RequestOut], operation_id="list_gpu_requests")
def list_requests(request: ApiRequest) -> list[dict[str, object]]:
    """One's own; all for operators and auditors."""
    return [request_report(row) for row in requests.requests_of(request.actor)[:ROWS_MAX]]


@router.post("/compute/requests", response=RequestOut, operation_id="request_gpu_time")
def ask(request: ApiRequest, body: RequestIn) -> dict[str, object]:
    """A small grant without a call: given at once when the published rule allows it."""
    made = requests.request_gpu_time(
        request.actor,
        organisation_by_code(body.organisation),
        class_by_code(body.gpu_class),
        requests.RequestTerms(body.gpu_seconds, body.cards_max, body.days, body.purpose),
        at=request.at,
    )
    return request_report(made)


@router.post(
    "/compute/requests/{gpu_request_id}/approve", response=RequestOut,
    operation_id="approve_gpu_request",
)  # fmt: skip
def approve(request: ApiRequest, gpu_request_id: UUID, body: ApprovalIn) -> dict[str, object]:
    """A person says yes to what the rule did not settle: the grant begins today."""
    row = request_for(request.actor, gpu_request_id)
    done = requests.approve_request(request.actor, row.id, reason=body.reason, at=request.at)
    return request_report(done)


@router.post(
    "/compute/requests/{gpu_request_id}/refuse", response=RequestOut,
    operation_id="refuse_gpu_request",
)  # fmt: skip
def refuse(request: ApiRequest, gpu_request_id: UUID, body: RefusalIn) -> dict[str, object]:
    row = request_for(request.actor, gpu_request_id)
    done = requests.refuse_request(request.actor, row.id, reason=body.reason, at=request.at)
    return request_report(done)

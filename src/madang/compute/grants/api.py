"""REST routes of grants: reading, giving back, freezing and tranches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.compute.classes.sizes import cards_of
from madang.compute.grants import actions
from madang.compute.grants.fulfilment import offer_gpu_time
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import grant_for, grant_report, grants_of
from madang.compute.grants.reports import (
    accept_report,
    refuse_report,
    report_for,
    report_reports,
    submit_report,
)
from madang.compute.sites.queries import class_by_code
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.programme.calls.queries import call_by_code

router = Router(tags=["compute"])
Text = Annotated[str, Field(min_length=1, max_length=8000)]


class QuotaOut(Schema):
    decided: int
    granted: int
    available: int
    held: int
    used: int
    expired: int
    owed_back: int


class TranchesOut(Schema):
    of: list[str]
    given: int


class GrantOut(Schema):
    code: str
    state: str
    organisation: str
    gpu_class: str
    site: str
    voucher: str | None
    cards_max: int
    petaflops: str | None
    precision: str | None
    starts_at: datetime
    ends_at: datetime
    tranches: TranchesOut
    gpu_seconds: QuotaOut


class GiveBackIn(Schema):
    gpu_seconds: Annotated[Whole, Field(ge=1, le=10**15)]


class ReasonIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class ReportIn(Schema):
    text: Text


class ReportOut(Schema):
    id: UUID
    grant: str
    tranche: int
    state: str


class ReportTextOut(ReportOut):
    """`reason`: why it was refused; empty otherwise."""

    text: str
    at: datetime
    reason: str


class OfferIn(Schema):
    """`cards_max`, or `petaflops` that the class makes into cards."""

    gpu_class: str
    gpu_seconds: Annotated[Whole, Field(ge=1, le=10**15)]
    cards_max: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    petaflops: Annotated[str, Field(max_length=12)] | None = None
    tranches: Annotated[list[str], Field(min_length=1, max_length=12)] = ["1/1"]


class OfferOut(Schema):
    call: str
    gpu_class: str
    gpu_seconds: int
    cards_max: int
    tranches: list[str]


def _out(grant: Grant, request: ApiRequest) -> dict[str, object]:
    grant.refresh_from_db()
    return grant_report(grant, request.at)


@router.get("/compute/grants", response=list[GrantOut], operation_id="list_grants")
def list_grants(request: ApiRequest) -> list[dict[str, object]]:
    return [grant_report(row, request.at) for row in grants_of(request.actor)[:ROWS_MAX]]


@router.get("/compute/grants/{code}", response=GrantOut, operation_id="show_grant")
def show_grant(request: ApiRequest, code: str) -> dict[str, object]:
    return grant_report(grant_for(request.actor, code), request.at)


@router.post(
    "/compute/grants/{code}/give-back", response=GrantOut, operation_id="give_back_gpu_seconds"
)
def give_back(request: ApiRequest, code: str, body: GiveBackIn) -> dict[str, object]:
    grant = grant_for(request.actor, code)
    actions.give_back(request.actor, grant, gpu_seconds=body.gpu_seconds, at=request.at)
    return _out(grant, request)


@router.post("/compute/grants/{code}/freeze", response=GrantOut, operation_id="freeze_grant")
def freeze(request: ApiRequest, code: str, body: ReasonIn) -> dict[str, object]:
    grant = grant_for(request.actor, code)
    actions.freeze_grant(request.actor, grant, reason=body.reason, at=request.at)
    return _out(grant, request)


@router.post("/compute/grants/{code}/thaw", response=GrantOut, operation_id="thaw_grant")
def thaw(request: ApiRequest, code: str) -> dict[str, object]:
    grant = grant_for(request.actor, code)
    actions.thaw_grant(request.actor, grant, at=request.at)
    return _out(grant, request)


@router.post(
    "/compute/grants/{code}/withdraw", response=GrantOut, operation_id="withdraw_grant"
)
def withdraw(request: ApiRequest, code: str, body: ReasonIn) -> dict[str, object]:
    grant = grant_for(request.actor, code)
    actions.withdraw_grant(request.actor, grant, reason=body.reason, at=request.at)
    return _out(grant, request)


@router.post(
    "/compute/grants/{code}/reports", response=ReportOut, operation_id="submit_progress_report"
)
def report(request: ApiRequest, code: str, body: ReportIn) -> dict[str, object]:
    """What the next tranche waits for."""
    grant = grant_for(request.actor, code)
    made = submit_report(request.actor, grant, text=body.text, at=request.at)
    return {"id": made.id, "grant": code, "tranche": made.tranche, "state": made.state}


@router.get(
    "/compute/grants/{code}/reports", response=list[ReportTextOut],
    operation_id="list_progress_reports",
)  # fmt: skip
def reports(request: ApiRequest, code: str) -> list[dict[str, object]]:
    """What was handed in for each tranche, newest first, and whether it was accepted or why
    it was refused."""
    grant = grant_for(request.actor, code)
    rows = grant.reports.select_related("grant").order_by("-at")
    return report_reports(rows[:ROWS_MAX])


@router.post(
    "/compute/reports/{gpu_report_id}/accept", response=GrantOut,
    operation_id="accept_progress_report",
)  # fmt: skip
def accept(request: ApiRequest, gpu_report_id: UUID) -> dict[str, object]:
    """Gives the next tranche."""
    found = report_for(request.actor, gpu_report_id)
    return _out(accept_report(request.actor, found, at=request.at), request)


@router.post(
    "/compute/reports/{gpu_report_id}/refuse", response=ReportTextOut,
    operation_id="refuse_progress_report",
)  # fmt: skip
def refuse(request: ApiRequest, gpu_report_id: UUID, body: ReasonIn) -> dict[str, object]:
    """Brings no tranche; its grant's people are told why, and can hand in another."""
    found = report_for(request.actor, gpu_report_id)
    done = refuse_report(request.actor, found, reason=body.reason, at=request.at)
    return report_reports([done])[0]


@router.post("/compute/calls/{code}/offer", response=OfferOut, operation_id="offer_gpu_time")
def offer(request: ApiRequest, code: str, body: OfferIn) -> dict[str, object]:
    """What each award of a call gives; while the call is a draft."""
    call, gpu_class = call_by_code(request.actor, code), class_by_code(body.gpu_class)
    made = offer_gpu_time(
        request.actor,
        call,
        gpu_class,
        gpu_seconds=body.gpu_seconds,
        cards_max=cards_of(gpu_class, body.cards_max, body.petaflops),
        tranches=body.tranches,
        at=request.at,
    )
    return {"call": code, "gpu_class": body.gpu_class, "gpu_seconds": made.gpu_seconds,
            "cards_max": made.cards_max, "tranches": made.tranches}  # fmt: skip

"""REST routes of deliveries."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.datahub.deliveries import actions
from madang.datahub.deliveries.models import Delivery
from madang.datahub.deliveries.queries import deliveries_for, delivery_for
from madang.datahub.plan.queries import project_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole

router = Router(tags=["datahub"])


class HandInIn(Schema):
    step: Annotated[Whole, Field(ge=1, le=12)]
    revision: Annotated[str, Field(max_length=200)] = "main"


class DeliveryOut(Schema):
    id: UUID
    project: str
    number: int
    step: int
    digest: str
    check: UUID
    check_state: str
    volume: int
    milestone: UUID | None
    state: str
    reason: str


class ReturnIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class OpinionIn(Schema):
    rows: Annotated[Whole, Field(ge=0, le=30)]
    wrong: Annotated[Whole, Field(ge=0, le=30)]
    comment: Annotated[str, Field(max_length=1000)] = ""


class OpinionOut(Schema):
    delivery: UUID
    rows: int
    wrong: int


def delivery_out(row: Delivery) -> dict[str, object]:
    names = ("id", "number", "step", "digest", "volume", "state", "reason")
    return {
        "project": row.project.code,
        "check": row.quality_check_id,
        "check_state": row.quality_check.state,
        "milestone": row.milestone_id,
        **{name: getattr(row, name) for name in names},
    }


@router.get(
    "/datahub/deliveries", response=list[DeliveryOut], operation_id="list_build_deliveries"
)
def list_deliveries(request: ApiRequest) -> list[dict[str, object]]:
    return [delivery_out(row) for row in deliveries_for(request.actor)[:ROWS_MAX]]


@router.post(
    "/datahub/projects/{code}/deliveries", response=DeliveryOut,
    operation_id="hand_in_delivery",
)  # fmt: skip
def hand_in(request: ApiRequest, code: str, body: HandInIn) -> dict[str, object]:
    """A commit of the project's data set for the step that is due; it is measured at once."""
    project = project_for(request.actor, code=code)
    made = actions.hand_in(
        request.actor, project.id, step=body.step, revision=body.revision, at=request.at
    )
    return delivery_out(made)


@router.post(
    "/datahub/deliveries/{delivery_id}/accept", response=DeliveryOut,
    operation_id="accept_delivery",
)  # fmt: skip
def accept(request: ApiRequest, delivery_id: UUID) -> dict[str, object]:
    """With a passing check of the same digest only; its milestone becomes payable."""
    delivery_for(request.actor, delivery_id)
    return delivery_out(actions.accept_delivery(request.actor, delivery_id, at=request.at))


@router.post(
    "/datahub/deliveries/{delivery_id}/return", response=DeliveryOut,
    operation_id="return_delivery",
)  # fmt: skip
def send_back(request: ApiRequest, delivery_id: UUID, body: ReturnIn) -> dict[str, object]:
    delivery_for(request.actor, delivery_id)
    return delivery_out(
        actions.return_delivery(request.actor, delivery_id, reason=body.reason, at=request.at)
    )


@router.post(
    "/datahub/deliveries/{delivery_id}/opinion", response=OpinionOut,
    operation_id="give_sample_opinion",
)  # fmt: skip
def opinion(request: ApiRequest, delivery_id: UUID, body: OpinionIn) -> dict[str, object]:
    """An expert's count of wrong rows in the drawn sample."""
    made = actions.give_opinion(
        request.actor, delivery_id, wrong=body.wrong, rows=body.rows, comment=body.comment,
        at=request.at,
    )  # fmt: skip
    return {"delivery": delivery_id, "rows": made.rows, "wrong": made.wrong}

"""REST routes of sanctions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.sanctions.actions import lift_sanction
from madang.parties.sanctions.models import Sanction
from madang.parties.sanctions.queries import sanctions_for, state_of

router = Router(tags=["sanctions"])


class SanctionOut(Schema):
    id: UUID
    organisation: str
    ground: str
    case: UUID | None
    strikes: int
    starts_at: datetime
    ends_at: datetime
    state: str


class LiftIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


def sanction_out(row: Sanction, at: datetime) -> SanctionOut:
    return SanctionOut(
        id=row.id,
        organisation=row.organisation.code,
        ground=row.ground,
        case=row.case,
        strikes=row.strikes,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=state_of(row, at).value,
    )


@router.get("/sanctions", response=list[SanctionOut], operation_id="list_sanctions")
def list_sanctions(request: ApiRequest) -> list[SanctionOut]:
    """One's own organisations'; all for operators and auditors."""
    return [sanction_out(row, request.at) for row in sanctions_for(request.actor)[:ROWS_MAX]]


@router.post(
    "/sanctions/{sanction_id}/lift", response=SanctionOut, operation_id="lift_sanction"
)
def lift(request: ApiRequest, sanction_id: UUID, body: LiftIn) -> SanctionOut:
    if not sanctions_for(request.actor).filter(id=sanction_id).exists():
        raise NotFound
    done = lift_sanction(request.actor, sanction_id, reason=body.reason, at=request.at)
    return sanction_out(done, request.at)

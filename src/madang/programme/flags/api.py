"""REST routes of flags: what was found, and what a person decides."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotAllowed
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.programme.cases.actions import Suspicion
from madang.programme.cases.from_flags import open_case_on_flag
from madang.programme.cases.models import Ground
from madang.programme.flags import actions
from madang.programme.flags.models import Flag
from madang.programme.flags.queries import flag_for, flags_for

router = Router(tags=["flags"])


class FlagOut(Schema):
    """`evidence` holds ids, counts and instants, no names."""

    id: UUID
    kind: str
    state: str
    organisations: list[str]
    evidence: dict[str, object]
    evidence_sha256: str
    found_at: datetime
    changed_at: datetime
    decided_at: datetime | None


class LookedOut(Schema):
    new: int
    changed: int
    same: int


class CaseOnFlagIn(Schema):
    """On which award; the evidence comes from the finding."""

    award: UUID
    ground: Ground
    found_microwon: Annotated[Whole, Field(ge=0, le=2**62)] = 0
    is_supplier: bool = False
    supplier: Annotated[str, Field(max_length=64)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class CaseOnFlagOut(Schema):
    case: UUID
    evidence_sha256: str


class DecisionIn(Schema):
    """`is_confirmed` false: there is a good reason for it."""

    is_confirmed: bool
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


def flag_out(row: Flag) -> FlagOut:
    return FlagOut(
        id=row.id,
        kind=row.kind,
        state=row.state,
        organisations=sorted(firm.code for firm in row.organisations.all()),
        evidence=row.evidence,
        evidence_sha256=row.evidence_sha256,
        found_at=row.found_at,
        changed_at=row.changed_at,
        decided_at=row.decided_at,
    )


@router.get("/flags", response=list[FlagOut], operation_id="list_flags")
def list_flags(request: ApiRequest, state: str = "") -> list[FlagOut]:
    if not request.actor.sees_everything:
        raise NotAllowed
    rows = flags_for(request.actor)
    return [flag_out(row) for row in (rows.filter(state=state) if state else rows)[:ROWS_MAX]]


@router.post("/flags/find", response=LookedOut, operation_id="find_flags")
def find_flags(request: ApiRequest) -> LookedOut:
    """Look now; the worker looks every night."""
    return LookedOut.from_orm(actions.find_flags(request.actor, at=request.at))


@router.get("/flags/{flag_id}", response=FlagOut, operation_id="show_flag")
def show_flag(request: ApiRequest, flag_id: UUID) -> FlagOut:
    return flag_out(flag_for(request.actor, flag_id))


@router.post("/flags/{flag_id}/decide", response=FlagOut, operation_id="decide_flag")
def decide_flag(request: ApiRequest, flag_id: UUID, body: DecisionIn) -> FlagOut:
    row = flag_for(request.actor, flag_id)
    done = actions.decide_flag(
        request.actor,
        row.id,
        is_confirmed=body.is_confirmed,
        reason=body.reason,
        at=request.at,
    )
    return flag_out(done)


@router.post("/flags/{flag_id}/case", response=CaseOnFlagOut, operation_id="open_case_on_flag")
def open_case(request: ApiRequest, flag_id: UUID, body: CaseOnFlagIn) -> CaseOnFlagOut:
    """A confirmed finding opens a case; opened again, it is the same one."""
    row = open_case_on_flag(
        request.actor, flag_id, body.award,
        Suspicion(body.ground, body.found_microwon, body.is_supplier, body.supplier),
        reason=body.reason, at=request.at,
    )  # fmt: skip
    return CaseOnFlagOut(case=row.id, evidence_sha256=row.evidence_sha256)

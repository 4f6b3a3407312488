"""REST routes of the facts that are registered about an organisation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.facts.actions import record_fact
from madang.parties.facts.models import OrganisationFact
from madang.parties.facts.queries import facts_for
from madang.parties.instants import Day
from madang.parties.organisations.models import Organisation
from madang.parties.organisations.queries import organisations_for

router = Router(tags=["parties"])
PATH = "/organisations/{code}/facts"


class FactIn(Schema):
    """Names that end in `_on` are dates, in `_count` whole numbers."""

    name: Annotated[str, Field(max_length=64)]
    value: Annotated[str, Field(max_length=200)]
    evidence: UUID | None = None
    valid_until: Day | None = None


class FactOut(Schema):
    id: UUID
    name: str
    value: str
    is_verified: bool
    evidence: UUID | None
    valid_until: date | None
    recorded_at: datetime


def fact_out(row: OrganisationFact) -> FactOut:
    return FactOut(
        id=row.id,
        name=row.name,
        value=row.value,
        is_verified=row.is_verified,
        evidence=row.evidence_id,
        valid_until=row.valid_until,
        recorded_at=row.recorded_at,
    )


def _organisation(request: ApiRequest, code: str) -> Organisation:
    row = organisations_for(request.actor).filter(code=code).first()
    if row is None:
        raise NotFound
    return row


@router.get(PATH, response=list[FactOut], operation_id="list_facts")
def list_facts(request: ApiRequest, code: str) -> list[FactOut]:
    """Everything that was entered, newest first."""
    firm = _organisation(request, code)
    return [fact_out(row) for row in facts_for(request.actor, firm)[:ROWS_MAX]]


@router.post(PATH, response=FactOut, operation_id="record_fact")
def record(request: ApiRequest, code: str, body: FactIn) -> FactOut:
    """An operator's word is verified; the organisation's own is declared."""
    firm = _organisation(request, code)
    row = record_fact(
        request.actor,
        firm,
        name=body.name,
        value=body.value,
        evidence=body.evidence,
        valid_until=body.valid_until,
        at=request.at,
    )
    return fact_out(row)

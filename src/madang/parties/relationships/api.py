"""REST routes of relationships, the facts from which conflicts of interest are found."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.relationships.actions import declare_relationship, end_relationship
from madang.parties.relationships.models import Relationship

router = Router(tags=["parties"])
Reference = Annotated[str, Field(max_length=300)]


class RelationshipIn(Schema):
    """`a` and `b` are "person:EMAIL", "organisation:CODE" or "supplier:CODE"."""

    a: Reference
    b: Reference
    kind: Annotated[str, Field(pattern="^[a-z][a-z_]{0,31}$")]


class EndIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class RelationshipOut(Schema):
    id: int
    a_kind: str
    a_id: UUID
    b_kind: str
    b_id: UUID
    kind: str
    starts_at: datetime
    ends_at: datetime | None


def relationship_out(row: Relationship) -> RelationshipOut:
    return RelationshipOut.from_orm(row)


@router.get("/relationships", response=list[RelationshipOut], operation_id="list_relationships")
def list_relationships(request: ApiRequest) -> list[RelationshipOut]:
    """For operators and auditors."""
    request.actor.need(Role.OPERATOR, Role.AUDITOR)
    rows = Relationship.objects.order_by("-starts_at", "-pk")[:ROWS_MAX]
    return [relationship_out(row) for row in rows]


@router.post("/relationships", response=RelationshipOut, operation_id="declare_relationship")
def declare(request: ApiRequest, body: RelationshipIn) -> RelationshipOut:
    """Enter a tie: it counts in both directions, from now on."""
    request.actor.need(Role.OPERATOR)  # before anybody is looked up
    made = declare_relationship(
        request.actor, a=body.a, b=body.b, kind=body.kind, at=request.at
    )
    return relationship_out(made.row)


@router.post(
    "/relationships/{no}/end", response=RelationshipOut, operation_id="end_relationship"
)
def end(request: ApiRequest, no: int, body: EndIn) -> RelationshipOut:
    """The tie stays on record, and policy says for how long it still counts."""
    request.actor.need(Role.OPERATOR)
    row = Relationship.objects.filter(pk=no).first()
    if row is None:
        raise NotFound
    end_relationship(request.actor, row, at=request.at, reason=body.reason)
    return relationship_out(row)

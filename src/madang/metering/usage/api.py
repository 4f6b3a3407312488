"""REST routes of usage that is delivered, not called."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Query, Router, Schema

from madang.core.units import Unit
from madang.metering.errors import QuantityUnclear
from madang.metering.offerings.queries import offering_for
from madang.metering.teams.queries import team_of
from madang.metering.usage.actions import record_usage
from madang.metering.usage.models import Usage
from madang.metering.usage.queries import usages_of
from madang.metering.vouchers.api import Page
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ApiRequest
from madang.parties.exact import WHOLE_MAX, Whole
from madang.parties.instants import Instant

router = Router(tags=["usage"])
Quantity = Annotated[Whole, Field(ge=1, le=WHOLE_MAX)]


class UsageIn(Schema):
    """`quantity` for an offering of one unit, else `quantities` by unit."""

    voucher: str
    offering: str
    id: Annotated[str, Field(min_length=1, max_length=128)]
    quantity: Quantity | None = None
    quantities: dict[Unit, Quantity] = {}
    used_at: Instant | None = None
    evidence_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    team: Annotated[str, Field(max_length=64)] | None = None


class UsageOut(Schema):
    no: int
    call: UUID
    kind: str
    id: str
    voucher: str
    offering: str
    quantities: dict[str, int]
    outcome: str
    flags: list[str]
    priced_microwon: int
    started_at: datetime
    ended_at: datetime
    evidence_sha256: str


class RecordedOut(UsageOut):
    charge_microwon: int
    replayed: bool


def usage_facts(usage: Usage) -> dict[str, object]:
    return {
        "no": usage.no,
        "call": usage.call,
        "kind": usage.kind,
        "id": usage.external_id,
        "voucher": usage.voucher.code,
        "offering": usage.offering.code,
        "quantities": usage.quantities,
        "outcome": usage.outcome,
        "flags": usage.flags,
        "priced_microwon": usage.priced_microwon,
        "started_at": usage.started_at,
        "ended_at": usage.ended_at,
        "evidence_sha256": usage.evidence_sha256,
    }


@router.post("/usage", response=RecordedOut, operation_id="record_usage")
def record(request: ApiRequest, body: UsageIn) -> dict[str, object]:
    if (body.quantity is None) == (not body.quantities):
        raise QuantityUnclear
    voucher = voucher_for(request.actor, body.voucher)
    done = record_usage(
        request.actor,
        voucher,
        offering_for(request.actor, body.offering),
        quantities=body.quantities if body.quantity is None else body.quantity,
        external_id=body.id,
        used_at=body.used_at,
        at=request.at,
        evidence_sha256=body.evidence_sha256,
        team=team_of(voucher, body.team) if body.team is not None else None,
    )
    charged = done.charge.amount_microwon if done.charge else 0
    return {
        **usage_facts(done.usage),
        "charge_microwon": charged,
        "replayed": done.replayed,
    }


@router.get("/usage", response=list[UsageOut], operation_id="list_usage")
def list_usage(
    request: ApiRequest, page: Query[Page], voucher: str | None = None
) -> list[dict[str, object]]:
    """Uses, newest first: of one's vouchers, or of one's products."""
    rows = usages_of(request.actor)
    if voucher is not None:
        rows = rows.filter(voucher__code=voucher)
    if page.after is not None:
        rows = rows.filter(no__lt=page.after)
    return [usage_facts(row) for row in rows[: page.limit]]

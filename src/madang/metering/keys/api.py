"""REST routes of call keys. A secret is in one answer and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Field, Router, Schema

from madang.metering.keys.actions import create_key, revoke_key, set_rate
from madang.metering.keys.models import Key
from madang.metering.keys.queries import key_for, keys_of
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole

RPM_MAX = 1_000_000
router = Router(tags=["keys"])
Rpm = Annotated[Whole, Field(ge=1, le=RPM_MAX)]


class KeyOut(Schema):
    no: int
    voucher: str
    prefix: str
    rpm_max: int
    created_at: datetime
    revoked_at: datetime | None
    team: str | None


class NewKeyOut(KeyOut):
    secret: str


class KeyIn(Schema):
    rpm_max: Rpm = 600


def key_facts(key: Key) -> dict[str, object]:
    return {
        "no": key.no,
        "voucher": key.voucher.code,
        "prefix": key.prefix,
        "rpm_max": key.rpm_max,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
        "team": key.team.code if key.team else None,
    }


@router.get("/vouchers/{code}/keys", response=list[KeyOut], operation_id="list_keys")
def list_keys(request: ApiRequest, code: str) -> list[dict[str, object]]:
    voucher = voucher_for(request.actor, code)
    rows = keys_of(request.actor).filter(voucher=voucher).order_by("no")
    return [key_facts(row) for row in rows[:ROWS_MAX]]


@router.post("/vouchers/{code}/keys", response=NewKeyOut, operation_id="create_key")
def make_key(request: ApiRequest, code: str, body: KeyIn) -> dict[str, object]:
    voucher = voucher_for(request.actor, code)
    made = create_key(request.actor, voucher, rpm_max=body.rpm_max, at=request.at)
    return {**key_facts(made.key), "secret": made.secret}


@router.post("/keys/{no}/revoke", response=KeyOut, operation_id="revoke_key")
def revoke(request: ApiRequest, no: int) -> dict[str, object]:
    return key_facts(revoke_key(request.actor, key_for(request.actor, no), at=request.at))


@router.post("/keys/{no}/rate", response=KeyOut, operation_id="set_key_rate")
def rate(request: ApiRequest, no: int, body: KeyIn) -> dict[str, object]:
    key = key_for(request.actor, no)
    return key_facts(set_rate(request.actor, key, rpm_max=body.rpm_max, at=request.at))

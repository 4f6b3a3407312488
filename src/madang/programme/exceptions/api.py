"""The operator's queue over REST."""

from __future__ import annotations

from datetime import datetime

from ninja import Router, Schema

from madang.parties.api import ROWS_MAX, ApiRequest
from madang.programme.exceptions.queries import exceptions_for

router = Router(tags=["exceptions"])


class ExceptionOut(Schema):
    kind: str
    id: str
    about: str
    since: datetime | None
    amount_microwon: int | None


@router.get("/exceptions", response=list[ExceptionOut], operation_id="list_exceptions")
def list_exceptions(request: ApiRequest) -> list[ExceptionOut]:
    """What does not go by itself, oldest first."""
    found = exceptions_for(request.actor, request.at)
    return [ExceptionOut.from_orm(one) for one in found[:ROWS_MAX]]

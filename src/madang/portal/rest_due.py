"""REST route of what falls due by the clock: the worker's duties, asked for at once."""

from __future__ import annotations

from ninja import Router, Schema

from madang.compute.duties import compute_due
from madang.metering.duties import settle_due
from madang.parties.actor import Role, system_actor
from madang.parties.api import ApiRequest
from madang.programme.duties import programme_due

router = Router(tags=["clock"])


class DueOut(Schema):
    """How much fell due; all 0 when there was nothing to do."""

    vouchers_expired: int
    calls_settled: int
    alerts_raised: int
    statements_frozen: int
    awards_lapsed: int
    amendments_lapsed: int
    settlements_opened: int


@router.post("/due", response=DueOut, operation_id="do_what_is_due")
def do_what_is_due(request: ApiRequest) -> DueOut:
    """What the worker does every minute, now: useful after a test clock was moved."""
    request.actor.need(Role.OPERATOR)
    money = settle_due(at=request.at, origin="portal")
    programme = programme_due(at=request.at, origin="portal")
    compute_due(system_actor("portal"), at=request.at)
    return DueOut(
        vouchers_expired=money.vouchers_expired,
        calls_settled=money.calls_settled,
        alerts_raised=money.alerts_raised,
        statements_frozen=money.statements_frozen,
        awards_lapsed=programme.awards_lapsed,
        amendments_lapsed=programme.amendments_lapsed,
        settlements_opened=programme.settlements_opened,
    )

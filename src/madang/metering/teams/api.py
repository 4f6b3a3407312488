"""REST routes of teams: a voucher divided."""

from __future__ import annotations

from typing import Annotated

from ninja import Field, Router, Schema

from madang.metering.keys.api import KeyOut, key_facts
from madang.metering.keys.queries import key_for
from madang.metering.teams.actions import give_key_to_team, set_team
from madang.metering.teams.queries import team_facts, team_of
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ApiRequest
from madang.parties.exact import Whole

router = Router(tags=["teams"])


class TeamOut(Schema):
    code: str
    name: str
    limit_microwon: int
    spent_microwon: int
    keys: list[int]


class TeamIn(Schema):
    name: Annotated[str, Field(max_length=200)] = ""
    limit_microwon: Annotated[Whole, Field(ge=0, le=2**62)]


class TeamOfKeyIn(Schema):
    team: Annotated[str, Field(max_length=64)]


@router.get("/vouchers/{code}/teams", response=list[TeamOut], operation_id="list_teams")
def list_teams(request: ApiRequest, code: str) -> list[dict[str, object]]:
    return team_facts(request.actor, voucher_for(request.actor, code))


@router.put("/vouchers/{code}/teams/{team}", response=list[TeamOut], operation_id="set_team")
def put_team(
    request: ApiRequest, code: str, team: str, body: TeamIn
) -> list[dict[str, object]]:
    """Make a team so; a limit below what is spent stops it at once."""
    voucher = voucher_for(request.actor, code)
    set_team(
        request.actor,
        voucher,
        code=team,
        name=body.name or team,
        limit_microwon=body.limit_microwon,
        at=request.at,
    )
    return team_facts(request.actor, voucher)


@router.post("/keys/{no}/team", response=KeyOut, operation_id="give_key_to_team")
def key_team(request: ApiRequest, no: int, body: TeamOfKeyIn) -> dict[str, object]:
    """From now on the key spends of the team's limit."""
    key = key_for(request.actor, no)
    team = team_of(key.voucher, body.team)
    return key_facts(give_key_to_team(request.actor, key, team, at=request.at))

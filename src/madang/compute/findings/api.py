"""REST routes of what was found: idle cards and objections; and figures of use that come in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.compute.findings.feeds.dcgm import read_dcgm
from madang.compute.findings.idle import decide_objection, object_to
from madang.compute.findings.measuring import Interval, take_intervals
from madang.compute.findings.queries import idle_case_for, idle_cases_of, idle_report
from madang.compute.sites.queries import site_by_code
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.instants import Instant

router = Router(tags=["compute"])
SECONDS_MAX = 86_400
SAMPLES_MAX = 10_000
EXPORTED_MAX = 4 << 20


class IdleOut(Schema):
    id: UUID
    grant: str
    state: str
    permille: int
    next_at: datetime
    objection: str
    answer: str
    reclaimed_gpu_seconds: int
    found_at: datetime
    closed_at: datetime | None


class ObjectionIn(Schema):
    text: Annotated[str, Field(min_length=1, max_length=8000)]


class ObjectionDecisionIn(Schema):
    upheld: bool
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class SampleIn(Schema):
    """The use of one job's cards, in thousandths, over the seconds that end at `at`."""

    job: Annotated[str, Field(min_length=1, max_length=64)]
    permille: Annotated[Whole, Field(ge=0, le=1000)]
    seconds: Annotated[Whole, Field(ge=1, le=SECONDS_MAX)]
    at: Instant


class UtilisationIn(Schema):
    """Either samples, or the text of a DCGM exporter with the seconds that it stands for."""

    samples: Annotated[list[SampleIn], Field(max_length=SAMPLES_MAX)] = []
    exported: Annotated[str, Field(max_length=EXPORTED_MAX)] = ""
    seconds: Annotated[Whole, Field(ge=1, le=SECONDS_MAX)] = 60


class TakenOut(Schema):
    taken: int
    unknown: int


@router.get("/compute/idle", response=list[IdleOut], operation_id="list_idle_cases")
def list_idle(request: ApiRequest) -> list[dict[str, object]]:
    return [idle_report(row) for row in idle_cases_of(request.actor)[:ROWS_MAX]]


@router.post(
    "/compute/idle/{idle_case_id}/object", response=IdleOut, operation_id="object_to_idle_case"
)
def object_(request: ApiRequest, idle_case_id: UUID, body: ObjectionIn) -> dict[str, object]:
    """Says why the cards stand idle: nothing goes back before a person has decided."""
    case = idle_case_for(request.actor, idle_case_id)
    return idle_report(object_to(request.actor, case.id, text=body.text, at=request.at))


@router.post(
    "/compute/idle/{idle_case_id}/decide", response=IdleOut, operation_id="decide_objection"
)
def decide(
    request: ApiRequest, idle_case_id: UUID, body: ObjectionDecisionIn
) -> dict[str, object]:
    case = idle_case_for(request.actor, idle_case_id)
    done = decide_objection(
        request.actor, case.id, upheld=body.upheld, reason=body.reason, at=request.at
    )
    return idle_report(done)


@router.post(
    "/compute/sites/{code}/utilisation", response=TakenOut, operation_id="take_utilisation"
)
def utilisation(request: ApiRequest, code: str, body: UtilisationIn) -> dict[str, int]:
    """What an exporter on the site's nodes has seen, by the engine's number of the job."""
    rows = [Interval(one.job, one.permille, one.seconds, one.at) for one in body.samples]
    rows += read_dcgm(body.exported, seconds=body.seconds, at=request.at)
    site = site_by_code(code)
    taken, unknown = take_intervals(request.actor, site, rows, at=request.at)
    return {"taken": taken, "unknown": unknown}

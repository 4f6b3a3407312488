"""REST routes of submissions without an answer: what may be each, and what a person decides."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.compute.jobs import deciding
from madang.compute.jobs.api import JobOut
from madang.compute.jobs.doubts import submissions_in_doubt
from madang.compute.jobs.queries import job_for, job_report
from madang.parties.api import ApiRequest

router = Router(tags=["compute"])


class ArrivalOut(Schema):
    """Something that came of the same user in that window, by the engine's clock."""

    engine_job: str
    submitted_at: datetime
    account: str
    state: str


class InDoubtOut(Schema):
    """`name`: under which it was sent; `came_from` and `came_until`: when it can have come;
    `unsettled`: why the books do not tell all that came, where they do not."""

    id: UUID
    key: str
    grant: str
    site: str
    name: str
    user: str
    account: str
    cards: int
    time_limit_s: int
    asked_at: datetime
    came_from: datetime
    came_until: datetime
    found_at: datetime
    unsettled: str | None
    unsettled_ko: str | None
    arrivals: list[ArrivalOut]


class DecisionIn(Schema):
    """Either `engine_job`, the engine's number of the job that it is, or `never_ran`."""

    engine_job: Annotated[str, Field(max_length=64)] = ""
    never_ran: bool = False
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@router.get(
    "/compute/submissions-in-doubt", response=list[InDoubtOut],
    operation_id="list_submissions_in_doubt",
)  # fmt: skip
def in_doubt(request: ApiRequest) -> list[dict[str, object]]:
    """Submissions whose answer was lost and about which a person must decide."""
    return submissions_in_doubt(request.actor, at=request.at)


@router.post(
    "/compute/jobs/{job_id}/decide-submission", response=JobOut,
    operation_id="decide_submission",
)  # fmt: skip
def decide(request: ApiRequest, job_id: UUID, body: DecisionIn) -> dict[str, object]:
    """Which job of the engine it is; or that it never ran, and then it is sent again."""
    job = job_for(request.actor, key=str(job_id))
    engine_job = deciding.decided_job(body.engine_job, never_ran=body.never_ran)
    done = deciding.decide_submission(
        request.actor, job, engine_job=engine_job, reason=body.reason, at=request.at
    )
    return job_report(done)

"""REST routes from a closed call to its decision: review, assignments, rankings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid5

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.parties.api import ApiRequest
from madang.parties.exact import Whole
from madang.parties.people.queries import person_by_email
from madang.programme.applications.queries import application_for
from madang.programme.calls.queries import call_by_code
from madang.programme.selection import actions
from madang.programme.selection.lottery import lottery_of
from madang.programme.selection.peers import distribute_reviews
from madang.review.assignments.api import AssignmentOut, assignment_out
from madang.review.panels.api import PanelOut, panel_out
from madang.review.rankings.api import RunOut, run_out

router = Router(tags=["selection"])


class AssignIn(Schema):
    """The reviewer, by email address."""

    reviewer: Annotated[str, Field(max_length=254)]


@router.post("/calls/{code}/review", response=PanelOut, operation_id="start_review")
def start(request: ApiRequest, code: str) -> PanelOut:
    """After the deadline, when every application has its eligibility check.

    With nothing left to review the call is decided at once.
    """
    call = call_by_code(request.actor, code)
    return panel_out(actions.start_review(request.actor, call.id, at=request.at))


@router.post(
    "/applications/{application_id}/assignments",
    response=AssignmentOut,
    operation_id="assign_reviewer",
)
def assign(request: ApiRequest, application_id: UUID, body: AssignIn) -> AssignmentOut:
    """Refused on a conflict with the applicant or the matched supplier."""
    row = application_for(request.actor, application_id, at=request.at)
    person = person_by_email(body.reviewer)
    done = actions.assign_reviewer(request.actor, row.id, person, at=request.at)
    return assignment_out(done)


@router.post(
    "/calls/{code}/distribute", response=list[AssignmentOut], operation_id="distribute_reviews"
)
def distribute(request: ApiRequest, code: str) -> list[AssignmentOut]:
    """Distributed review: every author is asked for reviews of the other pool."""
    call = call_by_code(request.actor, code)
    made = distribute_reviews(request.actor, call.id, at=request.at)
    return [assignment_out(row) for row in made]


class DrawOut(Schema):
    ticket: str
    outcome: str


class LotteryOut(Schema):
    """`seed` is empty until a ranking is confirmed; its digest is there from the first day."""

    seed_sha256: str
    seed: str
    draws: list[DrawOut]


@router.get(
    "/calls/{code}/lottery", response=LotteryOut, operation_id="show_lottery", auth=None
)
def lottery(request: ApiRequest, code: str) -> LotteryOut:
    """Public: a ticket is the SHA-256 of `seed:application`, and the smaller one is first."""
    found = lottery_of(call_by_code(request.actor, code).id)
    if found is None:
        raise NotFound
    return LotteryOut(
        seed_sha256=found.seed_sha256,
        seed=found.seed,
        draws=[DrawOut(ticket=one.ticket, outcome=one.outcome) for one in found.draws],
    )


class ReopenIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class ContingencyIn(ReopenIn):
    amount_microwon: Annotated[Whole, Field(gt=0, le=2**62)]


@router.post("/calls/{code}/reopen", response=PanelOut, operation_id="reopen_review")
def reopen(request: ApiRequest, code: str, body: ReopenIn) -> PanelOut:
    """A decided call is reviewed anew; all stands until another ranking is confirmed."""
    call = call_by_code(request.actor, code)
    done = actions.reopen_review(request.actor, call.id, reason=body.reason, at=request.at)
    return panel_out(done)


@router.post(
    "/calls/{code}/contingency", response=PanelOut, operation_id="fund_from_contingency"
)
def contingency(request: ApiRequest, code: str, body: ContingencyIn) -> PanelOut:
    """More of the year's unallotted budget for a call under review. With another
    `Idempotency-Key` it is another request, even for the same amount and reason."""
    call = call_by_code(request.actor, code)
    key = request.headers.get("idempotency-key")
    done = actions.fund_from_contingency(
        request.actor,
        call.id,
        amount_microwon=body.amount_microwon,
        reason=body.reason,
        at=request.at,
        request=uuid5(call.id, f"{request.actor.id}:{key}") if key else None,
    )
    return panel_out(done)


@router.post("/calls/{code}/rankings", response=RunOut, operation_id="compute_ranking")
def compute(request: ApiRequest, code: str) -> RunOut:
    """Unchanged inputs answer with the standing run; others supersede it."""
    call = call_by_code(request.actor, code)
    return run_out(actions.compute_ranking(request.actor, call.id, at=request.at))


@router.post(
    "/calls/{code}/rankings/{run_id}/confirm", response=RunOut, operation_id="confirm_ranking"
)
def confirm(request: ApiRequest, code: str, run_id: UUID) -> RunOut:
    """One more person's word; the last one that policy asks for makes the awards."""
    call = call_by_code(request.actor, code)
    return run_out(actions.confirm_ranking(request.actor, call.id, run_id, at=request.at))

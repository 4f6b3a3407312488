"""REST routes of panels: what lies before them, whom to ask, what stands in the way."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from madang.core.errors import NotFound
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.review.assignments.api import AssignmentOut, assignment_out
from madang.review.assignments.candidates import candidates_for, fill_seats
from madang.review.assignments.queries import conflicts_on
from madang.review.panels.models import Subject
from madang.review.panels.queries import panel_for, panels_for, subjects_for
from madang.review.rankings.kernel import digest

router = Router(tags=["review"])
ONE = "/panels/{panel_id}"


class PanelOut(Schema):
    id: UUID
    context_type: str
    context_id: UUID
    state: str
    rules_sha256: str
    created_at: datetime
    budget_microwon: int | None
    seed_sha256: str


class SubjectOut(Schema):
    id: UUID
    subject_type: str
    subject_id: UUID
    requested_microwon: int
    bonus_milli: int
    topics: list[str]
    standing: str
    withdrawn_at: datetime | None


class CandidateOut(Schema):
    """`against` is empty for somebody who may be asked; else it says why not."""

    person: UUID
    email: str
    matches: int
    load: int
    against: list[str]


class FilledOut(Schema):
    assigned: list[AssignmentOut]
    short: int


class ConflictOut(Schema):
    assignment: UUID
    subject_id: UUID
    reviewer: UUID
    state: str
    kinds: list[str]


def subject_out(row: Subject) -> SubjectOut:
    return SubjectOut.from_orm(row)


def panel_out(row: object) -> PanelOut:
    """The seed itself is shown with the ranking; its digest from the first day."""
    seed = str(getattr(row, "seed", ""))
    return PanelOut(
        **{name: getattr(row, name) for name in PanelOut.model_fields if name != "seed_sha256"},
        seed_sha256=digest(seed.encode()),
    )


@router.get("/panels", response=list[PanelOut], operation_id="list_panels")
def list_panels(request: ApiRequest) -> list[PanelOut]:
    """For operators and auditors; nobody else sees how a panel stands."""
    return [panel_out(row) for row in panels_for(request.actor)[:ROWS_MAX]]


@router.get(ONE + "/subjects", response=list[SubjectOut], operation_id="list_subjects")
def list_subjects(request: ApiRequest, panel_id: UUID) -> list[SubjectOut]:
    panel = panel_for(request.actor, panel_id)
    return [subject_out(row) for row in subjects_for(request.actor, panel.id)]


@router.get(
    "/subjects/{subject_id}/candidates",
    response=list[CandidateOut],
    operation_id="list_candidates",
)
def list_candidates(request: ApiRequest, subject_id: UUID) -> list[CandidateOut]:
    """Who could be asked: free ones first, best match, least load; conflicts by name."""
    rows = Subject.objects.filter(panel__in=panels_for(request.actor), id=subject_id)
    subject = rows.select_related("panel").first()
    if subject is None:
        raise NotFound
    return [
        CandidateOut(
            person=one.reviewer.person_id,
            email=one.reviewer.person.email,
            matches=one.matches,
            load=one.load,
            against=list(one.against),
        )
        for one in candidates_for(request.actor, subject, at=request.at)[:ROWS_MAX]
    ]


@router.post(ONE + "/fill", response=FilledOut, operation_id="fill_seats")
def fill(request: ApiRequest, panel_id: UUID) -> FilledOut:
    """Ask the best free candidates until every seat is taken or nobody is left."""
    panel = panel_for(request.actor, panel_id)
    done = fill_seats(request.actor, panel.id, at=request.at)
    return FilledOut(assigned=[assignment_out(row) for row in done.assigned], short=done.short)


@router.get(ONE + "/conflicts", response=list[ConflictOut], operation_id="list_conflicts")
def list_conflicts(request: ApiRequest, panel_id: UUID) -> list[ConflictOut]:
    """Every seat tested again with what is known now."""
    panel = panel_for(request.actor, panel_id)
    return [
        ConflictOut(
            assignment=one.assignment.id,
            subject_id=one.assignment.subject.subject_id,
            reviewer=one.assignment.reviewer.person_id,
            state=one.assignment.state,
            kinds=list(one.kinds),
        )
        for one in conflicts_on(request.actor, panel.id, at=request.at)
    ]

"""From a closed call to awards: review, ranking, decision. The call's lock is taken first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.models import Membership, Person
from madang.programme.applications.actions import locked_applications
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.notices import tell_applicants
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.actions import offer_award
from madang.programme.calls.actions import locked_call
from madang.programme.calls.models import Call, CallState
from madang.programme.calls.phases import phase_at
from madang.programme.calls.workflow import CALL
from madang.programme.errors import ChecksPending, RankingOfAnotherCall
from madang.review.assignments import actions as assignments
from madang.review.assignments.models import Assignment
from madang.review.conflicts import Party
from madang.review.errors import RankingStale
from madang.review.models import RankingRun, RankingState, ReviewPanel, Subject
from madang.review.panels.actions import Brought, add_subjects, form_panel
from madang.review.panels.queries import panel_of
from madang.review.rankings import actions as rankings
from madang.review.rankings.queries import outputs_of
from madang.review.rules import rules_from

CONTEXT = "call"
SUBJECT = "application"
UNCHECKED = (ApplicationState.SUBMITTED, ApplicationState.RETURNED)
OUTCOMES = {
    "selected": ("select", None),
    "reserve": ("hold", "programme.application.reserve"),
    "rejected": ("reject", "programme.application.rejected"),
}


@transaction.atomic
def start_review(actor: Actor, call_id: UUID, *, at: datetime) -> ReviewPanel:
    """평가 시작: after the deadline, when every application has its eligibility check.

    All eligible applications come before one panel, under the rules that the call froze.
    """
    call = locked_call(call_id)
    waiting = call.applications.filter(state__in=UNCHECKED).count()
    if waiting:
        raise ChecksPending(applications=waiting)
    call.state = phase_at(call, at)
    CALL.move(call, "start_review", actor, at=at)
    panel = form_panel(
        actor,
        context_type=CONTEXT,
        context_id=call.id,
        rules=rules_from(call.rules),
        budget_microwon=call.budget_microwon,
        at=at,
    )
    _bring(actor, panel, locked_applications(call, ApplicationState.ELIGIBLE), at)
    return panel


@transaction.atomic
def assign_reviewer(
    actor: Actor, application_id: UUID, person: Person, *, at: datetime
) -> Assignment:
    """평가위원 배정. Refused on a conflict with the applicant or the matched supplier."""
    subject = Subject.objects.filter(subject_type=SUBJECT, subject_id=application_id).first()
    if subject is None:
        raise NotFound
    return assignments.assign_reviewer(actor, subject, person, at=at)


@transaction.atomic
def compute_ranking(actor: Actor, call_id: UUID, *, at: datetime) -> RankingRun:
    """순위 산정 for a call. The same inputs answer with the same run."""
    actor.need(Role.OPERATOR)
    call = locked_call(call_id)
    _need_reviewing(call, "compute_ranking")
    run = rankings.compute_ranking(actor, panel_of(CONTEXT, call.id).id, at=at)
    unscored = locked_applications(call, ApplicationState.IN_REVIEW)
    APPLICATION.move_all(unscored, "score", actor, at=at)
    return run


@transaction.atomic
def confirm_ranking(actor: Actor, call_id: UUID, run_id: UUID, *, at: datetime) -> RankingRun:
    """순위 확정. The last of the confirmations that policy asks for makes the awards (P4).

    All or nothing: I4, the awards of a call never pass what B300 allows.
    """
    actor.need(Role.OPERATOR)
    call = locked_call(call_id)
    found = RankingRun.objects.filter(pk=run_id).select_related("panel").first()
    if found is None:
        raise NotFound
    if found.panel.context_id != call.id:
        raise RankingOfAnotherCall
    _need_reviewing(call, "confirm_ranking")
    run = rankings.confirm_ranking(actor, run_id, at=at)
    if run.state == RankingState.CONFIRMED:
        _decide(actor, call, run, at)
    return run


def _need_reviewing(call: Call, step: str) -> None:
    if call.state != CallState.REVIEWING:
        raise TransitionNotAllowed(noun="call", transition=step, state=call.state)


def _decide(actor: Actor, call: Call, run: RankingRun, at: datetime) -> None:
    """Move every ranked application, make the awards in order of rank, tell everybody.

    A subject that was withdrawn is in no ranking; one that slips out of `scored` while the
    ranking is confirmed refuses the whole.
    """
    ranked = {UUID(line.subject): line for line in outputs_of(run).lines}
    scored = locked_applications(call, ApplicationState.SCORED)
    if {row.id for row in scored} != set(ranked):
        raise RankingStale
    for row in scored:
        row.rank = ranked[row.id].rank
    Application.objects.bulk_update(scored, ["rank"])
    for outcome, (move, notice) in OUTCOMES.items():
        rows = [row for row in scored if ranked[row.id].outcome == outcome]
        APPLICATION.move_all(
            rows, move, actor, at=at, facts=lambda row: {"rank": ranked[row.id].rank}
        )
        if notice is not None:
            tell_applicants(rows, notice, at)
        else:
            for row in sorted(rows, key=lambda row: ranked[row.id].rank):
                offer_award(actor, row, at=at)
    CALL.move(call, "decide", actor, at=at, facts={"ranking": str(run.id)})


def _bring(actor: Actor, panel: ReviewPanel, rows: Sequence[Application], at: datetime) -> None:
    APPLICATION.move_all(rows, "review", actor, at=at)
    units = _units_of(rows)
    brought = [
        Brought(row.id, _parties_of(row, units.get(row.id, "")), row.requested_microwon)
        for row in rows
    ]
    add_subjects(actor, panel, SUBJECT, brought, at=at)


def _units_of(rows: Sequence[Application]) -> dict[UUID, str]:
    """The lowest unit of each application's author in the applying organisation."""
    places = Membership.objects.filter(
        person__in={row.created_by for row in rows}, ends_at=None
    ).values_list("person_id", "organisation_id", "unit")
    by_place = {(person, firm): unit for person, firm, unit in places}
    return {row.id: by_place.get((row.created_by, row.organisation_id), "") for row in rows}


def _parties_of(row: Application, unit: str) -> list[Party]:
    """Whom a reviewer must not be near: applicant, its author, the matched supplier."""
    parties = [
        Party("organisation", row.organisation_id, unit=unit),
        Party("person", row.created_by),
    ]
    if row.supplier is not None:
        parties.append(Party("organisation", row.supplier.organisation_id, part="supplier"))
    return parties

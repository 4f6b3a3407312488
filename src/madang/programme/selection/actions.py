"""From a closed call to awards: review, ranking, decision. The call's lock is taken first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.models import Membership, Person
from madang.programme.applications.actions import locked_application
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.notices import tell_applicant
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
from madang.review.models import RankingRun, RankingState, ReviewPanel, Subject
from madang.review.panels.actions import add_subject, form_panel
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
    for row in call.applications.filter(state=ApplicationState.ELIGIBLE).order_by("id"):
        _bring(actor, panel, locked_application(row.id), at)
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
    for line in outputs_of(run).lines:
        row = locked_application(UUID(line.subject))
        if row.state == ApplicationState.IN_REVIEW:
            APPLICATION.move(row, "score", actor, at=at)
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
    for line in outputs_of(run).lines:
        row = locked_application(UUID(line.subject))
        move, notice = OUTCOMES[line.outcome]
        APPLICATION.move(row, move, actor, at=at, facts={"rank": line.rank})
        row.rank = line.rank
        row.save(update_fields=["rank"])
        if notice is None:
            offer_award(actor, row, at=at)
        else:
            tell_applicant(row, notice, at)
    CALL.move(call, "decide", actor, at=at, facts={"ranking": str(run.id)})


def _bring(actor: Actor, panel: ReviewPanel, row: Application, at: datetime) -> None:
    APPLICATION.move(row, "review", actor, at=at)
    add_subject(
        actor,
        panel,
        subject_type=SUBJECT,
        subject_id=row.id,
        parties=parties_of(row),
        requested_microwon=row.requested_microwon,
        at=at,
    )


def parties_of(row: Application) -> list[Party]:
    """Whom a reviewer must not be near: applicant, its author, the matched supplier."""
    place = Membership.objects.filter(
        person=row.created_by, organisation=row.organisation_id, ends_at=None
    ).first()
    unit = place.unit if place is not None else ""
    parties = [
        Party("organisation", row.organisation_id, unit=unit),
        Party("person", row.created_by),
    ]
    if row.supplier is not None:
        parties.append(Party("organisation", row.supplier.organisation_id, part="supplier"))
    return parties

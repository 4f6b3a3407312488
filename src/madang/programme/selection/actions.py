"""From a closed call to awards: review, ranking, decision. The call's lock is taken first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.events.models import Event
from madang.parties.events.queries import reasons_of, times_recorded
from madang.parties.models import Membership, Person
from madang.programme.applications.actions import locked_applications
from madang.programme.applications.findings import bonus_of
from madang.programme.applications.limits import need_consent
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.models import Award
from madang.programme.calls.actions import hold_year, locked_call
from madang.programme.calls.models import Call, CallState
from madang.programme.calls.phases import phase_at
from madang.programme.calls.workflow import CALL
from madang.programme.errors import (
    AmountInvalid,
    ChecksPending,
    RankingOfAnotherCall,
    ReasonMissing,
)
from madang.programme.money import allotment_left_microwon, exceeded, stamp
from madang.programme.selection.deciding import ENDED, decide, note_standings
from madang.programme.selection.peers import need_peers_done
from madang.review.assignments import actions as assignments
from madang.review.assignments.models import Assignment
from madang.review.conflicts import Party
from madang.review.models import RankingRun, RankingState, ReviewPanel, Subject
from madang.review.panels.actions import (
    Brought,
    add_subjects,
    close_panel,
    form_panel,
    locked_panel,
    raise_budget,
    reopen_panel,
    set_budget,
)
from madang.review.panels.queries import panel_of
from madang.review.rankings import actions as rankings
from madang.review.rules import rules_from

CONTEXT = "call"
SUBJECT = "application"
UNCHECKED = (ApplicationState.SUBMITTED, ApplicationState.RETURNED)


@transaction.atomic
def start_review(
    actor: Actor,
    call_id: UUID,
    *,
    at: datetime,
    random_hex: Callable[[int], str] = secrets.token_hex,
) -> ReviewPanel:
    """평가 시작: after the deadline, when every application has its eligibility check.

    All eligible applications come before one panel, under the rules that the call froze.
    Where the fast lane, withdrawals and checks left none, the call is decided at once: there
    is nothing to rank; and so is one under review, once nobody is left before its panel.
    `random_hex` draws the lottery's seed.
    """
    call = locked_call(call_id)
    if call.state == CallState.REVIEWING and not has_candidates(call):
        panel = locked_panel(panel_of(CONTEXT, call.id).id)
        _end_unranked(actor, call, panel, at)
        return panel
    waiting = call.applications.filter(state__in=UNCHECKED).count()
    if waiting:
        raise ChecksPending(applications=waiting)
    eligible = locked_applications(call, ApplicationState.ELIGIBLE)
    if call.terms.get("supplier_consent") == "before_review":
        for row in eligible:
            need_consent(row)
    call.state = phase_at(call, at)
    CALL.move(call, "start_review", actor, at=at)
    panel = form_panel(
        actor,
        context_type=CONTEXT,
        context_id=call.id,
        rules=rules_from(call.rules),
        budget_microwon=allotment_left_microwon(call.id),
        at=at,
        random_hex=random_hex,
    )
    bring(actor, panel, eligible, at)
    if not eligible:
        _end_unranked(actor, call, panel, at)
    return panel


def has_candidates(call: Call) -> bool:
    """Whether anybody waits for the panel of a call, or before it."""
    if call.state != CallState.REVIEWING:
        return call.applications.filter(state=ApplicationState.ELIGIBLE).exists()
    panel = panel_of(CONTEXT, call.id)
    return panel.subjects.filter(withdrawn_at=None).exists()


def _end_unranked(actor: Actor, call: Call, panel: ReviewPanel, at: datetime) -> None:
    actor.need(Role.OPERATOR)
    close_panel(panel)
    CALL.move(call, "decide", actor, at=at)


@transaction.atomic
def assign_reviewer(
    actor: Actor, application_id: UUID, person: Person, *, at: datetime
) -> Assignment:
    """평가위원 배정. Refused on a conflict with the applicant or the matched supplier."""
    return assignments.assign_reviewer(actor, subject_of(application_id), person, at=at)


@transaction.atomic
def compute_ranking(actor: Actor, call_id: UUID, *, at: datetime) -> RankingRun:
    """순위 산정 for a call. The same inputs answer with the same run.

    Where applicants judge one another it waits for the last of them, or for the last day.
    A call that was opened again and in which nothing changed is decided as it was before.
    """
    actor.need(Role.OPERATOR)
    call = locked_call(call_id)
    _need_reviewing(call, "compute_ranking")
    panel = panel_of(CONTEXT, call.id)
    need_peers_done(call, panel, at)
    note_standings(panel, call, at)
    run = rankings.compute_ranking(actor, panel.id, at=at)
    if run.state == RankingState.CONFIRMED:
        close_panel(panel)
        CALL.move(call, "decide", actor, at=at, facts={"ranking": str(run.id)})
        return run
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
    note_standings(found.panel, call, at)
    run = rankings.confirm_ranking(actor, run_id, at=at)
    if run.state == RankingState.CONFIRMED:
        decide(actor, call, run, at)
    return run


def subject_of(application_id: UUID) -> Subject:
    """The application before its call's panel. Raises NotFound."""
    row = (
        Subject.objects.select_related("panel")
        .filter(subject_type=SUBJECT, subject_id=application_id, panel__context_type=CONTEXT)
        .first()
    )
    if row is None:
        raise NotFound
    return row


@transaction.atomic
def reopen_review(actor: Actor, call_id: UUID, *, reason: str, at: datetime) -> ReviewPanel:
    """재평가 of a decided call: a conflict was found late, an appeal was upheld.

    Everything stands as it was until another ranking is confirmed, which supersedes the last.
    An archived call has given its rest back, so its panel ranks over what its awards hold;
    whoever is selected beyond them is paid from contingency.
    """
    call = locked_call(call_id)
    if not reason.strip():
        raise ReasonMissing
    was_archived = call.state == CallState.ARCHIVED
    hold_year(call)
    CALL.move(call, "reopen", actor, at=at, reason=reason)
    panel = reopen_panel(actor, panel_of(CONTEXT, call.id).id, reason=reason, at=at)
    if not was_archived:
        return panel
    return set_budget(actor, panel.id, budget_microwon=_held_microwon(call, panel), at=at)


@transaction.atomic
def fund_from_contingency(
    actor: Actor,
    call_id: UUID,
    *,
    amount_microwon: int,
    reason: str,
    at: datetime,
    request: UUID | None = None,
) -> ReviewPanel:
    """예비비: more of the year's unallotted budget for a call under review (P3).

    Two people decide on it with the ranking; what no award takes goes back at the archive.
    `request` is the caller's id: the same again changes nothing, another is another request.
    Without one the same amount with the same reason, sent again before anything else became of
    the call, is the same request.
    """
    actor.need(Role.OPERATOR)
    call = locked_call(call_id)
    _need_reviewing(call, "fund_from_contingency")
    if not reason.strip():
        raise ReasonMissing
    if amount_microwon <= 0 or not is_whole_won(amount_microwon):
        raise AmountInvalid(field="amount_microwon")
    panel = panel_of(CONTEXT, call.id)
    if _is_asked(call, amount_microwon, reason, request):
        return panel
    panel = raise_budget(actor, panel.id, by_microwon=amount_microwon, at=at)
    times = times_recorded("panel.budget", "panel", panel.id)
    try:
        postings.open_call(
            stamp(actor, "call", call.id, f"contingency:{times}", at=at),
            programme_year=call.programme_year_id,
            call=call.id,
            amount=amount_microwon,
        )
    except Overdrawn as err:
        raise exceeded(err) from err
    record_event(
        actor,
        "call.contingency",
        subject_type="call",
        subject_id=call.id,
        at=at,
        reason=reason,
        facts={"amount_microwon": amount_microwon, "request": str(request or "")},
    )
    return panel


def _is_asked(call: Call, amount_microwon: int, reason: str, request: UUID | None) -> bool:
    """True when this request was booked; for one without an id, when the last that happened to
    the call was this very contingency."""
    rows = Event.objects.filter(subject_type="call", subject_id=str(call.id))
    if request is not None:
        booked = rows.filter(action="call.contingency", facts__request=str(request))
        return booked.exists()
    last = rows.order_by("at", "id").last()
    if last is None or last.action != "call.contingency":
        return False
    said = reasons_of(last.action, [str(call.id)]).get(str(call.id))
    return (said, last.facts["amount_microwon"]) == (reason, amount_microwon)


def _held_microwon(call: Call, panel: ReviewPanel) -> int:
    """What a call may still rank over: its awards that stand, and what came back since."""
    ranked = panel.subjects.values("subject_id")
    standing = Award.objects.filter(call=call, application__in=ranked).exclude(state__in=ENDED)
    held = sum(standing.values_list("amount_microwon", flat=True))
    return held + allotment_left_microwon(call.id)


def _need_reviewing(call: Call, step: str) -> None:
    if call.state != CallState.REVIEWING:
        raise TransitionNotAllowed(noun="call", transition=step, state=call.state)


def bring(actor: Actor, panel: ReviewPanel, rows: Sequence[Application], at: datetime) -> None:
    """Put eligible applications before the panel, with whom a reviewer must not be near."""
    APPLICATION.move_all(rows, "review", actor, at=at)
    units = units_of(rows)
    brought = [brought_of(row, units.get(row.id, ""), at) for row in rows]
    Application.objects.bulk_update(rows, ["bonus_codes"])
    add_subjects(actor, panel, SUBJECT, brought, at=at)


def brought_of(row: Application, unit: str, at: datetime) -> Brought:
    """With its bonuses, by the facts of this instant; their codes go to the row, unsaved."""
    row.bonus_codes, bonus_milli = bonus_of(row, at)
    parties, topics = _parties_of(row, unit), _topics_of(row)
    return Brought(row.id, parties, row.requested_microwon, bonus_milli, topics)


def _topics_of(row: Application) -> list[str]:
    """What the call's form calls `topic`: matched against the reviewers' expertise."""
    given = row.answers.get("topic", "")
    topics = given if isinstance(given, list) else [given]
    return [str(topic) for topic in topics if topic]


def units_of(rows: Sequence[Application]) -> dict[UUID, str]:
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

"""Who reads which application. One function per question, used by every page and the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.events.models import Event
from madang.parties.events.queries import reasons_about
from madang.programme.applications.models import (
    Application,
    ApplicationDraft,
    ApplicationState,
    EligibilityFindings,
)
from madang.programme.calls.models import Call
from madang.programme.calls.phases import OPEN, phase_at
from madang.review.assignments.queries import open_assignment, open_subject_ids


def applications_for(actor: Actor) -> QuerySet[Application]:
    """One's own with their drafts; for operators and auditors all that was handed in;
    for a reviewer those pledged for, without what is no longer open (see application_for)."""
    rows = Application.objects.select_related(
        "call", "organisation", "supplier", "form_version"
    ).order_by("call__code", "receipt_number", "created_at", "id")
    handed_in = ~Q(state=ApplicationState.DRAFT)
    if actor.is_system:
        return rows.filter(handed_in)
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    mine = Q(organisation__in=own)
    if actor.sees_everything:
        mine |= handed_in
    if actor.has(Role.REVIEWER):
        mine |= handed_in & Q(id__in=open_subject_ids(actor, "application"))
    return rows.filter(mine)


def application_for(actor: Actor, identifier: UUID, *, at: datetime) -> Application:
    """One application. A reviewer's pledge and conflicts are looked at again each time.

    Raises NotFound also for what the actor may not see.
    """
    row = applications_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    if actor.sees_everything or actor.acts_as(Role.BENEFICIARY, row.organisation_id):
        return row
    if open_assignment(actor, "application", row.id, at=at) is None:
        raise NotFound
    return row


TOLD = ("application.return", "application.find_ineligible")


def words_told(actor: Actor, row: Application) -> QuerySet[Event]:
    """What the agency said in its own words, in order: what is to be completed, why it is not
    eligible. For the applicant, operators and auditors; a reviewer judges without them."""
    is_own = actor.acts_as(Role.BENEFICIARY, row.organisation_id)
    rows = reasons_about("application", row.id, TOLD)
    return rows if is_own or actor.sees_everything else rows.none()


def narrowed(
    rows: QuerySet[Application], *, state: str = "", text: str = ""
) -> QuerySet[Application]:
    """In a state; whose receipt or firm (name, code, registration number) holds the text."""
    if state:
        rows = rows.filter(state=state)
    if text := text.strip():
        rows = rows.filter(
            Q(receipt_no__icontains=text)
            | Q(organisation__name_ko__icontains=text)
            | Q(organisation__name_en__icontains=text)
            | Q(organisation__code__icontains=text)
            | Q(organisation__registration_no__icontains=text)
        )
    return rows


def following_call(row: Application, at: datetime) -> Call | None:
    """Where a draft that missed its cut-off may go: the open call of the same series after its
    own, unless the organisation has begun another draft there."""
    call = row.call
    if row.state != ApplicationState.DRAFT or call.series_id is None:
        return None
    later = Call.objects.filter(series=call.series_id, series_number__gt=call.series_number)
    following = next(
        (one for one in later.order_by("series_number") if phase_at(one, at) == OPEN), None
    )
    begun = Application.objects.filter(
        call=following, organisation=row.organisation_id, state=ApplicationState.DRAFT
    )
    return None if following is None or begun.exists() else following


def drafts_of(actor: Actor, row: Application) -> QuerySet[ApplicationDraft]:
    """Newest first; the applicant's alone, before and after it was handed in."""
    rows = row.drafts.select_related("supplier").order_by("-number")
    return rows if actor.acts_as(Role.BENEFICIARY, row.organisation_id) else rows.none()


def findings_for(actor: Actor, row: Application) -> QuerySet[EligibilityFindings]:
    """Newest first; for the applicant, operators and auditors."""
    is_own = actor.acts_as(Role.BENEFICIARY, row.organisation_id)
    rows = row.findings.order_by("-at", "-id")
    return rows if is_own or actor.sees_everything else rows.none()

"""Reviewing: pledge first, then the documents, then the scores."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.canonical import digest_of
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.pages.beneficiary.answers import AnswersForm
from madang.portal.pages.reviewer.scores import ScoresForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.programme.applications.models import Application
from madang.programme.applications.queries import application_for
from madang.programme.selection.peers import peer_due_at
from madang.review.appeals.models import AppealText
from madang.review.appeals.queries import CONTEXT
from madang.review.assignments.actions import (
    declare_interest,
    decline_assignment,
    recuse_from_assignment,
)
from madang.review.assignments.models import OPEN_STATES, Assignment
from madang.review.assignments.queries import assignment_for, assignments_for
from madang.review.reviews.actions import save_review, submit_review
from madang.review.reviews.models import Review

PLEDGE = gettext_lazy(
    "I have no interest in this application or in its supplier, will score it on its merits "
    "alone, and keep what I read to myself."
)


class PledgeForm(forms.Form):
    agrees = forms.BooleanField(label=PLEDGE)


@takes("GET")
@signed_in(Role.REVIEWER)
def assignments(request: SignedInRequest) -> HttpResponse:
    rows = assignments_for(request.actor).filter(reviewer__person=request.person)
    facts = {"rows": [(row, _title_of(row)) for row in rows.order_by("-created_at")]}
    return desk_page(request, "reviewer", "reviewer/assignments.html", facts)


@takes("GET")
@signed_in(Role.REVIEWER)
def assignment(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    row = _own(request, assignment_id)
    application = _readable(request, row)
    facts = {
        "assignment": row,
        "title": _title_of(row),
        "is_invited": row.state == "invited",
        "application": application,
        "answered": AnswersForm.of(application, language=spoken()).shown()
        if application
        else [],
        "attachments": application.attachments.select_related("document")
        if application
        else [],
        "appeal": _appeal_of(row) if application else None,
        "form": ScoresForm.of(row, language=spoken()),
        "pledge_form": PledgeForm(),
        "reason_form": ReasonForm(),
        "is_done": row.state == "submitted",
        "peer_due_at": peer_due_at(row),
        "review": Review.objects.filter(assignment=row).first(),
    }
    return desk_page(request, "reviewer", "reviewer/assignment.html", facts)


@takes("POST")
@signed_in(Role.REVIEWER)
def pledge(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    """The pledge opens the documents; its text is kept as a digest."""
    row = _own(request, assignment_id)
    taken(PledgeForm(request.POST))
    digest = digest_of(str(PLEDGE))
    declare_interest(
        request.actor, row.id, has_conflict=False, text_sha256=digest, at=request.at
    )
    messages.success(request, _("Thank you. The application is open to you now."))
    return redirect("assignment", row.id)


@takes("POST")
@signed_in(Role.REVIEWER)
def conflict(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    """A conflict is said: before the pledge, or when it is seen late."""
    row = _own(request, assignment_id)
    is_open = row.state in OPEN_STATES
    say = recuse_from_assignment if is_open else partial(declare_interest, has_conflict=True)
    told = _("You are off this application. Thank you for saying so.")
    act_with_reason(request, say, told, row.id)
    return redirect("reviewer")


@takes("POST")
@signed_in(Role.REVIEWER)
def decline(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    row = _own(request, assignment_id)
    decline_assignment(request.actor, row.id, at=request.at)
    messages.success(request, _("You declined. Somebody else is asked."))
    return redirect("reviewer")


@takes("POST")
@signed_in(Role.REVIEWER)
def save(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    row = _own(request, assignment_id)
    form = taken(ScoresForm.of(row, request.POST, language=spoken()))
    save_review(
        request.actor, row.id, scores=form.scores(), comment=form.comment(), at=request.at
    )
    messages.success(request, _("The draft is saved."))
    return redirect("assignment", row.id)


@takes("POST")
@signed_in(Role.REVIEWER)
def submit(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    row = _own(request, assignment_id)
    form = taken(ScoresForm.of(row, request.POST, language=spoken(), is_whole=True))
    submit_review(
        request.actor, row.id, scores=form.scores(), comment=form.comment(), at=request.at
    )
    messages.success(request, _("Your review is handed in."))
    return redirect("reviewer")


def _own(request: SignedInRequest, assignment_id: UUID) -> Assignment:
    """One's own only, also for a reviewer who is an operator too."""
    row = assignment_for(request.actor, assignment_id)
    if row.reviewer.person_id != request.person.id:
        raise NotFound
    return row


def _title_of(row: Assignment) -> str:
    """Before the pledge a reviewer learns the call and the receipt number, nothing else."""
    found = Application.objects.select_related("call").filter(id=row.subject.subject_id).first()
    return found.receipt_no if found else str(row.subject.subject_id)


def _appeal_of(row: Assignment) -> AppealText | None:
    """What the appellant says, where it is an appeal that is judged."""
    panel = row.subject.panel
    if panel.context_type != CONTEXT:
        return None
    return AppealText.objects.filter(appeal=panel.context_id).first()


def _readable(request: SignedInRequest, row: Assignment) -> Application | None:
    """The application, where pledge and conflicts allow it now."""
    if row.state not in OPEN_STATES:
        return None
    try:
        return application_for(request.actor, row.subject.subject_id, at=request.at)
    except NotFound:
        return None

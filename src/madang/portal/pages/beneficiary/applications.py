"""Applying: a draft that saves itself, attachments, the receipt."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import SEOUL
from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.documents.api import download
from madang.parties.documents.store import default_store
from madang.parties.organisations.queries import organisations_for
from madang.parties.remote import remote_address
from madang.portal.acting import reason_in, taken
from madang.portal.desks import desk_page
from madang.portal.pages.beneficiary.answers import AnswersForm
from madang.portal.pages.beneficiary.rights import beside
from madang.portal.pages.operator.selection import EligibilityForm, ReturnForm
from madang.portal.progress import steps_of
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.programme.applications import actions
from madang.programme.applications.attachments import (
    attach_document,
    attachment_for,
    detach_document,
)
from madang.programme.applications.models import Application
from madang.programme.applications.queries import (
    application_for,
    applications_for,
    words_told,
)
from madang.programme.calls.phases import OPEN, phase_at
from madang.programme.calls.queries import call_by_code
from madang.programme.flags.traces import trace_submission

READERS = (Role.BENEFICIARY, Role.OPERATOR, Role.AUDITOR, Role.REVIEWER)


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Choose a file"),
        error_messages={"required": gettext_lazy("Choose a file first.")},
        allow_empty_file=True,  # what a file may hold is the room's to say
    )


@takes("GET")
@signed_in(Role.BENEFICIARY)
def applications(request: SignedInRequest) -> HttpResponse:
    own = [place for place, role in request.actor.places if role is Role.BENEFICIARY]
    rows = applications_for(request.actor).filter(organisation__in=own)
    facts = {"rows": rows.order_by("-created_at")}
    return desk_page(request, "beneficiary", "beneficiary/applications.html", facts)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def start(request: SignedInRequest, code: str) -> HttpResponse:
    """A draft for one of one's organisations, or the one that is open already."""
    call = call_by_code(request.actor, code)
    firm = organisations_for(request.actor).filter(id=_id(request)).first()
    if firm is None:
        raise NotFound
    row = actions.start_application(request.actor, call, firm, at=request.at)
    return redirect("application", row.id)


def _id(request: SignedInRequest) -> UUID:
    try:
        return UUID(request.POST.get("organisation", ""))
    except ValueError as err:
        raise NotFound from err


@takes("GET")
@signed_in(*READERS)
def application(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    return _application_page(request, row, AnswersForm.of(row, language=spoken()))


@takes("POST")
@signed_in(Role.BENEFICIARY)
def save(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """Keep the draft: by the button, or a moment after the last key."""
    row = application_for(request.actor, application_id, at=request.at)
    form = AnswersForm.of(row, request.POST, language=spoken())
    is_auto = request.headers.get("x-autosave") == "1"
    if is_auto and not form.is_valid():
        return HttpResponse(_("Not saved yet: a field needs your attention."), status=422)
    _keep(request, row, taken(form))
    if is_auto:
        clock = request.at.astimezone(SEOUL).strftime("%H:%M:%S")
        return HttpResponse(_("Saved at %(clock)s") % {"clock": clock})
    messages.success(request, _("The draft is saved."))
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def submit(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """Save what stands in the form, then hand in. What is refused stays saved."""
    row = application_for(request.actor, application_id, at=request.at)
    form = taken(AnswersForm.of(row, request.POST, language=spoken()))
    _keep(request, row, form)
    done = actions.submit_application(request.actor, row.id, at=request.at)
    trace_submission(done, remote=remote_address(request), at=request.at)
    messages.success(request, _("Received under %(no)s.") % {"no": done.receipt_no})
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def withdraw(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    actions.withdraw_application(
        request.actor, row.id, reason=reason_in(request.POST), at=request.at
    )
    messages.success(request, _("The application is withdrawn."))
    return redirect("applications")


@takes("POST")
@signed_in(Role.BENEFICIARY)
def attach(request: SignedInRequest, application_id: UUID, slot: str) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    file = taken(FileForm(request.POST, request.FILES)).cleaned_data["file"]
    attach_document(
        request.actor,
        row.id,
        slot=slot,
        chunks=file.chunks(),
        file_name=file.name or "file",
        media_type=file.content_type or "application/octet-stream",
        store=default_store(),
        at=request.at,
    )
    messages.success(request, _("The file is attached."))
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def detach(request: SignedInRequest, application_id: UUID, attachment_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    detach_document(request.actor, row.id, attachment_id, at=request.at)
    messages.success(request, _("The file is taken out of the draft."))
    return redirect("application", row.id)


@takes("GET")
@signed_in(*READERS)
def attachment(
    request: SignedInRequest, application_id: UUID, attachment_id: UUID
) -> HttpResponseBase:
    """The file itself; a reviewer's pledge and conflicts are looked at again each time."""
    return download(attachment_for(request.actor, application_id, attachment_id, at=request.at))


def _keep(request: SignedInRequest, row: Application, form: AnswersForm) -> None:
    actions.save_application(
        request.actor,
        row.id,
        answers=form.answers(),
        requested_microwon=form.cleaned_data["requested_won"],
        supplier=form.cleaned_data["supplier"],
        at=request.at,
    )


def _application_page(
    request: SignedInRequest, row: Application, form: AnswersForm, *, status: int = 200
) -> HttpResponse:
    is_own = request.actor.acts_as(Role.BENEFICIARY, row.organisation_id)
    questions = actions.form_of(row)
    can_check = request.actor.has(Role.OPERATOR) and row.state in _CHECKABLE
    facts = {
        "application": row,
        "eligibility_form": EligibilityForm() if can_check else None,
        "return_form": ReturnForm(auto_id="return_%s") if row.state == "submitted" else None,
        "call": row.call,
        "is_own": is_own,
        "steps": steps_of(row) if is_own else [],
        "is_editable": is_own and row.state in actions.EDITABLE,
        "is_open": phase_at(row.call, request.at) == OPEN or row.completion_due_at is not None,
        "can_withdraw": is_own and row.state in _WITHDRAWABLE,
        "form": form,
        "files": [
            (question, row.attachments.filter(slot=question.code).select_related("document"))
            for question in questions
            if question.kind == "file"
        ],
        "answered": form.shown(),
        "revisions": row.revisions.order_by("number"),
        "checks": row.eligibility_checks.order_by("at"),
        "words": {one.at: one.reason_row.text for one in words_told(request.actor, row)},
        **beside(request, row),
    }
    desk = "beneficiary" if is_own else "reviewer"
    desk = "operator" if not is_own and request.actor.sees_everything else desk
    return desk_page(request, desk, "beneficiary/application.html", facts, status=status)


_CHECKABLE = frozenset({"submitted", "returned_for_completion"})
_WITHDRAWABLE = frozenset(
    {"draft", "submitted", "returned_for_completion", "eligible", "in_review", "reserve"}
)

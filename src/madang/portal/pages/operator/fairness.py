"""Seats, challenges, appeals and second rankings: what keeps a selection fair."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.people.queries import person_by_email
from madang.portal.acting import act, act_with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm, WonField
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.models import Application
from madang.programme.applications.queries import applications_for
from madang.programme.calls.queries import call_by_code
from madang.programme.selection import actions, appeals
from madang.programme.selection.peers import distribute_reviews
from madang.review.appeals.actions import judge_appeal
from madang.review.appeals.models import Appeal
from madang.review.appeals.queries import appeal_for, appeal_panel, appeals_for
from madang.review.assignments.actions import assign_reviewer, void_review
from madang.review.assignments.candidates import candidates_for, fill_seats, replace_reviewer
from madang.review.assignments.queries import assignment_for, assignments_for
from madang.review.challenges.actions import decide_challenge
from madang.review.challenges.queries import challenge_for
from madang.review.panels.models import Subject
from madang.review.panels.queries import panel_of

READERS = (Role.OPERATOR, Role.AUDITOR)


class VerdictForm(ReasonForm):
    """`yes` admits or upholds, `no` turns away. `meaning` is what a yes is to the action."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, meaning: str = "upheld", *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.meaning = meaning

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = dict(super().clean() or {})
        return given | {self.meaning: given.pop("verdict", "") == "yes"}


class ContingencyForm(ReasonForm):
    amount_microwon = WonField(label=gettext_lazy("Amount in won"))


@takes("POST")
@signed_in(Role.OPERATOR)
def fill(request: SignedInRequest, code: str) -> HttpResponse:
    call = call_by_code(request.actor, code)
    done = fill_seats(request.actor, panel_of(actions.CONTEXT, call.id).id, at=request.at)
    number = len(done.assigned)
    told = ngettext("%(n)s expert is invited.", "%(n)s experts are invited.", number)
    messages.success(request, told % {"n": number})
    if done.short:
        messages.error(request, _("For %(n)s seats nobody free is left.") % {"n": done.short})
    return redirect("panel", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def distribute(request: SignedInRequest, code: str) -> HttpResponse:
    """The applicants judge one another."""
    call = call_by_code(request.actor, code)
    number = len(distribute_reviews(request.actor, call.id, at=request.at))
    told = ngettext("%(n)s expert is invited.", "%(n)s experts are invited.", number)
    messages.success(request, told % {"n": number})
    return redirect("panel", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def replace(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    row = assignment_for(request.actor, assignment_id)
    replace_reviewer(request.actor, row.id, at=request.at)
    messages.success(request, _("Another expert is invited."))
    return _to_panel(request, row.subject)


@takes("POST")
@signed_in(Role.OPERATOR)
def void(request: SignedInRequest, assignment_id: UUID) -> HttpResponse:
    row = assignment_for(request.actor, assignment_id)
    told = _("The review does not count any more; its record stays.")
    act_with_reason(request, void_review, told, row.id)
    return _to_panel(request, row.subject)


@takes("POST")
@signed_in(Role.OPERATOR)
def challenge(request: SignedInRequest, challenge_id: UUID) -> HttpResponse:
    row = challenge_for(request.actor, challenge_id)
    form = VerdictForm("upheld", request.POST)
    _decide(request, form, partial(decide_challenge, request.actor, row.id, at=request.at))
    return _to_panel(request, row.subject)


@takes("POST")
@signed_in(Role.OPERATOR)
def reopen(request: SignedInRequest, code: str) -> HttpResponse:
    call = call_by_code(request.actor, code)
    told = _("The call is reviewed anew; all stands until then.")
    act_with_reason(request, actions.reopen_review, told, call.id)
    return redirect("manage_call", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def contingency(request: SignedInRequest, code: str) -> HttpResponse:
    call = call_by_code(request.actor, code)
    act(
        request,
        ContingencyForm(request.POST),
        partial(actions.fund_from_contingency, request.actor, call.id, at=request.at),
        _("The call has more to give; the ranking says to whom."),
    )
    return redirect("ranking", code)


@takes("GET")
@signed_in(Role.BENEFICIARY, Role.REVIEWER, *READERS)
def all_appeals(request: SignedInRequest) -> HttpResponse:
    """One's own; those that one hears; all for operators and auditors."""
    rows = appeals_for(request.actor).order_by("-filed_at")
    facts = {"rows": rows}
    return desk_page(request, _desk(request), "operator/appeals.html", facts)


@takes("GET")
@signed_in(Role.BENEFICIARY, Role.REVIEWER, *READERS)
def appeal(request: SignedInRequest, appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, appeal_id)
    readable = applications_for(request.actor).filter(id=row.subject_id).first()
    facts = {
        "appeal": row,
        "words": getattr(row, "text_row", None),
        "application": readable,
        "verdict_form": VerdictForm(),
        **(_hearing(request, row) if request.actor.has(*READERS) else {}),
    }
    return desk_page(request, _desk(request), "operator/appeal.html", facts)


def _hearing(request: SignedInRequest, row: Appeal) -> dict[str, object]:
    """The appeal's own panel: who is asked, who could be."""
    panel = appeal_panel(row)
    subject = panel.subjects.select_related("panel").first() if panel else None
    if panel is None or subject is None:
        return {"is_operator": request.actor.has(Role.OPERATOR)}
    return {
        "is_operator": request.actor.has(Role.OPERATOR),
        "seats": assignments_for(request.actor).filter(subject__panel=panel),
        "candidates": candidates_for(request.actor, subject, at=request.at),
    }


@takes("POST")
@signed_in(Role.OPERATOR)
def judge(request: SignedInRequest, appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, appeal_id)
    form = VerdictForm("admissible", request.POST)
    form.fields["reason"].required = request.POST.get("verdict") == "no"
    _decide(request, form, partial(judge_appeal, request.actor, row.id, at=request.at))
    return redirect("appeal", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def hear(request: SignedInRequest, appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, appeal_id)
    appeals.hear_appeal(request.actor, row.id, at=request.at)
    messages.success(request, _("The appeal is heard by people apart from the first review."))
    return redirect("appeal", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def assign(request: SignedInRequest, appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, appeal_id)
    panel = appeal_panel(row)
    subject = panel.subjects.select_related("panel").first() if panel else None
    if subject is None:
        raise NotFound
    person = person_by_email(request.POST.get("email", ""))
    assign_reviewer(request.actor, subject, person, at=request.at)
    messages.success(request, _("The expert is invited."))
    return redirect("appeal", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def decide(request: SignedInRequest, appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, appeal_id)
    form = VerdictForm("upheld", request.POST)
    _decide(request, form, partial(appeals.decide_appeal, request.actor, row.id, at=request.at))
    return redirect("appeal", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def close(request: SignedInRequest, appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, appeal_id)
    appeals.close_appeal(request.actor, row.id, at=request.at)
    messages.success(request, _("The appeal is closed."))
    return redirect("appeal", row.id)


def _decide(
    request: SignedInRequest, form: VerdictForm, decision: Callable[..., object]
) -> None:
    act(request, form, decision, _("The decision is recorded and told."))


def _desk(request: SignedInRequest) -> str:
    if request.actor.has(*READERS):
        return "operator"
    return "beneficiary" if request.actor.has(Role.BENEFICIARY) else "reviewer"


def _to_panel(request: SignedInRequest, subject: Subject) -> HttpResponse:
    """Back to the panel of the call, or to the appeal whose panel it is."""
    if subject.panel.context_type != actions.CONTEXT:
        return redirect("appeal", subject.panel.context_id)
    row = Application.objects.select_related("call").get(id=subject.subject_id)
    return redirect("panel", row.call.code)

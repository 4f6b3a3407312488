"""What makers hand in, and what the agency decides about it, on one desk."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.compute.grants.models import Grant
from madang.compute.grants.queries import grant_for, grants_of
from madang.compute.sites.engines import engine_for
from madang.metering.offerings.models import Offering, OfferingState
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import default_store
from madang.parties.organisations.models import Organisation
from madang.portal.acting import act, act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.pages.operator.fairness import VerdictForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.testbed.policy import policy_at
from madang.testbed.submissions import actions, appeals, runs
from madang.testbed.submissions.api import archive_answer
from madang.testbed.submissions.queries import (
    appeal_for,
    appealable_until,
    submission_for,
    submissions_for,
)

READERS = (Role.MAKER, Role.OPERATOR, Role.AUDITOR)
PER_PAGE = 100


def firms_of(actor: Actor) -> list[Organisation]:
    """Where the actor is a maker."""
    own = [place for place, role in actor.places if role is Role.MAKER]
    return list(Organisation.objects.filter(id__in=own).order_by("code"))


class OfFirm(forms.Form):
    """A form about one of one's firms; with one firm there is nothing to choose."""

    organisation = forms.ChoiceField(label=gettext_lazy("Organisation"))

    def __init__(self, actor: Actor, *sent: object) -> None:
        super().__init__(*sent)  # type: ignore[arg-type]  # a form that was sent, and its files
        self.firms = {one.code: one for one in firms_of(actor)}
        self._choose(
            "organisation",
            [(code, getattr(one, f"name_{spoken()}")) for code, one in self.firms.items()],
        )
        products = Offering.objects.filter(state=OfferingState.LISTED).order_by("code")
        self._choose("offering", self._empty(products.values_list("code", flat=True)))

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    @staticmethod
    def _empty(codes: object) -> list[tuple[str, str]]:
        assert hasattr(codes, "__iter__")
        return [("", _("none")), *((str(one), str(one)) for one in codes)]


class ReportForm(OfFirm):
    file = forms.FileField(
        label=gettext_lazy("Folder of the report, as a zip"),
        help_text=gettext_lazy("The whole folder that the run made: report, key and raw logs."),
    )
    offering = forms.ChoiceField(
        label=gettext_lazy("Product that is this device"),
        required=False,
        help_text=gettext_lazy("Its price tells how many answers one won buys."),
    )


class RunForm(OfFirm):
    spec = forms.CharField(
        label=gettext_lazy("Specification (TOML)"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )
    extra = forms.FileField(label=gettext_lazy("Files that it names, as a zip"), required=False)
    offering = forms.ChoiceField(
        label=gettext_lazy("Product that pays for test runs"), required=False
    )
    voucher = forms.ChoiceField(label=gettext_lazy("Voucher"), required=False)

    def __init__(self, actor: Actor, *sent: object) -> None:
        super().__init__(actor, *sent)
        own = Voucher.objects.filter(organisation__in=self.firms.values()).order_by("code")
        self._choose("voucher", self._empty(own.values_list("code", flat=True)))


class AppealForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Why the decision is wrong"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class StartForm(forms.Form):
    grant = forms.ChoiceField(label=gettext_lazy("GPU grant that the run uses"))

    def __init__(self, grants: list[Grant], *sent: object) -> None:
        super().__init__(*sent)  # type: ignore[arg-type]  # a form that was sent
        field = self.fields["grant"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.code, one.code) for one in grants]


def desk_of(request: SignedInRequest) -> str:
    if request.actor.has(Role.OPERATOR):
        return "operator"
    return "maker" if request.actor.has(Role.MAKER) else "auditor"


@takes("GET")
@signed_in(*READERS)
def submissions(request: SignedInRequest) -> HttpResponse:
    is_maker = request.actor.has(Role.MAKER)
    facts = {
        "rows": submissions_for(request.actor)[:PER_PAGE],
        "report_form": ReportForm(request.actor) if is_maker else None,
        "run_form": RunForm(request.actor) if is_maker else None,
    }
    return desk_page(request, desk_of(request), "testbed/submissions.html", facts)


@takes("POST")
@signed_in(Role.MAKER)
def submit_report(request: SignedInRequest) -> HttpResponse:
    form = taken(ReportForm(request.actor, request.POST, request.FILES))
    sent: UploadedFile[bytes] = form.cleaned_data["file"]
    organisation = form.firms[form.cleaned_data["organisation"]]
    document = store_document(
        request.actor, chunks=sent.chunks(), file_name=sent.name or "report.zip",
        media_type="application/zip", organisation=organisation.id,
        store=default_store(), at=request.at,
        size_bytes_max=policy_at(request.at).archive_bytes_max,
    )  # fmt: skip
    row = actions.submit_test_report(
        request.actor, organisation, document, offering=form.cleaned_data["offering"],
        store=default_store(), at=request.at,
    )  # fmt: skip
    messages.success(request, _("Received. Every figure is worked out again now."))
    return redirect("testbed_submission", row.id)


@takes("POST")
@signed_in(Role.MAKER)
def order_run(request: SignedInRequest) -> HttpResponse:
    form = taken(RunForm(request.actor, request.POST, request.FILES))
    entered, sent = form.cleaned_data, form.cleaned_data["extra"]
    row = runs.order_test_run(
        request.actor, form.firms[entered["organisation"]], spec=entered["spec"],
        files=sent.read() if sent else b"", voucher=entered["voucher"],
        offering=entered["offering"], at=request.at,
    )  # fmt: skip
    messages.success(request, _("The run is ordered. The agency starts it."))
    return redirect("testbed_submission", row.id)


@takes("GET")
@signed_in(*READERS)
def submission(request: SignedInRequest, submission_id: UUID) -> HttpResponse:
    row = submission_for(request.actor, submission_id)
    is_operator = request.actor.has(Role.OPERATOR)
    until = appealable_until(row)
    may_appeal = until is not None and request.at < until
    is_own = request.actor.acts_as(Role.MAKER, row.organisation_id)
    facts = {
        "submission": row,
        "appeals": row.appeals.order_by("filed_at"),
        "until": until,
        "is_own": is_own,
        "is_operator": is_operator,
        "appeal_form": AppealForm() if may_appeal and is_own else None,
        "reason_form": ReasonForm(),
        "verdict_form": VerdictForm(),
        "start_form": StartForm(list(grants_of(request.actor))) if is_operator else None,
    }
    return desk_page(request, desk_of(request), "testbed/submission.html", facts)


@takes("GET")
@signed_in(*READERS)
def archive(request: SignedInRequest, submission_id: UUID) -> HttpResponseBase:
    return archive_answer(submission_for(request.actor, submission_id))


@takes("POST")
@signed_in(Role.MAKER)
def withdraw(request: SignedInRequest, submission_id: UUID) -> HttpResponse:
    row, form = submission_for(request.actor, submission_id), taken(ReasonForm(request.POST))
    reason = form.cleaned_data["reason"]
    done = actions.withdraw_submission(request.actor, row.id, reason=reason, at=request.at)
    if done.job is not None:
        engine = engine_for(done.job.site, request.at)
        runs.cancel_run(request.actor, done, engine, at=request.at)
    messages.success(request, _("The submission is withdrawn; its record stays."))
    return redirect("testbed_submission", row.id)


@takes("POST")
@signed_in(Role.MAKER)
def appeal(request: SignedInRequest, submission_id: UUID) -> HttpResponse:
    row = submission_for(request.actor, submission_id)
    do = partial(appeals.appeal_submission, request.actor, row.id, at=request.at)
    told = _("The appeal is filed; another person decides it.")
    act(request, AppealForm(request.POST), do, told)
    return redirect("testbed_submission", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def start(request: SignedInRequest, submission_id: UUID) -> HttpResponse:
    row = submission_for(request.actor, submission_id)
    form = taken(StartForm(list(grants_of(request.actor)), request.POST))
    grant = grant_for(request.actor, form.cleaned_data["grant"])
    engine = engine_for(grant.gpu_class.site, request.at)
    runs.accept_test_run(request.actor, row.id, grant, engine, at=request.at)
    messages.success(request, _("The run has begun."))
    return redirect("testbed_submission", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def publish(request: SignedInRequest, submission_id: UUID) -> HttpResponse:
    row = submission_for(request.actor, submission_id)
    actions.publish_submission(request.actor, row.id, store=default_store(), at=request.at)
    messages.success(request, _("The report is on the board."))
    return redirect("testbed_submission", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def turn_away(request: SignedInRequest, submission_id: UUID, step: str) -> HttpResponse:
    """Declined before it is on the board, or taken off it: both with a reason."""
    row = submission_for(request.actor, submission_id)
    do = actions.remove_submission if step == "remove" else actions.decline_submission
    act_with_reason(request, do, _("The decision is recorded and told."), row.id)
    return redirect("testbed_submission", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def decide_appeal(request: SignedInRequest, testbed_appeal_id: UUID) -> HttpResponse:
    row = appeal_for(request.actor, testbed_appeal_id)
    do = partial(appeals.decide_submission_appeal, request.actor, row.id, at=request.at)
    form = VerdictForm("upheld", request.POST)
    act(request, form, do, _("The decision is recorded and told."))
    return redirect("testbed_submission", row.submission_id)

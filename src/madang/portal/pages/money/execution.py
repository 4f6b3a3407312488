"""One award's execution: parts, amendments, reports, checks, own part in kind, settlement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.canonical import Json
from madang.parties.events.queries import reasons_of
from madang.parties.models import Supplier
from madang.parties.policies.queries import current_policy
from madang.portal.acting import read, reason_in, taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField, ReasonForm, WonField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.pages.money import evidence
from madang.portal.pages.money.cases import GROUNDS, SuspicionForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.templatetags.madang import name, won
from madang.programme.agreements import amending, ending
from madang.programme.agreements.models import Amendment
from madang.programme.agreements.queries import agreements_for, amendments_for
from madang.programme.awards.models import Award
from madang.programme.awards.queries import award_for
from madang.programme.cases.models import Ground
from madang.programme.checks import actions as checks
from madang.programme.checks.models import CheckKind
from madang.programme.copayments import in_kind
from madang.programme.reports import actions as reports
from madang.programme.reports.models import Report
from madang.programme.reports.queries import last_sections, measured_of
from madang.programme.settlements import actions as settlements
from madang.programme.settlements.models import ProjectSettlement
from madang.programme.tranches.actions import release_tranche
from madang.programme.tranches.models import TrancheState

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY, Role.SUPPLIER)
WRITERS = (Role.OPERATOR, Role.BENEFICIARY, Role.SUPPLIER)
LIVING = ("signed", "amended")
REPORT_NAMES = {
    "mid": gettext_lazy("Mid-term report"),
    "result": gettext_lazy("Result report"),
}


CHECK_KINDS = [
    (CheckKind.MID, gettext_lazy("at mid-term")),
    (CheckKind.ON_SITE, gettext_lazy("on site")),
]


class CheckForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=CHECK_KINDS)
    due_at = MomentField(label=gettext_lazy("Due"))


class AmendForm(ReasonForm):
    use_ends_on = forms.DateField(label=gettext_lazy("Last day of use"), required=False)
    supplier = forms.CharField(label=gettext_lazy("Supplier"), required=False, max_length=64)
    offerings = forms.CharField(
        label=gettext_lazy("Covered products"), required=False, max_length=500
    )
    subsidy = WonField(label=gettext_lazy("Support"), required=False)


class PledgeForm(forms.Form):
    amount = WonField(label=gettext_lazy("Amount in kind"))


class VerifyForm(forms.Form):
    verifier = forms.RegexField(
        label=gettext_lazy("Code of the accountant"), regex=r"^[A-Za-z0-9._-]{1,64}$"
    )
    audit_sha256 = forms.RegexField(
        label=gettext_lazy("Digest of the audit's report"),
        regex=r"^([0-9a-f]{64})?$",
        required=False,
    )


Take = Callable[[SignedInRequest, Award, QueryDict], object]
_row, _reason, _clean = evidence.row_in, reason_in, read


def _release(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return release_tranche(request.actor, award.id, at=request.at)


def _submit_report(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    wanted = current_policy("execution", request.at).texts("report_sections")
    sections = {name: str(post.get(f"s-{name}", "")) for name in wanted}
    return reports.submit_report(request.actor, _row(post), sections=sections, at=request.at)


def _return_report(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return reports.return_report(request.actor, _row(post), reason=_reason(post), at=request.at)


def _accept_report(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return reports.accept_report(request.actor, _row(post), at=request.at)


def _plan_check(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    given = taken(CheckForm(post)).cleaned_data
    return checks.plan_check(
        request.actor, award.id, kind=CheckKind(given["kind"]), due_at=given["due_at"],
        at=request.at,
    )  # fmt: skip


def _record_check(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    result = str(post.get("result", ""))
    if result not in checks.RESULTS:
        raise NotFound
    return checks.record_check(
        request.actor, _row(post), result=result, reason=_reason(post), at=request.at
    )


def _amend(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    given = _clean(AmendForm(post))
    changes: dict[str, Json] = {}
    if isinstance(given["use_ends_on"], date):
        changes["use_ends_on"] = given["use_ends_on"].isoformat()
    if given["supplier"]:
        changes["supplier"] = str(given["supplier"])
    if given["offerings"]:
        changes["offerings"] = str(given["offerings"]).split()
    if isinstance(given["subsidy"], int):
        changes["subsidy_microwon"] = given["subsidy"]
    agreement = agreements_for(request.actor).get(award=award)
    return amending.propose_amendment(
        request.actor, agreement.id, changes=changes, reason=str(given["reason"]),
        at=request.at,
    )  # fmt: skip


def _sign_amendment(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    sha256 = str(post.get("sha256", ""))
    return amending.sign_amendment(request.actor, _row(post), sha256=sha256, at=request.at)


def _withdraw_amendment(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return amending.withdraw_amendment(
        request.actor, _row(post), reason=_reason(post), at=request.at
    )


def _terminate(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    agreement = agreements_for(request.actor).get(award=award)
    return ending.terminate_agreement(
        request.actor, agreement.id, reason=_reason(post), at=request.at
    )


def _pledge(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    amount: int = taken(PledgeForm(post)).cleaned_data["amount"]
    return in_kind.pledge_in_kind(
        request.actor, award.id, amount_microwon=amount, at=request.at
    )


def _open_settlement(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return settlements.open_settlement(request.actor, award.id, at=request.at)


def _submit_settlement(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return settlements.submit_settlement(request.actor, _row(post), at=request.at)


def _verify(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    given = _clean(VerifyForm(post))
    return settlements.verify_settlement(
        request.actor, _row(post), verifier=str(given["verifier"]),
        audit_sha256=str(given["audit_sha256"]), at=request.at,
    )  # fmt: skip


def _confirm(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return settlements.confirm_settlement(request.actor, _row(post), at=request.at)


def _return(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return settlements.return_settlement(request.actor, _row(post), at=request.at)


STEPS: dict[str, Take] = {
    "release": _release,
    "submit-report": _submit_report,
    "return-report": _return_report,
    "accept-report": _accept_report,
    "plan-check": _plan_check,
    "record-check": _record_check,
    "amend": _amend,
    "sign-amendment": _sign_amendment,
    "withdraw-amendment": _withdraw_amendment,
    "terminate": _terminate,
    "pledge": _pledge,
    "submit-in-kind": evidence.submit_paper,
    "accept-in-kind": evidence.accept_paper,
    "reject-in-kind": evidence.reject_paper,
    "find": evidence.find,
    "answer-finding": evidence.answer,
    "open-settlement": _open_settlement,
    "submit-settlement": _submit_settlement,
    "verify": _verify,
    "confirm": _confirm,
    "return": _return,
}


@takes("GET")
@signed_in(*READERS)
def execution(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    row = award_for(request.actor, award_id)
    agreement = agreements_for(request.actor).filter(award=row).first()
    sees_papers = request.actor.sees_everything or request.actor.acts_for(row.organisation_id)
    facts = {
        "award": row,
        "agreement": agreement,
        "is_living": agreement is not None and agreement.state in LIVING,
        "measured": measured_of(row, request.at),
        "tranches": row.tranches.order_by("number"),
        "has_next_part": row.tranches.filter(state=TrancheState.PLANNED).exists(),
        "reports": _reports(row, sees_papers),
        "sections": _sections(request),
        "checks": [
            (one, dict(CHECK_KINDS)[CheckKind(one.kind)])
            for one in row.checks.order_by("due_at")
        ],
        "amendments": [
            (one, _changed(one))
            for one in amendments_for(request.actor).filter(agreement__award=row)
        ],
        **(_words(row) if sees_papers else {}),
        "evidence": row.in_kind.select_related("document").order_by("submitted_at"),
        "outstanding": in_kind.outstanding_microwon(row),
        **_settlement_facts(row),
        "is_operator": request.actor.has(Role.OPERATOR),
        "is_own": request.actor.acts_as(Role.BENEFICIARY, row.organisation_id),
        "may_sign": request.actor.has(*WRITERS),
        "sees_papers": sees_papers,
        "reason_form": ReasonForm(auto_id="r_%s"),
        "check_form": CheckForm(auto_id="check_%s"),
        "amend_form": AmendForm(auto_id="amend_%s"),
        "paper_form": evidence.PaperForm(auto_id="paper_%s"),
        "pledge_form": PledgeForm(auto_id="pledge_%s"),
        "verify_form": VerifyForm(auto_id="verify_%s"),
        "case_form": SuspicionForm(row, auto_id="case_%s"),
    }
    return desk_page(request, desk_of(request.actor), "money/execution.html", facts)


def _reports(row: Award, sees_papers: bool) -> list[tuple[Report, str, Mapping[str, str], str]]:
    """Each with its name; for the firm and the agency also what was written last, and why it
    was sent back the last time."""
    rows = row.reports.order_by("due_at").prefetch_related("texts")
    if not sees_papers:
        return [(one, str(REPORT_NAMES[one.kind]), {}, "") for one in rows]
    why = _told(rows, "report.return")
    return [
        (one, str(REPORT_NAMES[one.kind]), last_sections(one), why.get(one.id, ""))
        for one in rows
    ]


def _words(row: Award) -> dict[str, dict[UUID, str]]:
    """What a check found, and why a paper was not accepted."""
    return {
        "found": _told(row.checks.all(), "check.improve", "check.pass", "check.fail"),
        "rejected": _told(row.in_kind.all(), "in_kind.reject"),
    }


def _told(rows: Iterable[Model], *steps: str) -> dict[UUID, str]:
    """The agency's last words with one of these steps, by row."""
    ids = [str(row.pk) for row in rows]
    found = [reasons_of(step, ids) for step in steps]
    return {UUID(row): text for told in found for row, text in told.items()}


def _changed(row: Amendment) -> list[tuple[str, str]]:
    """Each term that an amendment changes, and to what, as a reader says them."""
    names = {
        "use_ends_on": _("Last day of use"),
        "supplier": _("Supplier"),
        "offerings": _("Covered products"),
        "subsidy_microwon": _("Support"),
    }
    return [(names.get(term, term), _shown(term, to)) for term, to in row.changes.items()]


def _shown(term: str, value: Json) -> str:
    if term == "supplier":
        return name(Supplier.objects.get(pk=str(value)))
    if term == "subsidy_microwon" and isinstance(value, int):
        return won(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _settlement_facts(row: Award) -> dict[str, object]:
    """The settlement, its findings, and how each is dealt with."""
    settlement: ProjectSettlement | None = getattr(row, "settlement", None)
    found = settlement.findings.order_by("found_at") if settlement else ()
    names = dict(GROUNDS)
    return {
        "settlement": settlement,
        "findings": [
            (one, names[Ground(one.ground)], evidence.AnswerForm(row, auto_id=f"a-{one.id}-%s"))
            for one in found
        ],
        "finding_form": evidence.FindingForm(auto_id="finding_%s"),
    }


def _sections(request: SignedInRequest) -> list[tuple[str, str]]:
    names = {"done": _("What was done"), "effect": _("Effect"), "problems": _("Problems")}
    wanted = current_policy("execution", request.at).texts("report_sections")
    return [(name, names.get(name, name)) for name in wanted]


@takes("POST")
@signed_in(*WRITERS)
def take_step(request: SignedInRequest, award_id: UUID, step: str) -> HttpResponse:
    row = award_for(request.actor, award_id)
    if step not in STEPS:
        raise NotFound
    STEPS[step](request, row, request.POST)
    messages.success(request, _("Done."))
    return redirect("execution", row.id)

"""A data set's own desk: what lies on its branch is checked, sealed, opened, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.commits.models import Commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.models import DataSet, QualityCheck, Version
from madang.datahub.plan.models import BuildProject
from madang.datahub.quality.actions import ask_waiver, run_check, sign_waiver
from madang.datahub.quality.queries import check_for, checks_of, standing_check
from madang.datahub.releases.actions import (
    archive_release,
    open_release,
    prepare_release,
    resume_release,
    suspend_release,
)
from madang.datahub.releases.workflow import SERVED
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.queries import data_set_for
from madang.datahub.terms.queries import terms_in_force
from madang.datahub.versions.actions import commit_digest, recall_version, seal_version
from madang.datahub.versions.queries import version_for, versions_of
from madang.parties.actor import Role
from madang.portal.acting import Offer, act, act_with_reason, taken, with_reason
from madang.portal.pages.data.proposing import EXAMPLE
from madang.portal.request import SignedInRequest, signed_in, takes

ROWS_MAX, TARGETS_MAX = 20, 100_000
WRITERS = (Role.BUILDER, Role.OPERATOR)
WITH_REASON: dict[str, tuple[Callable[..., object], str | Promise, str | Promise]] = {
    "suspend": (suspend_release, _("Suspend for now"), _("Suspended.")),
    "resume": (resume_release, _("Prepare again"), _("Prepared again.")),
    "archive": (archive_release, _("Put into the archive"), _("Archived.")),
    "recall": (
        recall_version,
        _("Recall this version"),
        _("Taken back, and readers are told."),
    ),
}


class CheckForm(forms.Form):
    """What the files must hold, as a file of targets."""

    targets = forms.CharField(
        label=_("Targets (TOML)"), max_length=TARGETS_MAX,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("The same files and targets give the same report, whoever runs it."),
    )  # fmt: skip


class SealForm(forms.Form):
    number = forms.CharField(
        label=_("Number of the version"), max_length=32, help_text=_("Digits and dots: 1.0")
    )


class DayForm(forms.Form):
    opens_on = forms.DateField(
        label=_("Day of opening"), widget=forms.DateInput(attrs={"type": "date"})
    )


@dataclass(frozen=True, slots=True)
class CheckLine:
    row: QualityCheck
    offers: list[Offer]
    waits: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    row: Version
    offers: list[Offer]


@takes("GET")
@signed_in(*WRITERS)
def desk(request: SignedInRequest, code: str) -> HttpResponse:
    row = data_set_for(request.actor, code)
    need_writer(request.actor, row)
    head = commit_at(row, "main")
    digest, versions = commit_digest(head), list(versions_of(row))
    sealed = next((one for one in versions if one.commit_id == head.pk), None)
    is_operator = request.actor.has(Role.OPERATOR)
    facts = {
        "data_set": row,
        "head": head,
        "standing": standing_check(digest),
        "sealed": sealed,
        "is_operator": is_operator,
        "has_rows": False,
        "checks": [_check_line(request, one, is_operator) for one in checks_of(row)[:ROWS_MAX]],
        "versions": [_version_line(request, one, is_operator) for one in versions],
        "check_form": CheckForm(initial={"targets": _targets(row, head)}),
        "seal_form": None if sealed else SealForm(initial=_next(versions)),
    }
    return render(request, "data/set_desk.html", facts)


@takes("POST")
@signed_in(*WRITERS)
def check(request: SignedInRequest, code: str) -> HttpResponse:
    """Measure what lies on the branch now."""
    row = data_set_for(request.actor, code)
    need_writer(request.actor, row)  # before anything that was sent is looked at
    targets = taken(CheckForm(request.POST)).cleaned_data["targets"]
    made = run_check(request.actor, commit_at(row, "main"), targets=targets, at=request.at)
    return redirect("data_check", made.id)


@takes("POST")
@signed_in(*WRITERS)
def seal(request: SignedInRequest, code: str) -> HttpResponse:
    row = data_set_for(request.actor, code)
    need_writer(request.actor, row)
    number = taken(SealForm(request.POST)).cleaned_data["number"]
    seal_version(request.actor, row, commit_at(row, "main"), number=number, at=request.at)
    messages.success(request, gettext("Sealed. Promise a day, then open it."))
    return redirect("data_desk", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def step(request: SignedInRequest, version: UUID, step: str) -> HttpResponse:
    """Promise a day, open, or one of the steps that say why."""
    row = version_for(request.actor, version)
    if step == "prepare":
        prepare = partial(prepare_release, request.actor, row.id, at=request.at)
        is_public = gettext("The day is public. Open it on that day.")
        act(request, DayForm(request.POST), prepare, is_public)
    elif step == "open":
        open_release(request.actor, row.id, at=request.at)
        messages.success(request, gettext("Opened."))
    elif step in WITH_REASON:
        do, _label, told = WITH_REASON[step]
        act_with_reason(request, do, told, row.id)
    else:
        raise NotFound
    return redirect("data_desk", row.data_set.code)


@takes("POST")
@signed_in(Role.OPERATOR)
def waiver(request: SignedInRequest, quality_check: UUID, step: str) -> HttpResponse:
    """One operator answers for a failed check, another one signs."""
    row = check_for(request.actor, quality_check)
    if step == "ask":
        told = gettext("Asked. Somebody else of the agency signs it.")
        act_with_reason(request, ask_waiver, told, row.id)
    elif step == "sign":
        sign_waiver(request.actor, row.id, at=request.at)
        messages.success(request, gettext("Signed: the check is waived."))
    else:
        raise NotFound
    return redirect("data_desk", row.commit.data_set.code)


def _targets(row: DataSet, head: Commit) -> str:
    """What was agreed in writing, else what it was measured against last, else an example."""
    project = BuildProject.objects.filter(data_set=row).order_by("-id").first()
    agreed = terms_in_force(project) if project is not None else None
    if agreed is not None:
        return agreed.targets
    last = checks_of(row).first()
    return last.targets if last is not None else EXAMPLE


def _next(versions: list[Version]) -> dict[str, str]:
    """One more than the newest, in its last part."""
    if not versions:
        return {"number": "1.0"}
    before, _dot, last = versions[0].number.rpartition(".")
    return {"number": f"{before}.{int(last) + 1}" if before and last.isdigit() else ""}


def _check_line(request: SignedInRequest, row: QualityCheck, is_operator: bool) -> CheckLine:
    asked = getattr(row, "waiver", None)
    waits = row.state == "failed" and asked is not None
    is_mine = asked is not None and asked.asked_by == request.actor.id
    where = partial(_waiver_address, row)
    offers = []
    if is_operator and row.state == "failed" and asked is None:
        offers.append(with_reason(_("Ask for a waiver"), where("ask"), row.id))
    if is_operator and waits and not is_mine:
        offers.append(Offer(_("Sign the waiver"), where("sign"), about=str(row.ran_at)))
    return CheckLine(row, offers, waits)


def _waiver_address(row: QualityCheck, step: str) -> str:
    return reverse("check_waiver", args=[row.id, step])


def _version_line(request: SignedInRequest, row: Version, is_operator: bool) -> VersionLine:
    """The steps that are open to the agency, the usual next one first."""
    if not is_operator or row.state == "recalled":
        return VersionLine(row, [])
    release = getattr(row, "release", None)
    state = release.state if release is not None else ""
    place = partial(_step_address, row)
    offers = []
    if not state:
        first = {"opens_on": seoul_date(request.at)}
        form = DayForm(initial=first, auto_id=f"day-{row.id}-%s")
        offers.append(Offer(_("Promise a day"), place("prepare"), form, row.number))
    if state in {"prepared", "embargoed", "beta"}:
        offers.append(Offer(_("Open it"), place("open"), about=row.number))
    names = [*(["suspend", "archive"] if state in SERVED else [])]
    names += ["resume"] if state == "suspended" else []
    for name in [*names, "recall"]:
        _do, label, _told = WITH_REASON[name]
        key = f"{row.number}-{name}"
        offers.append(with_reason(label, place(name), key, is_grave=name == "recall"))
    return VersionLine(row, offers)


def _step_address(row: Version, step: str) -> str:
    return reverse("version_step", args=[row.id, step])

"""The desk of access: who may use a gated or secure set, and which results leave a room."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from madang.core.errors import NotFound
from madang.datahub.access.actions import decide_access
from madang.datahub.access.queries import access_requests_for
from madang.datahub.access.workflow import ACCESS
from madang.datahub.results.actions import decide_export
from madang.datahub.results.models import ResultExport, ResultFile
from madang.datahub.results.queries import export_for, exports_for
from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.pages.data.reports import PERSON_KINDS
from madang.portal.request import SignedInRequest, signed_in, takes

DECIDERS = (Role.BUILDER, Role.OPERATOR)
READERS = (*DECIDERS, Role.AUDITOR)
WAITING = ("requested", "screening")
ROWS_MAX = 100


class DecideForm(forms.Form):
    """`step` is a button; what is refused or taken back says why."""

    step = forms.CharField(max_length=16)
    reason = forms.CharField(label=_("Reason"), max_length=1000, required=False)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        says_why = data.get("step") in {"deny", "revoke"}
        if says_why and not data.get("reason"):
            self.add_error("reason", _("Give a reason."))
        return data


def desk_of(request: SignedInRequest) -> str:
    if request.actor.has(Role.OPERATOR):
        return "operator"
    return "builder" if request.actor.has(Role.BUILDER) else "auditor"


@takes("GET")
@signed_in(*READERS)
def desk(request: SignedInRequest) -> HttpResponse:
    return _desk(request)


@takes("POST")
@signed_in(*DECIDERS)
def decide_application(request: SignedInRequest, access_request: UUID) -> HttpResponse:
    row = access_requests_for(request.actor).filter(pk=access_request).first()
    if row is None:
        raise NotFound
    given = taken(DecideForm(request.POST)).cleaned_data
    if given["step"] not in _steps():
        raise NotFound
    decide_access(request.actor, row.id, **given, at=request.at)
    return redirect("data_access")


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def result(request: SignedInRequest, export: UUID) -> HttpResponse:
    return _result(request, export_for(request.actor, export), DecideForm())


@takes("POST")
@signed_in(Role.OPERATOR)
def decide_result(request: SignedInRequest, export: UUID) -> HttpResponse:
    row = export_for(request.actor, export)
    given = taken(DecideForm(request.POST)).cleaned_data
    if given["step"] not in {"approve", "deny", "revoke"}:
        raise NotFound
    decide_export(request.actor, row.id, **given, at=request.at)
    return redirect("data_result", row.id)


def _steps() -> frozenset[str]:
    return frozenset(one.code for one in ACCESS.transitions if one.who)


def _desk(
    request: SignedInRequest, forms_of: dict[UUID, DecideForm] | None = None, *,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    rows = access_requests_for(request.actor)
    shown = forms_of or {}
    oversees = request.actor.sees_everything
    results = exports_for(request.actor) if oversees else ResultExport.objects.none()
    facts = {
        "waiting": [
            (row, shown.get(row.id, DecideForm(auto_id=f"id_{row.id}_%s")))
            for row in rows.filter(state__in=WAITING).order_by("asked_at")[:ROWS_MAX]
        ],
        "standing": [
            (row, shown.get(row.id, DecideForm(auto_id=f"id_{row.id}_%s")))
            for row in rows.filter(state="approved", ends_at__gt=request.at)[:ROWS_MAX]
        ],
        "may_decide": request.actor.has(*DECIDERS),
        "oversees": oversees,
        "results": results.filter(state="requested").order_by("asked_at")[:ROWS_MAX],
        "decided": results.exclude(state="requested")[:ROWS_MAX],
    }
    return desk_page(request, desk_of(request), "data/access.html", facts, status=status)


def _signs(file: ResultFile) -> list[tuple[object, int]]:
    """What a machine found in it, in words."""
    return [(PERSON_KINDS.get(kind, kind), count) for kind, count in (file.signs or {}).items()]


def _result(
    request: SignedInRequest, row: ResultExport, form: DecideForm, *, status: int = 200
) -> HttpResponse:
    is_operator = request.actor.has(Role.OPERATOR)
    facts = {
        "export": row,
        "files": [(one, _signs(one)) for one in row.files.order_by("number")],
        "form": form,
        "is_own": row.person_id == request.person.id,
        "may_look": is_operator,
        "may_decide": is_operator and row.state == "requested",
        "may_revoke": is_operator and row.state == "approved",
    }
    return desk_page(request, desk_of(request), "data/result.html", facts, status=status)

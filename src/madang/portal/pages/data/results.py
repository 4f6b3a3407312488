"""Results of a secure room: handed in inside it, and taken once they are let out."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from madang.core.errors import NotFound, Refused
from madang.datahub.results.actions import (
    ask_export,
    need_place,
    record_taking,
    withdraw_export,
)
from madang.datahub.results.looking import Handed, limits_at
from madang.datahub.results.queries import export_for, exports_for, file_for
from madang.datahub.results.taking import attachment
from madang.datahub.sets.models import Access, DataSet
from madang.datahub.sets.queries import data_set_for
from madang.parties.remote import remote_address
from madang.portal.acting import taken
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import sentence_of

ROWS_MAX = 50


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """All chosen files, each held to what a single one is held to."""

    widget = ManyFiles

    def clean(self, data: object, initial: object = None) -> list[UploadedFile[bytes]]:
        sent = data if isinstance(data, list) and data else [None]
        return [super(FilesField, self).clean(one, initial) for one in sent]


class ResultsForm(forms.Form):
    """What the results are, and the files themselves."""

    purpose = forms.CharField(
        label=_("What they are and what for"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    results = FilesField(label=_("Files"))


@takes("GET", "POST")
@signed_in()
def results(request: SignedInRequest, code: str) -> HttpResponse:
    """One's own requests about this set; inside a room also the form for the next one."""
    row = data_set_for(request.actor, code)
    if row.access != Access.SECURE:
        raise NotFound
    if request.method != "POST":
        return _page(request, row, ResultsForm())
    need_place(request.actor, row, address=remote_address(request), at=request.at)
    form = taken(ResultsForm(request.POST, request.FILES))
    ask_export(
        request.actor, request.person, row, purpose=form.cleaned_data["purpose"],
        files=[Handed(one.name or "", one.chunks) for one in form.cleaned_data["results"]],
        address=remote_address(request), at=request.at,
    )  # fmt: skip
    return redirect("data_results", code)


@takes("POST")
@signed_in()
def withdraw(request: SignedInRequest, export: UUID) -> HttpResponse:
    row = export_for(request.actor, export)
    withdraw_export(request.actor, row.id, at=request.at)
    return redirect("data_results", row.data_set.code)


@takes("GET")
@signed_in()
def take(request: SignedInRequest, file: UUID) -> HttpResponseBase:
    row = file_for(request.actor, file)
    record_taking(request.actor, row, at=request.at)
    return attachment(row)


def _page(
    request: SignedInRequest, row: DataSet, form: ResultsForm, *, status: int = 200
) -> HttpResponse:
    why_not, limits = _why_not(request, row), limits_at(request.at)
    own = exports_for(request.actor).filter(data_set=row, person=request.person)
    facts = {
        "data_set": row,
        "why_not": why_not,
        "form": None if why_not else form,
        "limits": limits,
        "kinds": ", ".join(sorted(limits.kinds)),
        "own": own[:ROWS_MAX],
    }
    return render(request, "data/results.html", facts, status=status)


def _why_not(request: SignedInRequest, row: DataSet) -> str:
    """The refusal that a request would meet, told before anything is typed."""
    try:
        need_place(request.actor, row, address=remote_address(request), at=request.at)
    except Refused as error:
        return sentence_of(error)
    return ""

"""The form builder and the calendar: every save of a form is a version."""

from __future__ import annotations

import re
from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.calendar.actions import (
    YEAR_MAX,
    YEAR_MIN,
    fill_year,
    set_holiday,
    take_out_holiday,
)
from madang.parties.calendar.models import HolidayYear
from madang.parties.calendar.queries import days_off, holidays_of
from madang.parties.canonical import Json
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.calls.forms import CHARACTERS_MAX, CHOOSING, NUMBERS
from madang.programme.errors import FormUnknown
from madang.programme.forms.actions import CODE, save_form
from madang.programme.forms.models import FormVersion
from madang.programme.forms.queries import form_version, forms_for, versions_of

READERS = (Role.OPERATOR, Role.AUDITOR)
QUESTION_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
KINDS = [
    ("text", gettext_lazy("text")),
    ("number", gettext_lazy("whole number")),
    ("money", gettext_lazy("amount in won")),
    ("date", gettext_lazy("date")),
    ("choice", gettext_lazy("one of a list")),
    ("choices", gettext_lazy("some of a list")),
    ("check", gettext_lazy("box to tick")),
    ("file", gettext_lazy("files")),
]


class QuestionForm(forms.Form):
    """One question. The code of one that is there already rewrites it."""

    code = forms.RegexField(
        label=gettext_lazy("Code"), regex=r"^[a-z][a-z0-9_]{0,63}$", max_length=64
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind of answer"), choices=KINDS)
    name_ko = forms.CharField(label=gettext_lazy("Question in Korean"), max_length=200)
    name_en = forms.CharField(label=gettext_lazy("Question in English"), max_length=200)
    help_ko = forms.CharField(
        label=gettext_lazy("Help in Korean"), max_length=1000, required=False
    )
    help_en = forms.CharField(
        label=gettext_lazy("Help in English"), max_length=1000, required=False
    )
    required = forms.BooleanField(label=gettext_lazy("Needed to hand in"), required=False)
    words_max = forms.IntegerField(
        label=gettext_lazy("Words at most"), min_value=0, max_value=CHARACTERS_MAX,
        required=False, help_text=gettext_lazy("For a text; empty for no limit"),
    )  # fmt: skip
    characters_max = forms.IntegerField(
        label=gettext_lazy("Characters at most"), min_value=1, max_value=CHARACTERS_MAX,
        required=False,
    )  # fmt: skip
    choices = forms.CharField(
        label=gettext_lazy("Choices, one a line"), required=False, max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def question(self) -> dict[str, Json]:
        """As the form keeps it: only what was said."""
        entered = self.cleaned_data
        made: dict[str, Json] = {
            name: entered[name] for name in ("code", "kind", "name_ko", "name_en", "required")
        }
        made |= {name: entered[name] for name in ("help_ko", "help_en") if entered[name]}
        if entered["kind"] == "text":
            limits = ("words_max", "characters_max")
            made |= {name: entered[name] for name in limits if entered[name]}
        if entered["kind"] in CHOOSING:
            lines = entered["choices"].splitlines()
            made["choices"] = [line.strip() for line in lines if line.strip()]
        assert made["kind"] not in NUMBERS or "choices" not in made
        return made


class HolidayForm(forms.Form):
    day = forms.DateField(
        label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)


@takes("GET")
@signed_in(*READERS)
def all_forms(request: SignedInRequest) -> HttpResponse:
    wanted = request.GET.get("code", "")
    if CODE.fullmatch(wanted):
        return redirect("form", wanted)
    facts = {
        "rows": forms_for(request.actor),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/forms.html", facts)


@takes("GET")
@signed_in(*READERS)
def form(request: SignedInRequest, code: str) -> HttpResponse:
    """A form that nobody saved yet is empty."""
    row = _newest(code)
    facts = {
        "code": code,
        "version": row,
        "versions": versions_of(request.actor, code),
        "questions": _fields(row),
        "kinds": dict(KINDS),
        "form": QuestionForm(),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/form.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def save_question(request: SignedInRequest, code: str) -> HttpResponse:
    row, entered = _newest(code), taken(QuestionForm(request.POST))
    question = entered.question()
    fields = _fields(row)
    places = [index for index, one in enumerate(fields) if one["code"] == question["code"]]
    for index in places:
        fields[index] = question
    made = save_form(
        request.actor, code, fields if places else [*fields, question], at=request.at
    )
    messages.success(request, _("Saved as version %(n)s.") % {"n": made.number})
    return redirect("form", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def move_question(
    request: SignedInRequest, code: str, question: str, step: str
) -> HttpResponse:
    """Up, down, or out."""
    fields = _fields(_newest(code))
    places = [index for index, one in enumerate(fields) if one["code"] == question]
    if not places or step not in {"up", "down", "out"}:
        raise NotFound
    (index,) = places
    moved = fields.pop(index)
    if step != "out":
        fields.insert(max(0, index + (-1 if step == "up" else 1)), moved)
    made = save_form(request.actor, code, list(fields), at=request.at)
    messages.success(request, _("Saved as version %(n)s.") % {"n": made.number})
    return redirect("form", code)


def _newest(code: str) -> FormVersion | None:
    if CODE.fullmatch(code) is None:
        raise NotFound
    try:
        return form_version(code)
    except FormUnknown:
        return None


def _fields(row: FormVersion | None) -> list[dict[str, Json]]:
    return [dict(one) for one in row.fields] if row else []


@takes("GET")
@signed_in(*READERS)
def calendar(request: SignedInRequest) -> HttpResponse:
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == len("2026") else 0
    year = year if YEAR_MIN <= year <= YEAR_MAX else seoul_date(request.at).year
    entered = {row.day: row for row in holidays_of(year)}
    off = days_off([year], request.at)
    days = sorted({day for day in off if day.year == year} | set(entered))
    facts = {
        "year": year,
        "days": [(day, entered.get(day), day in off) for day in days],
        "is_filled": HolidayYear.objects.filter(year=year).exists(),
        "form": HolidayForm(),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/calendar.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def fill_holidays(request: SignedInRequest, year: int) -> HttpResponse:
    fill_year(request.actor, year, at=request.at)
    messages.success(request, _("The days of the year are written down."))
    return _to_year(year)


@takes("POST")
@signed_in(Role.OPERATOR)
def put_holiday(request: SignedInRequest) -> HttpResponse:
    entered = taken(HolidayForm(request.POST))
    day: date = entered.cleaned_data["day"]
    set_holiday(request.actor, day, name=entered.cleaned_data["name"], at=request.at)
    messages.success(request, _("No term ends on this day."))
    return _to_year(day.year)


@takes("POST")
@signed_in(Role.OPERATOR)
def drop_holiday(request: SignedInRequest, day: str) -> HttpResponse:
    try:
        found = date.fromisoformat(day)
    except ValueError as err:
        raise NotFound from err
    take_out_holiday(request.actor, found, at=request.at)
    messages.success(request, _("Terms may end on this day."))
    return _to_year(found.year)


def _to_year(year: int) -> HttpResponse:
    response = redirect("calendar")
    response["location"] += f"?year={year}"
    return response

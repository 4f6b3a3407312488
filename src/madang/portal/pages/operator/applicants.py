"""The applications of a call: a page at a time, narrowed by state and words, or as a file."""

from __future__ import annotations

import csv
import io

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import SEOUL
from madang.core.money import won_digits
from madang.parties.actor import Role
from madang.portal.labels import KIND_NAMES, state_label
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.queries import applications_for, narrowed
from madang.programme.calls.models import Call
from madang.programme.calls.queries import call_by_code

READERS = (Role.OPERATOR, Role.AUDITOR)
PER_PAGE = 25
ROWS_AT_ONCE = 500
BYTE_ORDER_MARK = "\ufeff"
"""So that spreadsheets read the file as UTF-8."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run, were a firm called so."""
HEADS = (
    gettext_lazy("Receipt number"),
    gettext_lazy("Organisation"),
    gettext_lazy("Code"),
    gettext_lazy("Registration number"),
    gettext_lazy("Kind"),
    gettext_lazy("Region"),
    gettext_lazy("Supplier"),
    gettext_lazy("State"),
    gettext_lazy("Asked for (won)"),
    gettext_lazy("Received"),
)


class NarrowForm(forms.Form):
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    q = forms.CharField(
        label=gettext_lazy("Organisation or receipt number"), required=False, max_length=100
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        handed_in = [code for code in ApplicationState.values if code != ApplicationState.DRAFT]
        self.fields["state"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", _("all")),
            *((code, state_label("application", code, spoken())) for code in handed_in),
        ]


def listed(request: SignedInRequest, call: Call) -> dict[str, object]:
    """What the page of a call needs to show one page of its applications."""
    form = NarrowForm(request.GET)
    rows = _asked(request, call, form)
    return {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "narrow_form": form,
        "is_narrowed": any(_narrowing(form)),
    }


@takes("GET")
@signed_in(*READERS)
def applications_csv(request: SignedInRequest, code: str) -> HttpResponse:
    """All of them, or those that the page was narrowed to, for a spreadsheet."""
    call = call_by_code(request.actor, code)
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    out = csv.writer(text)
    out.writerow([str(head) for head in HEADS])
    rows = _asked(request, call, NarrowForm(request.GET))
    out.writerows(_line(row) for row in rows.iterator(chunk_size=ROWS_AT_ONCE))
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["content-disposition"] = f'attachment; filename="{call.code}-applications.csv"'
    return answer


def _asked(request: SignedInRequest, call: Call, form: NarrowForm) -> QuerySet[Application]:
    state, text = _narrowing(form)
    rows = applications_for(request.actor).filter(call=call).select_related("supplier")
    return narrowed(rows, state=state, text=text)


def _narrowing(form: NarrowForm) -> tuple[str, str]:
    """State and words, of what was asked; what cannot be taken narrows nothing."""
    form.full_clean()
    read = form.cleaned_data
    return read.get("state", ""), read.get("q", "")


def _line(row: Application) -> list[str]:
    firm, korean = row.organisation, spoken() == "ko"
    received = row.submitted_at.astimezone(SEOUL) if row.submitted_at else None
    amount = row.requested_microwon
    return [
        row.receipt_no or "",
        _plain(firm.name_ko if korean else firm.name_en),
        firm.code,
        _plain(firm.registration_no),
        str(KIND_NAMES.get(firm.kind, firm.kind)),
        _plain(firm.region),
        row.supplier.code if row.supplier else "",
        state_label("application", row.state, spoken()),
        "" if amount is None else won_digits(amount).replace(",", ""),
        f"{received:%Y-%m-%d %H:%M:%S}" if received else "",
    ]


def _plain(text: str) -> str:
    """With an apostrophe where a spreadsheet would take the text for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text

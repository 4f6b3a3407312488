"""The bank's file, handed in on the year's page."""

from __future__ import annotations

import contextlib

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.banking.actions import import_bank_file
from madang.programme.banking.reading import TEXT_BYTES_MAX
from madang.programme.errors import BankFileInvalid
from madang.programme.years.queries import year_of

ENCODINGS = ("utf-8", "cp949")


class BankForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File of the bank"),
        help_text=gettext_lazy("CSV: account,reference,booked_at,amount_won,payer,memo"),
    )


@takes("POST")
@signed_in(Role.OPERATOR)
def take_in(request: SignedInRequest, programme: str, year: int) -> HttpResponse:
    """Each line counts once, however often the file comes."""
    row = year_of(programme, year)
    form = taken(BankForm(request.POST, request.FILES))
    done = import_bank_file(request.actor, row, _text(form), at=request.at)
    told = _("%(new)s new lines, %(seen)s seen before.")
    messages.success(request, told % {"new": done.new, "seen": done.seen})
    return redirect("year", programme, year)


def _text(form: BankForm) -> str:
    """A bank's own file is UTF-8; one that went through a spreadsheet in Korea is CP949."""
    given: bytes = form.cleaned_data["file"].read(TEXT_BYTES_MAX + 1)
    for encoding in ENCODINGS:
        with contextlib.suppress(UnicodeDecodeError):
            return given.decode(encoding)
    raise BankFileInvalid(line=1, reason="neither UTF-8 nor CP949")

"""Steps of an award's execution that rest on papers: own part in kind, findings."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.core.money import microwon_from_won
from madang.portal.acting import read, reason_in
from madang.portal.forms import WON_MAX, ReasonForm, WonField
from madang.portal.pages.money.cases import GROUNDS
from madang.portal.request import SignedInRequest
from madang.portal.uploads import keep_upload
from madang.programme.awards.models import Award
from madang.programme.cases.models import Ground
from madang.programme.copayments import in_kind
from madang.programme.settlements import actions as settlements


class PaperForm(forms.Form):
    """A document for an amount of the pledge."""

    amount = WonField(label=gettext_lazy("Amount in kind"))
    file = forms.FileField(label=gettext_lazy("Document that shows it"))


class FindingForm(ReasonForm):
    """An amount that is not recognised, and why."""

    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=GROUNDS)
    amount_won = forms.IntegerField(
        label=gettext_lazy("Amount not recognised, in won"), min_value=0, max_value=WON_MAX
    )
    field_order = ("ground", "amount_won", "reason")


class AnswerForm(ReasonForm):
    """Dealt with: by a case, or explained or paid back."""

    case = forms.ChoiceField(
        label=gettext_lazy("Clawback case"), required=False,
        help_text=gettext_lazy("None: it was explained, or paid back."),
    )  # fmt: skip
    field_order = ("case", "reason")

    def __init__(self, award: Award, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        named = dict(GROUNDS)
        opened = award.cases.order_by("opened_at")
        self.fields["case"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "–"),
            *((str(row.id), f"{seoul_date(row.opened_at)} {named[Ground(row.ground)]}")
              for row in opened),
        ]  # fmt: skip


def row_in(post: QueryDict) -> UUID:
    try:
        return UUID(post.get("row", ""))
    except ValueError as err:
        raise NotFound from err


def submit_paper(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    form = PaperForm(post, request.FILES)
    read(form)
    document = keep_upload(request, form.cleaned_data["file"], award.organisation_id)
    amount: int = form.cleaned_data["amount"]
    return in_kind.submit_in_kind(
        request.actor, award.id, document=document.id, amount_microwon=amount, at=request.at
    )


def accept_paper(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return in_kind.accept_in_kind(request.actor, row_in(post), at=request.at)


def reject_paper(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    return in_kind.reject_in_kind(
        request.actor, row_in(post), reason=reason_in(post), at=request.at
    )


def find(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    form = FindingForm(post)
    read(form)
    given = form.cleaned_data
    return settlements.record_finding(
        request.actor, row_in(post), ground=Ground(given["ground"]),
        amount_microwon=microwon_from_won(given["amount_won"]), reason=given["reason"],
        at=request.at,
    )  # fmt: skip


def answer(request: SignedInRequest, award: Award, post: QueryDict) -> object:
    form = AnswerForm(award, post)
    read(form)
    case = form.cleaned_data["case"]
    return settlements.answer_finding(
        request.actor, row_in(post), case=UUID(case) if case else None,
        reason=form.cleaned_data["reason"], at=request.at,
    )  # fmt: skip

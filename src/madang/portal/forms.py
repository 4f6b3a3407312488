"""Form fields that several desks use."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from madang.core.clock import SEOUL
from madang.core.errors import MadangError
from madang.core.money import microwon_from_won

WON_MAX = 10**12
DATE_INPUT = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A date and time as a clock in Seoul shows it; an aware instant in UTC comes out."""

    input_formats: ClassVar[list[str]] = [DATE_INPUT, "%Y-%m-%d %H:%M"]  # type: ignore[misc]

    def __init__(self, *, label: object, required: bool = True, help_text: object = "") -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=DATE_INPUT)
        super().__init__(
            label=label,  # type: ignore[arg-type]  # a lazy sentence
            required=required,
            help_text=help_text or _("Time in Seoul"),  # type: ignore[arg-type]  # same
            widget=widget,
            input_formats=[DATE_INPUT, "%Y-%m-%d %H:%M"],
        )

    def to_python(self, value: object | None) -> datetime | None:
        read = super().to_python(value)  # type: ignore[arg-type]  # what a form was sent
        if read is None:
            return None
        return read.replace(tzinfo=SEOUL).astimezone(UTC) if read.tzinfo is None else read

    def prepare_value(self, value: object | None) -> object | None:
        return value.astimezone(SEOUL) if isinstance(value, datetime) else value


class WonField(forms.IntegerField):
    """Whole won; micro-won comes out, None when nothing has to be entered and nothing is."""

    def __init__(self, *, label: object, help_text: object = "", required: bool = True) -> None:
        super().__init__(
            required=required,
            label=label,  # type: ignore[arg-type]  # a lazy sentence
            help_text=help_text,  # type: ignore[arg-type]  # same
            min_value=1,
            max_value=WON_MAX,
        )

    def clean(self, value: object) -> int | None:
        won: int | None = super().clean(value)
        return None if won is None else microwon_from_won(won)


class ReasonForm(forms.Form):
    """A step that must say why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class MaybeReasonForm(ReasonForm):
    """A step that may say why."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.fields["reason"].required = False


BESIDE: dict[str, tuple[str, ...]] = {
    # a room's word for a field -> what forms call it
    "amount_microwon": ("amount", "amount_won"),
    "budget_won": ("budget",),
    "trim_high": ("trim",),
    "trim_low": ("trim",),
    "mode": ("peer_reviews",),
    "round": ("number",),
    "steps": ("plan",),
    # what was refused -> the field that it is about
    "datahub.check.impossible": ("revision",),
    "datahub.ref.unknown": ("revision",),
    "datahub.targets.malformed": ("targets",),
    "datahub.version.number_invalid": ("number",),
    "datahub.version.repeated": ("number",),
    "parties.party.unknown": ("organisation",),
    "parties.person.staff_by_declaration": ("email",),
    "programme.application.self_dealing": ("seller_no",),
    "programme.claim.invoice_claimed": ("invoice_no",),
    "programme.claim.too_large": ("supply_microwon",),
}
"""Where a refusal stands when no field of the form is called as the room calls it."""


def beside(error: MadangError, names: Container[str]) -> str | None:
    """The field, among these, that a refusal is about."""
    named = str(error.fields.get("field", error.code))
    part = named if "field" in error.fields else ""
    whole = part.partition(".")[0]  # what is refused in a field's part stands beside the field
    places = (named, whole, *BESIDE.get(named, ()), *BESIDE.get(error.code, ()))
    return next((place for place in places if place in names), None)

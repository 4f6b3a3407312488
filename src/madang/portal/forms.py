"""Form fields that several desks use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from madang.core.clock import SEOUL
from madang.core.errors import Refused
from madang.core.money import microwon_from_won
from madang.portal.sentences import sentence_of, spoken

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


def tell_beside(
    form: forms.Form, error: Refused, fields: Mapping[str, str] | None = None
) -> None:
    """What a room refused, beside the field that it names: nothing that was typed is lost.

    `fields` names the form's field where the room calls it otherwise, or by its code.
    """
    named = str(error.fields.get("field", error.code))
    name = (fields or {}).get(named, named)
    if name in form.fields:
        form.add_error(name, error.reason(spoken()))
    else:
        form.add_error(None, sentence_of(error))

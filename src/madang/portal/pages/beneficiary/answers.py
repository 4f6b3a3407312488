"""A call's form, as data, turned into a form on a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from madang.core.errors import Language
from madang.core.money import MICRO_PER_WON
from madang.parties.canonical import Json
from madang.parties.suppliers.queries import suppliers
from madang.portal.forms import WON_MAX
from madang.programme.applications.actions import form_of
from madang.programme.applications.models import Application
from madang.programme.calls.forms import NUMBER_MAX, NUMBERS, Field

PREFIX = "q-"


class AnswersForm(forms.Form):
    """The common questions here; those of the call are added as fields named `q-code`.

    Nothing is required while drafting: what must be there is checked when it is handed in.
    """

    requested_won = forms.IntegerField(
        label=_("Support asked for, in won"),
        min_value=0,
        max_value=WON_MAX,
        required=False,
        help_text=_("The public share of the supply value, in whole won."),
    )
    supplier = forms.ChoiceField(
        label=_("Supplier you want to work with"),
        required=False,
        help_text=_("Optional. A supplier that you are affiliated with is refused."),
    )

    questions: tuple[Field, ...] = ()

    @classmethod
    def of(
        cls,
        application: Application,
        data: Mapping[str, object] | None = None,
        *,
        language: Language,
    ) -> AnswersForm:
        """The form of this application, filled with its draft or with what was sent."""
        questions = form_of(application)
        initial: dict[str, object] = {
            PREFIX + code: value for code, value in application.answers.items()
        }
        initial["requested_won"] = application.requested_microwon // MICRO_PER_WON or None
        initial["supplier"] = application.supplier.code if application.supplier else ""
        form = cls(data, initial=initial)
        form.questions = questions
        for question in questions:
            if question.kind != "file":
                form.fields[PREFIX + question.code] = _field(question, language)
        form.fields["supplier"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "–"),
            *((row.code, getattr(row, f"name_{language}")) for row in suppliers()),
        ]
        form.order_fields([PREFIX + one.code for one in questions])
        return form

    def clean_requested_won(self) -> int:
        return (self.cleaned_data["requested_won"] or 0) * MICRO_PER_WON

    def answers(self) -> dict[str, Json]:
        """What was entered, by question; what is empty is left out."""
        found: dict[str, Json] = {}
        for question in self.questions:
            value = self.cleaned_data.get(PREFIX + question.code)
            if value not in (None, "", []) and question.kind != "file":
                is_date = isinstance(value, date)
                found[question.code] = value.isoformat() if is_date else value
        return found

    def shown(self) -> list[tuple[str, object]]:
        """Questions with their answers, to be read."""
        return [
            (str(field.label), self.initial.get(name))
            for name, field in self.fields.items()
            if name.startswith(PREFIX)
        ]


def _field(question: Field, language: Language) -> forms.Field:
    label = question.name_en if language == "en" else question.name_ko
    hints = [question.help_en if language == "en" else question.help_ko]
    hints += [str(_("needed to hand in"))] if question.required else []
    if question.words_max:
        hints.append(_("at most %(n)s words") % {"n": question.words_max})
    hint = " · ".join(part for part in hints if part)
    if question.kind in NUMBERS:
        return forms.IntegerField(
            label=label, help_text=hint, required=False,
            min_value=0 if question.at_least is None else question.at_least,
            max_value=NUMBER_MAX if question.at_most is None else question.at_most,
        )  # fmt: skip
    match question.kind:
        case "text":
            return _text_field(question, label, hint)
        case "date":
            picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            return forms.DateField(label=label, help_text=hint, required=False, widget=picker)
        case "check":
            return forms.BooleanField(label=label, help_text=hint, required=False)
        case "choices":
            return forms.MultipleChoiceField(
                label=label, help_text=hint, required=False,
                choices=[(one, one) for one in question.choices],
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
        case _:
            choices = [("", "–"), *((one, one) for one in question.choices)]
            return forms.ChoiceField(
                label=label, help_text=hint, required=False, choices=choices
            )


def _text_field(question: Field, label: str, hint: str) -> forms.Field:
    rows = 2 if question.characters_max <= SHORT else 8
    is_long = question.characters_max > LINE
    return forms.CharField(
        label=label, help_text=hint, required=False, max_length=question.characters_max,
        widget=forms.Textarea(attrs={"rows": rows}) if is_long else forms.TextInput(),
    )  # fmt: skip


LINE, SHORT = 300, 1_000

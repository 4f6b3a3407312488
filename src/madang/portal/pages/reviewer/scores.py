"""The criteria of a review, as data, turned into a form on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from django import forms
from django.utils.translation import gettext_lazy as _

from madang.core.errors import Language
from madang.review.assignments.models import Assignment
from madang.review.reviews.models import Review, ReviewComment
from madang.review.rules import rules_from

PREFIX = "c-"
PATTERN = r"^\d{1,4}(\.\d{1,3})?$"
MILLI = 1000


class ScoresForm(forms.Form):
    """One decimal field per criterion; all may stay empty in a draft, none when handed in."""

    use_required_attribute = False  # a draft is saved by the same form

    note = forms.CharField(
        label=_("Opinion"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The applicant may read it; write about the plan, not about people."),
    )

    @classmethod
    def of(
        cls,
        assignment: Assignment,
        data: Mapping[str, object] | None = None,
        *,
        language: Language,
        is_whole: bool = False,
    ) -> ScoresForm:
        """`is_whole`: it is handed in, so every criterion needs its score."""
        rules = rules_from(assignment.subject.panel.rules)
        review = Review.objects.filter(assignment=assignment).first()
        held: dict[str, int] = review.scores if review else {}
        comment = ReviewComment.objects.filter(review=review).first() if review else None
        initial = {PREFIX + code: _text(milli) for code, milli in held.items()}
        form = cls(data, initial={**initial, "note": comment.text if comment else ""})
        for one in rules.criteria:
            name = one.name_en if language == "en" else one.name_ko
            form.fields[PREFIX + one.code] = forms.RegexField(
                label=name or one.code,
                regex=PATTERN,
                error_messages={"invalid": _("A number of at most three decimals.")},
                required=is_whole,
                validators=[partial(_refuse_above, rules.score_max)],
                help_text=_("0 to %(most)s; weight %(weight)s")
                % {"most": rules.score_max, "weight": one.weight},
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )
        form.order_fields([PREFIX + one.code for one in rules.criteria])
        return form

    def scores(self) -> dict[str, str | int]:
        """What was entered, as text: the room reads it exactly."""
        return {
            name.removeprefix(PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX) and value
        }

    def comment(self) -> str:
        text: str = self.cleaned_data["note"]
        return text


def _refuse_above(most: int, text: str) -> None:
    """Raises ValidationError beside the field, so that nothing that was typed is lost."""
    if re.fullmatch(PATTERN, text) and Decimal(text) > most:
        raise forms.ValidationError(_("Not above %(most)s."), params={"most": most})


def _text(milli: int) -> str:
    whole, rest = divmod(milli, MILLI)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{whole}" + (f".{decimals}" if decimals else "")

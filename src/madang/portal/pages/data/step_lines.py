"""Steps of a build as people type them: a day and whole numbers, one step a line."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

DAY = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def lines_of_steps(text: str, numbers: int, example: str) -> str:
    """Each line begins with a day and whole numbers behind it; the line that does not is
    named."""
    for at, line in enumerate([one for one in text.splitlines() if one.strip()], 1):
        day, *rest = line.split()
        held = rest[: numbers - 1]
        if not DAY.fullmatch(day) or len(held) < numbers - 1 or not all(map(str.isdigit, held)):
            raise forms.ValidationError(
                _("Line %(line)s is no step: write it as %(example)s"),
                params={"line": at, "example": example},
            )
    return text

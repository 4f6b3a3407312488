"""Targets in words: what each section of a file of targets asks for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.datahub.quality.targets import Targets

TARGET_NAMES: dict[str, str | Promise] = {
    "schema": _("Right columns and kinds"),
    "completeness": _("All that was promised"),
    "uniqueness": _("No row twice"),
    "balance": _("Balance of classes"),
    "agreement": _("Agreement of labellers"),
    "near_duplicates": _("Near-duplicates"),
    "leakage": _("Splits kept apart"),
    "media": _("Pictures and sounds that open"),
    "personal": _("No personal numbers"),
}
NUMBERS = {
    "schema": ("tables", "wrong_rows_max"),
    "completeness": ("completeness", "promised"),
    "uniqueness": ("uniqueness", "repeated_rows_max"),
    "balance": ("balance", "entropy_permille_min"),
    "agreement": ("agreement", "alpha_permille_min"),
    "near_duplicates": ("near_duplicates", "permille_max"),
    "leakage": ("leakage", "rows_max"),
    "media": ("media", "unreadable_max"),
    "personal": ("personal", "hits_max"),
}
"""Where each target keeps the number that its result is held against."""

PERMILLE = frozenset({"balance", "agreement", "near_duplicates"})
AT_LEAST = frozenset({"completeness", "balance", "agreement"})


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One target: its name, what is wanted, and which files it looks at."""

    code: str
    name: str | Promise
    wanted: str


def wanted_text(code: str, target: int) -> str:
    """A number with its direction: at least, or at most."""
    shown = f"{target / 10:.1f}%" if code in PERMILLE else f"{target:,}"
    if code in AT_LEAST:
        return gettext("at least %(number)s") % {"number": shown}
    return gettext("at most %(number)s") % {"number": shown}


def found_text(code: str, result: int) -> str:
    return f"{result / 10:.1f}%" if code in PERMILLE else f"{result:,}"


def target_lines(targets: Targets) -> list[TargetLine]:
    """The sections that a file of targets has, in the order of the report."""
    found = []
    for code, (section, number) in NUMBERS.items():
        held = getattr(targets, section)
        if held is not None:
            text = wanted_text(code, int(getattr(held, number)))
            found.append(TargetLine(code, TARGET_NAMES[code], text))
    return found

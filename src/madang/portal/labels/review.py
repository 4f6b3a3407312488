"""Reviewers, their assignments, what they found: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.rankings.workflow import RANKING

LABELS: dict[str, Callable[[str, str], str]] = {
    "assignment": ASSIGNMENT.label,
    "ranking": RANKING.label,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "finding": {
        "met": ("충족", "met"),
        "not_met": ("미충족", "not met"),
        "unknown": ("확인 필요", "not known"),
    },
}

CONFLICT_NAMES: dict[str, str | Promise] = {
    "self": _("is a party"),
    "same_organisation": _("same institution"),
    "same_unit": _("same department"),
    "same_former_organisation": _("same institution until lately"),
    "same_former_unit": _("same department until lately"),
    "load": _("has as many reviews as one may have"),
    "challenged": _("challenged by the applicant"),
    "not_apart": _("was asked in an earlier review"),
    "affiliate_organisation": _("affiliated institution"),
    "adviser": _("adviser"),
    "affiliate": _("affiliate"),
    "coauthor": _("co-author"),
    "employee": _("employee"),
    "employer": _("employer"),
    "family": _("family"),
    "founder": _("founder"),
    "investor": _("investor"),
    "mentor": _("mentor"),
    "officer": _("officer"),
    "shareholder": _("shareholder"),
    "student": _("student"),
    "teacher": _("teacher"),
}

DECIDED_NAMES: dict[str, str | Promise] = {
    "score": _("score"),
    "lottery": _("lottery"),
}

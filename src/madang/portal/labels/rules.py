"""An eligibility rule in words, where its call gave it none."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as spoken
from django.utils.translation import gettext_lazy as _

from madang.portal.labels.people import KIND_NAMES
from madang.programme.calls.requirements import Requirement

LOOKS_AT: dict[str, str | Promise] = {
    "organisation_kind": _("kind of organisation"),
    "region": _("region"),
    "fact": _("registered fact %(name)s"),
    "years_since": _("whole years since %(name)s"),
    "answer": _("answer to %(name)s"),
    "evidence": _("file %(name)s"),
    "no_other_award": _("no other award of the year"),
    "no_sanction": _("no sanction in force"),
    "supplier_consent": _("a supplier's consent"),
    "one_per_representative": _("one application for each representative"),
}

FACT_NAMES: dict[str, str | Promise] = {
    "established_on": _("foundation"),
    "employees_count": _("number of employees"),
    "representative_born_on": _("representative's birth"),
}


def rule_in_words(one: Requirement) -> str:
    """What is looked at, and what it is compared with."""
    name = str(FACT_NAMES.get(one.name, one.name))
    words = str(LOOKS_AT[one.kind]) % {"name": name}
    conditions = list(_conditions(one))
    return f"{words}: {', '.join(conditions)}" if conditions else words


def _conditions(one: Requirement) -> list[str]:
    found = []
    if one.any_of:
        found.append(_listed(one.any_of))
    if one.none_of:
        found.append(spoken("none of %(list)s") % {"list": _listed(one.none_of)})
    if one.at_least is not None:
        found.append(spoken("at least %(number)s") % {"number": one.at_least})
    if one.at_most is not None:
        found.append(spoken("at most %(number)s") % {"number": one.at_most})
    if one.verified:
        found.append(spoken("verified by the agency"))
    return found


def _listed(values: tuple[str, ...]) -> str:
    return " · ".join(str(KIND_NAMES.get(value, value)) for value in values)

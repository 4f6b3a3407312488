"""The subsidy's ratio by the size of the organisation, as a call's terms may state it."""

from __future__ import annotations

from collections.abc import Mapping

from madang.core.money import Ratio
from madang.parties.canonical import Json
from madang.parties.organisations.models import OrganisationKind
from madang.parties.policies.queries import Policy
from madang.programme.calls.models import Call
from madang.programme.errors import TermInvalid

BY_SIZE = "subsidy_ratio_by_size"
"""The term; a call without it supports everybody at the year's ratio."""

LEAST = "subsidy_ratio_min"
"""Of policy `money`: below it a share is taken for a slip."""


def check_by_size(stated: Json, *, least: Ratio) -> None:
    """Known sizes, each with a ratio from `least` to 1. Raises TermInvalid by the size."""
    if not isinstance(stated, dict):
        raise TermInvalid(field=BY_SIZE, reason="not ratios by size")
    if not stated:
        raise TermInvalid(field=BY_SIZE, reason="none is named")
    for size, text in stated.items():
        if size not in OrganisationKind.values:
            raise TermInvalid(field=f"{BY_SIZE}.{size}", reason=f"no such size: {size}")
        field = f"{BY_SIZE}.{size}"
        try:
            ratio = Ratio.parse(text if isinstance(text, str) else "")
        except ValueError:
            ratio = Ratio(0, 1)
        if not ratio.numerator:
            raise TermInvalid(field=field, reason=f"not above 0 and up to 1: {text}")
        need_least(ratio, least, field=field)


def least_of(money: Policy) -> Ratio:
    """The floor of a version of policy; one of before it was named has none."""
    return money.ratio(LEAST) if LEAST in money.data else Ratio(0, 1)


def need_least(ratio: Ratio, least: Ratio, *, field: str) -> None:
    """Raises TermInvalid for a share that no programme means."""
    if ratio.as_fraction() < least.as_fraction():
        raise TermInvalid(field=field, reason=f"{ratio} is less than policy allows: {least}")


def ratios_by_size(terms: Mapping[str, Json]) -> dict[str, Ratio]:
    """What the terms state, in the order of sizes; empty where the year's ratio is for all."""
    stated = terms.get(BY_SIZE)
    if not isinstance(stated, dict):
        return {}
    sizes = [size for size in OrganisationKind.values if size in stated]
    return {size: Ratio.parse(str(stated[size])) for size in sizes}


def ratio_for(call: Call, size: str) -> Ratio:
    """What the call supports an organisation of this size at."""
    return ratios_by_size(call.terms).get(size, call.programme_year.ratio)

"""The subsidy's ratio by the size of the organisation, as a call's terms may state it."""

from __future__ import annotations

from collections.abc import Mapping

from madang.core.money import Ratio
from madang.parties.canonical import Json
from madang.parties.organisations.models import OrganisationKind
from madang.programme.calls.models import Call
from madang.programme.errors import TermInvalid

BY_SIZE = "subsidy_ratio_by_size"
"""The term; a call without it supports everybody at the year's ratio."""


def check_by_size(stated: Json) -> None:
    """Known sizes, each with a ratio above 0 and up to 1. Raises TermInvalid by the size."""
    if not isinstance(stated, dict):
        raise TermInvalid(field=BY_SIZE, reason="not ratios by size")
    if not stated:
        raise TermInvalid(field=BY_SIZE, reason="none is named")
    for size, text in stated.items():
        if size not in OrganisationKind.values:
            raise TermInvalid(field=f"{BY_SIZE}.{size}", reason=f"no such size: {size}")
        try:
            is_some = Ratio.parse(text if isinstance(text, str) else "").numerator > 0
        except ValueError:
            is_some = False
        if not is_some:
            raise TermInvalid(
                field=f"{BY_SIZE}.{size}", reason=f"not above 0 and up to 1: {text}"
            )


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

"""Eligibility rules 자격요건 and bonuses 가점 as data: read, checked, named.

A requirement asks one thing of the applicant. What it is asked of is looked up elsewhere
(applications/findings.py); here it is only a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from madang.parties.canonical import Json, canonical_bytes
from madang.programme.errors import RequirementInvalid

REQUIREMENTS_MAX = 50
BONUS_MILLI_MAX = 100_000

Kind = Literal[
    "organisation_kind",
    "region",
    "fact",
    "years_since",
    "answer",
    "evidence",
    "no_other_award",
    "no_sanction",
    "supplier_consent",
    "one_per_representative",
]
LISTS = frozenset({"organisation_kind", "region"})
NAMED = frozenset({"fact", "years_since", "answer", "evidence"})


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. `name` is the fact, the question or the file slot that it looks at.

    organisation_kind, region: in `any_of`, not in `none_of`.
    fact: a registered fact, compared with `any_of`, `none_of`, `at_least` or `at_most`.
    years_since: whole years from a registered date to the call's deadline as published.
    answer: what the form was answered; a check must be ticked where nothing else is asked.
    evidence: a file in the slot `name`, and, where `answer` is given, that question ticked.
    no_other_award: no standing award of the same year, in the programmes `any_of`.
    """

    code: str
    kind: Kind
    name: str = ""
    answer: str = ""
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    verified: bool = False
    text_ko: str = ""
    text_en: str = ""


class Bonus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thousandths of a point for whoever meets a requirement."""

    code: str
    points_milli: int
    when: Requirement
    text_ko: str = ""
    text_en: str = ""


def requirements_from(data: Sequence[Mapping[str, Json]]) -> tuple[Requirement, ...]:
    """Read and check. Raises RequirementInvalid and names the rule."""
    try:
        read = msgspec.json.decode(
            canonical_bytes([dict(one) for one in data]), type=tuple[Requirement, ...]
        )
    except msgspec.ValidationError as err:
        raise RequirementInvalid(field="eligibility", reason=str(err)) from err
    _check_codes([one.code for one in read], "eligibility")
    for one in read:
        _check(one)
    return read


def bonuses_from(data: Sequence[Mapping[str, Json]]) -> tuple[Bonus, ...]:
    try:
        read = msgspec.json.decode(
            canonical_bytes([dict(one) for one in data]), type=tuple[Bonus, ...]
        )
    except msgspec.ValidationError as err:
        raise RequirementInvalid(field="bonuses", reason=str(err)) from err
    _check_codes([one.code for one in read], "bonuses")
    for one in read:
        _check(one.when)
        if not 0 < one.points_milli <= BONUS_MILLI_MAX:
            raise RequirementInvalid(field=one.code, reason="points out of range")
    return read


def _check_codes(codes: Sequence[str], field: str) -> None:
    if len(codes) > REQUIREMENTS_MAX:
        raise RequirementInvalid(field=field, reason=f"more than {REQUIREMENTS_MAX}")
    if len(codes) != len(set(codes)) or not all(codes):
        raise RequirementInvalid(field=field, reason="a code is missing or stands twice")


def _check(one: Requirement) -> None:
    bounds = one.at_least is not None or one.at_most is not None
    lists = bool(one.any_of or one.none_of)
    faults = {
        "no name": one.kind in NAMED and not one.name,
        "no list": one.kind in LISTS and not lists,
        "nothing to compare with": one.kind == "fact" and not (lists or bounds),
        "no bounds": one.kind == "years_since" and not bounds,
        "at_least above at_most": one.at_least is not None
        and one.at_most is not None
        and one.at_least > one.at_most,
    }
    for reason, is_so in faults.items():
        if is_so:
            raise RequirementInvalid(field=one.code, reason=reason)

"""A check is a file of targets: what a version must hold, in whole numbers and permille.

A section that is not in the file is not checked; a file without any section checks nothing and
is refused.
"""

from __future__ import annotations

import json
import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from madang.core.errors import Words
from madang.datahub.errors import TargetsMalformed

NO_SECTION = Words(
    "it has no section, so it would check nothing", "구역이 없어 검사할 것이 없습니다"
)
Permille = Annotated[int, Meta(ge=0, le=1000)]
Count = Annotated[int, Meta(ge=0, le=10**12)]
Pattern = Annotated[str, Meta(min_length=1, max_length=200)]
Column = Annotated[str, Meta(min_length=1, max_length=200)]
Kind = Literal["text", "integer", "number", "date"]


class Schema(Struct, frozen=True, forbid_unknown_fields=True):
    """구문 정확성: every row of every file has these columns of these kinds."""

    files: Pattern
    columns: Annotated[dict[Column, Kind], Meta(min_length=1)]
    wrong_rows_max: Count = 0


class Completeness(Struct, frozen=True, forbid_unknown_fields=True):
    """완전성: promised against delivered, in rows of tables or in files."""

    files: Pattern
    promised: Annotated[int, Meta(ge=1, le=10**12)]
    unit: Literal["rows", "files"] = "rows"


class Uniqueness(Struct, frozen=True, forbid_unknown_fields=True):
    """유일성: no two rows alike in these columns."""

    files: Pattern
    columns: Annotated[list[Column], Meta(min_length=1)]
    repeated_rows_max: Count = 0


class Balance(Struct, frozen=True, forbid_unknown_fields=True):
    """통계적 다양성: entropy of the classes, of the most that as many classes can have."""

    files: Pattern
    column: Column
    entropy_permille_min: Permille
    classes_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 2


class Agreement(Struct, frozen=True, forbid_unknown_fields=True):
    """의미 정확성: Krippendorff's alpha between people who labelled the same rows."""

    files: Pattern
    columns: Annotated[list[Column], Meta(min_length=2)]
    alpha_permille_min: Permille


class NearDuplicates(Struct, frozen=True, forbid_unknown_fields=True):
    """유일성: rows whose texts share most of their five-letter pieces."""

    files: Pattern
    column: Column
    similarity_permille: Annotated[int, Meta(ge=500, le=1000)] = 850
    permille_max: Permille = 0


class Leakage(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of one split that stand in another one too."""

    splits: Annotated[dict[str, Pattern], Meta(min_length=2)]
    column: Column
    rows_max: Count = 0


class Media(Struct, frozen=True, forbid_unknown_fields=True):
    """기술 적합성: every image and every sound can be decoded to its end."""

    files: Pattern
    unreadable_max: Count = 0


class Personal(Struct, frozen=True, forbid_unknown_fields=True):
    """비식별: no numbers of residents, telephones, passports and their like."""

    files: Pattern
    hits_max: Count = 0


class Targets(Struct, frozen=True, forbid_unknown_fields=True, rename={"tables": "schema"}):
    tables: Schema | None = None
    completeness: Completeness | None = None
    uniqueness: Uniqueness | None = None
    balance: Balance | None = None
    agreement: Agreement | None = None
    near_duplicates: NearDuplicates | None = None
    leakage: Leakage | None = None
    media: Media | None = None
    personal: Personal | None = None


def targets_text(targets: Targets) -> str:
    """The targets as a file again: what `targets_from` reads back to an equal value."""
    sections = msgspec.to_builtins(targets)
    lines = []
    for name, section in sections.items():
        if section is not None:
            lines.append(f"[{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in section.items()]
            lines.append("")
    return "\n".join(lines)


def _toml(value: str | int | list[str] | dict[str, str]) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _in_words(error: tomllib.TOMLDecodeError | msgspec.ValidationError) -> Words:
    """The place in both languages; what the reader of TOML or of kinds said stays as it is."""
    told = str(error)
    if isinstance(error, tomllib.TOMLDecodeError):
        return Words(f"no TOML: {told}", f"TOML 문법이 아닙니다({told})")
    what, _, place = told.partition(" - at ")
    shown = place.strip("`").removeprefix("$.") or "$"
    return Words(told, f"{shown}의 값이나 이름이 맞지 않습니다({what})")


def targets_from(text: str) -> Targets:
    """Raises TargetsMalformed, naming the place."""
    try:
        found = msgspec.convert(tomllib.loads(text), Targets)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as err:
        raise TargetsMalformed(reason=_in_words(err)) from err
    if found == Targets():
        raise TargetsMalformed(reason=NO_SECTION)
    return found

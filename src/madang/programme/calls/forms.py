"""Application forms 신청서식 as data, and answers checked against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from madang.parties.canonical import Json, canonical_bytes
from madang.programme.errors import AnswerInvalid, FormInvalid

FIELDS_MAX = 100
CHARACTERS_MAX = 20_000
NUMBER_MAX = 10**15

Answers = Mapping[str, Json]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. A `file` is answered by attachments with its code."""

    code: str
    kind: Literal["text", "number", "choice", "check", "file"]
    name_ko: str
    name_en: str
    required: bool = False
    characters_max: int = CHARACTERS_MAX
    choices: tuple[str, ...] = ()


def form_from(data: Sequence[Json]) -> tuple[Field, ...]:
    """Read and check a form. Raises FormInvalid."""
    try:
        fields = msgspec.json.decode(canonical_bytes(list(data)), type=tuple[Field, ...])
    except msgspec.ValidationError as err:
        raise FormInvalid(field="form", reason=str(err)) from err
    codes = [field.code for field in fields]
    if len(fields) > FIELDS_MAX or len(codes) != len(set(codes)):
        raise FormInvalid(field="form", reason="too many fields, or a code stands twice")
    for field in fields:
        if field.kind == "choice" and not field.choices:
            raise FormInvalid(field=field.code, reason="no choices")
    return fields


def check_answers(
    form: Sequence[Field], answers: Answers, attached: Sequence[str], *, complete: bool
) -> None:
    """Every answer fits its question; every required one is there when `complete`."""
    known = {field.code: field for field in form}
    for code, value in answers.items():
        field = known.get(code)
        if field is None or field.kind == "file":
            raise AnswerInvalid(field=code, reason="no such question")
        _check_value(field, value)
    if not complete:
        return
    for field in form:
        given = field.code in attached if field.kind == "file" else answers.get(field.code)
        if field.required and not _is_given(given):
            raise AnswerInvalid(field=field.code, reason="missing")


def _is_given(value: Json) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value is not False


def _check_value(field: Field, value: Json) -> None:
    match field.kind:
        case "text":
            fits = isinstance(value, str) and len(value) <= field.characters_max
        case "number":
            is_integer = isinstance(value, int) and not isinstance(value, bool)
            fits = is_integer and 0 <= int(str(value)) <= NUMBER_MAX
        case "check":
            fits = isinstance(value, bool)
        case _:
            fits = value in field.choices
    if not fits:
        raise AnswerInvalid(field=field.code, reason=f"not a valid {field.kind}")

"""Application forms 신청서식 as data, and answers checked against them.

A form is a list of questions. Numbers that limit an answer are the form's own; what stands
here only bounds what a form may ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from madang.parties.canonical import Json, canonical_bytes
from madang.programme.errors import AnswerInvalid, FormInvalid

FIELDS_MAX = 100
CHARACTERS_MAX = 20_000
NUMBER_MAX = 10**15
FILES_MAX = 20
HELP_LENGTH_MAX = 1_000

Answers = Mapping[str, Json]


Kind = Literal["text", "number", "money", "date", "choice", "choices", "check", "file"]
NUMBERS = frozenset({"number", "money"})
CHOOSING = frozenset({"choice", "choices"})


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. A `file` is answered by attachments with its code, each kept by its hash.

    `words_max` 0 means no limit of words. `money` is in whole won.
    """

    code: str
    kind: Kind
    name_ko: str
    name_en: str
    required: bool = False
    characters_max: int = CHARACTERS_MAX
    words_max: int = 0
    at_least: int | None = None
    at_most: int | None = None
    choices: tuple[str, ...] = ()
    files_max: int = FILES_MAX
    help_ko: str = ""
    help_en: str = ""


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
        reason = _fault_of(field)
        if reason:
            raise FormInvalid(field=field.code, reason=reason)
    return fields


def _fault_of(field: Field) -> str:
    """What makes a question unusable; empty when nothing does."""
    low, high = field.at_least, field.at_most
    faults = {
        "no code": not field.code,
        "no choices": field.kind in CHOOSING and not field.choices,
        "choices for another kind": field.kind not in CHOOSING and bool(field.choices),
        "a choice stands twice": len(field.choices) != len(set(field.choices)),
        "limits of a number for another kind": field.kind not in NUMBERS
        and (low is not None or high is not None),
        "at_least above at_most": low is not None and high is not None and low > high,
        "words for another kind": field.kind != "text" and field.words_max > 0,
        "limit out of range": not 1 <= field.characters_max <= CHARACTERS_MAX
        or field.words_max < 0
        or not 1 <= field.files_max <= FILES_MAX,
        "help too long": max(len(field.help_ko), len(field.help_en)) > HELP_LENGTH_MAX,
    }
    return next((reason for reason, is_so in faults.items() if is_so), "")


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
        if field.kind == "file" and list(attached).count(field.code) > field.files_max:
            raise AnswerInvalid(field=field.code, reason=f"more than {field.files_max} files")


def _is_given(value: Json) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, list):
        return bool(value)
    return value is not None and value is not False


def words_in(text: str) -> int:
    """어절: what stands between spaces."""
    return len(text.split())


def _check_value(field: Field, value: Json) -> None:
    match field.kind:
        case "text":
            fits = isinstance(value, str) and len(value) <= field.characters_max
            if fits and field.words_max and words_in(str(value)) > field.words_max:
                raise AnswerInvalid(field=field.code, reason=f"above {field.words_max} words")
        case "number" | "money":
            fits = _is_number(value) and _is_within(field, int(str(value)))
        case "date":
            fits = isinstance(value, str) and _is_date(value)
        case "check":
            fits = isinstance(value, bool)
        case "choices":
            given = value if isinstance(value, list) else []
            fits = isinstance(value, list) and len(given) == len({str(one) for one in given})
            fits = fits and all(one in field.choices for one in given)
        case _:
            fits = value in field.choices
    if not fits:
        raise AnswerInvalid(field=field.code, reason=f"not a valid {field.kind}")


def _is_number(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_within(field: Field, number: int) -> bool:
    low = 0 if field.at_least is None else field.at_least
    high = NUMBER_MAX if field.at_most is None else field.at_most
    return low <= number <= high


def _is_date(text: str) -> bool:
    """As ISO 8601 writes a day; nothing else that Python would also read."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

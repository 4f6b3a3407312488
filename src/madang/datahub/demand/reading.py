"""Answers as they come: one from a form, many from a CSV file, each line judged."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from madang.core.errors import Words
from madang.datahub.errors import DemandInvalid, PersonNamed
from madang.datahub.senders import refuse_personal
from madang.datahub.sets.models import Field
from madang.parties.models import OrganisationKind

COLUMNS = ("field", "title", "purpose", "user_kind")
TITLE_MAX, PURPOSE_MAX = 200, 2000
FAULTS_TOLD_MAX = 100
EMPTY = Words("empty", "비어 있습니다")


@dataclass(frozen=True, slots=True)
class Demand:
    """One answer as it was given."""

    field: str
    title: str
    purpose: str
    user_kind: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of a file that cannot be taken, and why."""

    line: int
    reason: Words


@dataclass(frozen=True, slots=True)
class ReadDemands:
    """What a file holds. Nothing of it is taken while one line is faulty."""

    demands: tuple[Demand, ...]
    faults: tuple[Fault, ...]


def checked(demand: Demand) -> Demand:
    """Without spaces around; raises DemandInvalid, naming the field."""
    title, purpose = demand.title.strip(), demand.purpose.strip()
    if demand.field not in Field.values:
        raise DemandInvalid(field="field", reason=_no_field(demand.field))
    for name, text, most in (("title", title, TITLE_MAX), ("purpose", purpose, PURPOSE_MAX)):
        if not text:
            raise DemandInvalid(field=name, reason=EMPTY)
        if len(text) > most:
            longer = Words(f"longer than {most} letters", f"{most}자를 넘습니다")
            raise DemandInvalid(field=name, reason=longer)
    kind = demand.user_kind.strip()
    if kind and kind not in OrganisationKind.values:
        raise DemandInvalid(field="user_kind", reason=_no_kind(kind))
    return Demand(demand.field, title, purpose, kind)


def _no_field(text: str) -> Words:
    """Cause and cure: what was written, and what may be."""
    known = ", ".join(Field.values)
    return Words(
        f"{text[:40]!r} is no field of the plan; the fields are {known}",
        f"계획에 없는 분야 {text[:40]!r}. 쓸 수 있는 분야: {known}",
    )


def _no_kind(text: str) -> Words:
    known = ", ".join(OrganisationKind.values)
    return Words(
        f"{text[:40]!r} is no kind of user; leave it empty or write one of {known}",
        f"모르는 이용자 종류 {text[:40]!r}. 비워 두거나 다음 중 하나로 쓰세요: {known}",
    )


def _other_columns(found: Sequence[str]) -> Words:
    wanted, told = ", ".join(COLUMNS), ", ".join(found)[:200] or "–"
    return Words(
        f"the first line must name the columns {wanted}; it says {told}",
        f"첫 줄의 열 이름은 {wanted}이어야 합니다. 지금: {told}",
    )


def _other_count(row: Mapping[str | None, object]) -> Words:
    """`row` has None for a value that is missing, or as a key of what is too much."""
    extra = row.get(None)
    there = sum(value is not None for name, value in row.items() if name is not None)
    found = there + (len(extra) if isinstance(extra, list) else 0)
    return Words(
        f"{found} values instead of {len(COLUMNS)}; a comma inside a text needs quotes",
        f"값이 {len(COLUMNS)}개가 아니라 {found}개입니다. 글 안의 쉼표는 따옴표로 묶으세요",
    )


def _from_row(row: Mapping[str, str]) -> Demand:
    """What a form is held to, too: no numbers of people. Raises DemandInvalid, PersonNamed."""
    found = checked(Demand(*(row[name] for name in COLUMNS)))
    refuse_personal(found.title, found.purpose)
    return found


def _beside_field(error: DemandInvalid | PersonNamed) -> Words:
    name = error.fields.get("field")
    before = f"{name}: " if name else ""
    return Words(f"{before}{error.reason('en')}", f"{before}{error.reason('ko')}")


def read_demands(text: str) -> ReadDemands:
    """Rows of a CSV file (field, title, purpose, user_kind), and each line that is none."""
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        return ReadDemands((), (Fault(1, _other_columns(reader.fieldnames or ())),))
    demands, faults = [], []
    for row in reader:
        line = reader.line_num
        if None in row or None in row.values():
            faults.append(Fault(line, _other_count(row)))
            continue
        try:
            demands.append(_from_row(row))
        except (DemandInvalid, PersonNamed) as err:
            faults.append(Fault(line, _beside_field(err)))
    return ReadDemands(tuple(demands), tuple(faults[:FAULTS_TOLD_MAX]))


def faults_in_words(faults: Sequence[Fault]) -> Words:
    """All of them in one sentence, for commands and programs."""
    return Words(
        "; ".join(f"line {one.line}: {one.reason.en}" for one in faults),
        "; ".join(f"{one.line}번째 줄: {one.reason.ko}" for one in faults),
    )

"""Answers as they come: one from a form, many from a CSV file, each line judged."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from madang.datahub.errors import DemandInvalid
from madang.datahub.sets.models import Field

COLUMNS = ("field", "title", "purpose", "user_kind")
TITLE_MAX, PURPOSE_MAX = 200, 2000
FAULTS_TOLD_MAX = 100


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
    reason: str


@dataclass(frozen=True, slots=True)
class ReadDemands:
    """What a file holds. Nothing of it is taken while one line is faulty."""

    demands: tuple[Demand, ...]
    faults: tuple[Fault, ...]


def checked(demand: Demand) -> Demand:
    """Without spaces around; raises DemandInvalid, naming the field."""
    title, purpose = demand.title.strip(), demand.purpose.strip()
    if demand.field not in Field.values:
        raise DemandInvalid(field="field", reason="no field of the plan")
    for name, text, most in (("title", title, TITLE_MAX), ("purpose", purpose, PURPOSE_MAX)):
        if not text:
            raise DemandInvalid(field=name, reason="empty")
        if len(text) > most:
            raise DemandInvalid(field=name, reason=f"longer than {most} letters")
    return Demand(demand.field, title, purpose, demand.user_kind.strip()[:16])


def read_demands(text: str) -> ReadDemands:
    """Rows of a CSV file (field, title, purpose, user_kind), and each line that is none."""
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        return ReadDemands((), (Fault(1, f"the columns are not {', '.join(COLUMNS)}"),))
    demands, faults = [], []
    for row in reader:
        line = reader.line_num
        if None in row or None in row.values():
            faults.append(Fault(line, "too many or too few values"))
            continue
        try:
            demands.append(checked(Demand(*(row[name] for name in COLUMNS))))
        except DemandInvalid as err:
            faults.append(Fault(line, f"{err.fields['field']}: {err.fields['reason']}"))
    return ReadDemands(tuple(demands), tuple(faults[:FAULTS_TOLD_MAX]))

"""What a round was asked for: one row per application, from CSV, TOML or JSON.

| Field | Needed | Meaning |
|---|---|---|
| `id` | yes | the application's number |
| `cards` or `petaflops` | yes | the most at once; petaflops become cards by the site |
| `gpu_hours` or `gpu_months` | yes | card-hours asked for; a month has 730 hours |
| `starts_on`, `ends_on` | yes | days, both included |
| `kind` | | sme, midsize, university, institute, public, large |
| `region`, `score` | | for the report; awards go by score, then by order |

Petaflops without hours are asked for from the first day to the last.
TOML has `[[application]]` tables, JSON a list or `{"applications": [...]}`.
"""

from __future__ import annotations

import difflib
import json
import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

from madang.compute.planner.errors import NothingToPlan, TableMalformed
from madang.compute.planner.traces import CARDS_MAX, BadRow, dict_rows, text_of

MONTH_HOURS = 730
HOURS_MAX = 1e9
PETAFLOPS_MAX = 1e6
YEARS = range(2000, 2200)
MAY_MISS = ("kind", "region", "score")
"""Fields that a row need not have: a misspelt one would be missing in silence."""
ALIKE = 0.8
CLASSES = (1, 4, 8, 16, 32, 64)
"""Upper bounds of the size classes; one more class lies above the last."""


@dataclass(frozen=True, slots=True)
class Application:
    id: str
    cards: int
    card_hours: float
    starts_on: date
    ends_on: date
    kind: str = ""
    region: str = ""
    score: float = 0.0

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


def class_of(cards: int) -> str:
    """The size class of an application: 1, 2-4, 5-8, 9-16, 17-32, 33-64, 65+."""
    low = 1
    for high in CLASSES:
        if cards <= high:
            return str(high) if low == high else f"{low}-{high}"
        low = high + 1
    return f"{low}+"


def load(path: Path, teraflops_per_card: float = 0.0) -> list[Application]:
    """Every application of a file. Raises TableMalformed with the row and the field."""
    text = text_of(path)
    rows = _rows(path, text)
    _check_names(path, rows)
    found = [_application(path, line, row, teraflops_per_card) for line, row in rows]
    twice = [name for name, count in Counter(one.id for one in found).items() if count > 1]
    if twice:
        line = max(
            line for (line, _), one in zip(rows, found, strict=True) if one.id == twice[0]
        )
        raise _bad(path, line, "id", f"{twice[0]} is there more than once")
    if not found:
        raise NothingToPlan(reason=f"no application in {path.name}")
    return found


def _check_names(path: Path, rows: list[tuple[int, Mapping[str, object]]]) -> None:
    """Other columns are the list's own business, but for one that is nearly ours."""
    seen = {tuple(row): line for line, row in reversed(rows)}
    for names, line in seen.items():
        missing = [one for one in MAY_MISS if one not in names]
        for name in names:
            near = difflib.get_close_matches(name.strip().lower(), missing, 1, ALIKE)
            if near:
                raise _bad(path, line, name, f"no such key; the nearest is {near[0]}")


def by_merit(applications: list[Application]) -> list[Application]:
    """The order in which awards are given: by score, then as they stand in the file."""
    return sorted(applications, key=lambda one: -one.score)


def _bad(path: Path, line: int, field: str, reason: str) -> TableMalformed:
    return TableMalformed(file=str(path), line=line, field=field, reason=reason)


def _rows(path: Path, text: str) -> list[tuple[int, Mapping[str, object]]]:
    if path.suffix not in {".toml", ".json"}:
        try:
            return list(_table_rows(text))
        except BadRow as bad:
            raise bad.of(path) from bad
    try:
        raw = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as err:
        raise _bad(path, getattr(err, "lineno", 0), "", str(err)) from err
    name = "application" if path.suffix == ".toml" else "applications"
    rows = raw.get(name, []) if isinstance(raw, dict) else raw
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _bad(path, 0, name, "not a list of tables")
    return list(enumerate(rows, 1))


def _table_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Rows of a list, between commas, semicolons or tabs. Raises BadRow."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = lines[0] if lines else ""
    delimiter = next((one for one in ",;\t" if one in head), ",")
    names = [one.strip().strip('"').lower() for one in head.split(delimiter)]
    if lines and "id" not in names:
        raise BadRow(1, "id", "the first line names the columns, and this one is not there")
    for line, row in dict_rows(text, delimiter):
        yield line, _named(line, row)


def _named(line: int, row: Mapping[str | None, object]) -> dict[str, object]:
    """By the names of the columns. Raises BadRow where a row is longer than the first line."""
    beyond = row.get(None)
    if isinstance(beyond, list) and any(str(one).strip() for one in beyond):
        raise BadRow(line, "", "more values than columns; a comma within one needs quotes")
    return {name: value for name, value in row.items() if name is not None}


def _number(path: Path, line: int, row: Mapping[str, object], field: str, top: float) -> float:
    if row.get(field) in (None, ""):
        raise _bad(path, line, field, "missing")
    try:
        value = float(str(row[field]))
    except ValueError as err:
        raise _bad(path, line, field, f"{row[field]!r} is not a number") from err
    if not 0 < value <= top:
        raise _bad(path, line, field, f"{row[field]} is not between 0 and {top:g}")
    return value


def _day(path: Path, line: int, row: Mapping[str, object], field: str) -> date:
    value = row.get(field)
    if isinstance(value, date) and not isinstance(value, datetime):
        day = value
    else:
        try:
            day = date.fromisoformat(str(value or ""))
        except ValueError as err:
            raise _bad(path, line, field, f"{value!r} is not a day (YYYY-MM-DD)") from err
    if day.year not in YEARS:
        reason = f"{day} is not between {YEARS.start} and {YEARS.stop - 1}"
        raise _bad(path, line, field, reason)
    return day


def _score(path: Path, line: int, row: Mapping[str, object]) -> float:
    try:
        value = float(str(row.get("score") or 0))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _bad(path, line, "score", f"{row['score']!r} is not a number")
    return value


def _application(
    path: Path, line: int, row: Mapping[str, object], teraflops: float
) -> Application:
    name = str(row.get("id") or "").strip()
    if not name:
        raise _bad(path, line, "id", "missing")
    cards = _cards(path, line, row, teraflops)
    field, asked = _hours(path, line, row)
    starts, ends = (_day(path, line, row, name) for name in ("starts_on", "ends_on"))
    if ends < starts:
        raise _bad(path, line, "ends_on", "ends before it starts")
    possible = cards * ((ends - starts).days + 1) * 24
    hours = possible if asked is None else asked
    if hours > possible * 1.01:
        reason = f"{cards} cards cannot use more than {possible} hours then"
        raise _bad(path, line, field, reason)
    return Application(
        name,
        cards,
        hours,
        starts,
        ends,
        str(row.get("kind") or ""),
        str(row.get("region") or ""),
        _score(path, line, row),
    )


def _is_given(row: Mapping[str, object], field: str) -> bool:
    return row.get(field) not in (None, "")  # a list of JSON has no hash


def _cards(path: Path, line: int, row: Mapping[str, object], teraflops: float) -> int:
    """Cards as they are asked for, or what gives the asked petaflops, rounded up to a card."""
    if not _is_given(row, "petaflops"):
        cards = _number(path, line, row, "cards", CARDS_MAX)
        if cards != int(cards):
            raise _bad(path, line, "cards", f"{row['cards']} is not a whole number")
        return int(cards)
    if _is_given(row, "cards"):
        raise _bad(path, line, "petaflops", "give either cards or petaflops")
    if not teraflops:
        raise _bad(path, line, "petaflops", "the site declares no teraflops_per_card")
    asked = _number(path, line, row, "petaflops", PETAFLOPS_MAX)
    cards = math.ceil(Fraction(str(asked)) * 1000 / Fraction(str(teraflops)))
    if cards > CARDS_MAX:
        raise _bad(path, line, "petaflops", f"{cards} cards are more than {CARDS_MAX}")
    return cards


def _hours(path: Path, line: int, row: Mapping[str, object]) -> tuple[str, float | None]:
    """The field that says the hours, and these. None: of petaflops, all of the period."""
    if not _is_given(row, "gpu_months"):
        if _is_given(row, "petaflops") and not _is_given(row, "gpu_hours"):
            return "petaflops", None
        return "gpu_hours", _number(path, line, row, "gpu_hours", HOURS_MAX)
    if _is_given(row, "gpu_hours"):
        raise _bad(path, line, "gpu_months", "give either gpu_hours or gpu_months")
    return "gpu_months", _number(path, line, row, "gpu_months", HOURS_MAX) * MONTH_HOURS

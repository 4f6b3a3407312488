"""What the columns of a table hold, as pictures: frequent values, and how numbers spread."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from madang.portal.pages.data.pictures import Panel, bars_panel

PANELS_MAX, BARS_MAX, DISTINCT_MAX, LABEL_MAX = 9, 6, 60, 15
Fact = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Columns:
    """One table: its facts, and a picture of each column that has something to show."""

    table: Fact
    panels: tuple[Panel, ...]


def columns_of(tables: Sequence[object]) -> list[Columns]:
    return [_columns(one) for one in tables if isinstance(one, Mapping) and one.get("columns")]


def _columns(table: Fact) -> Columns:
    found = table["columns"]
    assert isinstance(found, list)
    count = table.get("rows")
    rows = count if isinstance(count, int) else 0
    drawn = [_panel(one, rows) for one in found if isinstance(one, Mapping)]
    return Columns(table, tuple([one for one in drawn if one is not None][:PANELS_MAX]))


def _panel(column: Fact, count: int) -> Panel | None:
    """Nothing of a column in which nearly every value is another: a number of rows, a text."""
    distinct = column.get("distinct")
    is_code = column["kind"] == "integer" and distinct == count
    is_text = column["kind"] == "text" and isinstance(distinct, int) and 2 * distinct > count
    if is_code or is_text:
        return None
    rows = _spread(column) if column["kind"] in {"integer", "number"} else _top(column)
    if len(rows) < 2:
        return None
    scale = max(number for _, number in rows) or 1
    title = str(column["name"])
    return bars_panel(title, [(name, [("delivered", n)]) for name, n in rows], scale)


def _top(column: Fact) -> list[tuple[str, int]]:
    told, distinct = column.get("top"), column.get("distinct")
    if not isinstance(told, list) or not isinstance(distinct, int) or distinct > DISTINCT_MAX:
        return []
    return [(shortened(str(value)) or "–", int(count)) for value, count in told[:BARS_MAX]]


def shortened(text: str) -> str:
    """As much as stands beside a bar: letters of Korean are twice as wide as others."""
    width = 0
    for at, letter in enumerate(text):
        width += 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
        if width > LABEL_MAX:
            return f"{text[:at].rstrip()}…"
    return text


def _spread(column: Fact) -> list[tuple[str, int]]:
    bins = column.get("bins")
    if not isinstance(bins, list):
        return []
    return [(f"{float(start):.4g} –", int(count)) for start, count in bins]

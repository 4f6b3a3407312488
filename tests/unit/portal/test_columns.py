"""Pictures of columns: what has something to show is drawn, and nothing else."""

from __future__ import annotations

import polars as pl

from madang.datahub.preview.statistics import _column
from madang.portal.pages.data.columns import columns_of


def drawn(**columns: list) -> dict[str, list[tuple[str, int]]]:
    frame = pl.DataFrame(columns)
    read = [_column(frame[name]) for name in frame.columns]
    (found,) = columns_of([{"path": "a.csv", "rows": frame.height, "columns": read}])
    return {
        str(one.title): [(str(group.label), group.bars[0].number) for group in one.groups]
        for one in found.panels
    }


def test_frequent_values_are_drawn_and_keys_are_not():
    found = drawn(kind=["가", "가", "나"] * 30, key=[f"k{n}" for n in range(90)])
    assert found == {"kind": [("가", 60), ("나", 30)]}


def test_numbers_are_drawn_by_how_they_spread():
    found = drawn(length=[0.0, 1.0, 1.0, 6.0, None, float("nan")], same=[3] * 6)
    assert found == {
        "length": [("0 –", 1), ("1 –", 2), ("2 –", 0), ("3 –", 0), ("4 –", 0), ("5 –", 1)]
    }


def test_table_without_columns_has_no_pictures():
    assert columns_of([{"path": "a.csv", "columns": [], "unreadable": "no table"}]) == []

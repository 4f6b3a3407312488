"""Rows of a table that hold some words, wherever they stand in it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from madang.datahub.commits.pages import Entry
from madang.datahub.contents.models import Content
from madang.datahub.errors import PreviewImpossible
from madang.datahub.preview.statistics import table_of
from madang.datahub.preview.tables import BAD, Cell, cells_of, kind_of
from madang.datahub.quality.files import unread

NUMBER = "__row__"
PLAIN_KINDS = frozenset({"text", "integer", "number", "boolean", "date", "moment"})


@dataclass(frozen=True, slots=True)
class RowsFound:
    """A page of rows with their numbers in the table, from one; how many there are in all.

    `is_whole`: the whole table was looked through, not only its beginning.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    total: int
    is_whole: bool


def rows_with(entry: Entry, words: str, *, offset: int, length: int) -> RowsFound:
    """Each word must stand in some column of the row. Raises PreviewImpossible."""
    content = Content.objects.get(pk=entry.sha256)
    try:
        frame, is_whole = table_of(entry, content)
        names = tuple(frame.columns)
        numbered = frame.with_row_index(NUMBER, offset=1)
        for word in words.split():
            numbered = numbered.filter(_holds(frame, word))
        shown = numbered.slice(offset, length)
    except BAD as err:
        raise PreviewImpossible(file=entry.path, reason=unread(err)) from err
    rows = zip(shown[NUMBER].to_list(), cells_of(shown.drop(NUMBER)), strict=True)
    return RowsFound(names, tuple(rows), numbered.height, is_whole)


def _holds(frame: pl.DataFrame, word: str) -> pl.Expr:
    """Whatever the case of its letters; nested values and bytes are not looked into."""
    plain = [name for name in frame.columns if kind_of(frame.schema[name]) in PLAIN_KINDS]
    lower = word.lower()
    return pl.any_horizontal(
        pl.lit(value=False),
        *(
            pl.col(name)
            .cast(pl.String)
            .str.to_lowercase()
            .str.contains(lower, literal=True)
            .fill_null(value=False)
            for name in plain
        ),
    )

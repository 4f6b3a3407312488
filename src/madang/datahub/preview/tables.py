"""Rows out of the middle of a table, and what its columns hold, without reading all of it."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from madang.core.errors import Words
from madang.datahub.contents.models import Content
from madang.datahub.errors import PreviewImpossible
from madang.datahub.preview.opening import ContentFile, beginning
from madang.datahub.quality.files import text_of, unread

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
FIRST_BYTES = 256 * 1024
WINDOW_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 100
BATCH_ROWS = 100
PAGE_BUFFER_BYTES = 64 * 1024
CELL_CHARACTERS_MAX = 2_000
TOO_FAR = Words(
    "rows that far behind are not shown; fetch the file for them",
    "이렇게 뒤에 있는 행은 보여 드리지 않습니다. 파일을 내려받아 보세요",
)
Cell = str | int | float | bool | None
BAD = (pl.exceptions.PolarsError, pa.ArrowException, UnicodeDecodeError, OSError)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows in order. `is_whole`: nothing of the table lies behind them."""

    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_whole: bool


def rows_of(path: str, content: Content, *, offset: int = 0, length: int = ROWS_MAX) -> Rows:
    """Raises PreviewImpossible for what is no table, or lies too far behind its beginning."""
    length = min(length, ROWS_MAX)
    try:
        if path.lower().endswith(".parquet"):
            return _of_parquet(content, offset, length)
        return _of_text(path, content, offset, length)
    except BAD as err:
        raise PreviewImpossible(file=path, reason=unread(err)) from err


def _of_text(path: str, content: Content, offset: int, length: int) -> Rows:
    """Reads a beginning that grows until the rows are in it."""
    wanted = FIRST_BYTES
    while True:
        data, is_whole = window(content, wanted)
        frame = frame_of(path, data)
        if is_whole or frame.height > offset + length:
            break
        if wanted >= WINDOW_BYTES_MAX:
            raise PreviewImpossible(file=path, reason=TOO_FAR)
        wanted = min(8 * wanted, WINDOW_BYTES_MAX)
    return _rows(frame.slice(offset, length), is_whole and frame.height <= offset + length)


def window(content: Content, count: int) -> tuple[bytes, bool]:
    """The first bytes up to the last whole line; and whether that is all of it.

    Text in UTF-16 is cut at two bytes, so its lines stay whole, too.
    """
    data = beginning(content, count)
    if len(data) >= content.size_bytes:
        return data, True
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        mark = "\n".encode("utf-16-le" if data[:2] == b"\xff\xfe" else "utf-16-be")
        at = data.rfind(mark)
        while at > 0 and at % 2:
            at = data.rfind(mark, 0, at + 1)
        return data[: at + 2], False
    return data[: data.rfind(b"\n") + 1], False


def frame_of(path: str, data: bytes) -> pl.DataFrame:
    """Text as a table; kinds of columns are guessed, and are text where guessing fails."""
    text = text_of(data).encode()
    lower = path.lower()
    if lower.endswith((".jsonl", ".ndjson")):
        return pl.read_ndjson(io.BytesIO(text), infer_schema_length=1_000)
    separator = "\t" if lower.endswith(".tsv") else ","
    try:
        return pl.read_csv(
            io.BytesIO(text),
            separator=separator,
            infer_schema_length=1_000,
            try_parse_dates=True,
        )
    except pl.exceptions.ComputeError:
        return pl.read_csv(io.BytesIO(text), separator=separator, infer_schema=False)


def _of_parquet(content: Content, offset: int, length: int) -> Rows:
    """Row groups before the wanted rows are stepped over by what the footer says."""
    file = pq.ParquetFile(
        pa.PythonFile(ContentFile(content), mode="r"),
        buffer_size=PAGE_BUFFER_BYTES,
        pre_buffer=False,
    )
    first, skipped = 0, 0
    meta = file.metadata
    while first < meta.num_row_groups:
        count = meta.row_group(first).num_rows
        if skipped + count > offset:
            break
        skipped, first = skipped + count, first + 1
    batches = file.iter_batches(BATCH_ROWS, row_groups=range(first, meta.num_row_groups))
    wanted = list(_until(batches, offset - skipped + length))
    if not wanted:
        frame = pl.from_arrow(file.schema_arrow.empty_table())
    else:
        frame = pl.from_arrow(pa.Table.from_batches(wanted)).slice(offset - skipped, length)
    assert isinstance(frame, pl.DataFrame)
    return _rows(frame, offset + length >= meta.num_rows)


def _until(batches: Iterator[pa.RecordBatch], wanted: int) -> Iterator[pa.RecordBatch]:
    """As many batches as hold the wanted rows."""
    got = 0
    for batch in batches:
        yield batch
        got += batch.num_rows
        if got >= wanted:
            return


def _rows(frame: pl.DataFrame, is_whole: bool) -> Rows:
    kinds = tuple(kind_of(dtype) for dtype in frame.dtypes)
    rows = cells_of(frame)
    return Rows(tuple(frame.columns), kinds, rows, is_whole)


def kind_of(dtype: pl.DataType) -> str:
    """What a column holds, in the words of the catalogue."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_temporal():
        return "date" if dtype == pl.Date else "moment"
    if dtype.is_nested():
        return "nested"
    return "bytes" if dtype == pl.Binary else "text"


def cells_of(frame: pl.DataFrame) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(cell(value) for value in row) for row in frame.iter_rows())


def cell(value: object) -> Cell:
    """A value as JSON takes it; long text and bytes are cut."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # NaN is no JSON
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, bytes):
        return f"{len(value)} B"
    return "".join(itertools.islice(str(value), CELL_CHARACTERS_MAX))

"""What each column of a version's tables holds: computed once, for a version never changes."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.errors import PreviewImpossible
from madang.datahub.preview.opening import ContentFile, beginning
from madang.datahub.preview.tables import BAD, TABLES, cell, frame_of, kind_of, window
from madang.datahub.quality.files import unread

Fact = object
FACTS_VERSION = 3
BINS = 6
TABLES_MAX = 40
TABLE_BYTES_MAX = 64 * 1024 * 1024
ALL_BYTES_MAX = 512 * 1024 * 1024
TOP = 8
TOP_CHARACTERS_MAX = 60
COLUMNS_MAX = 200
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
SOUNDS = (".wav", ".flac", ".mp3", ".ogg")


def facts_of(commit: Commit) -> dict[str, Fact]:
    """Kinds of files, and the columns of the first tables."""
    kinds: Counter[str] = Counter()
    found: list[Entry] = []
    for entry in tree_of(commit).walk():
        name = entry.path.rpartition("/")[2].lower()
        kinds[name.rpartition(".")[2] if "." in name else ""] += 1
        if name.endswith(TABLES) and len(found) < TABLES_MAX:
            found.append(entry)
    return {
        "version": FACTS_VERSION,
        "kinds": dict(kinds.most_common(30)),
        "tables": list(_tables(found)),
    }


def _tables(entries: list[Entry]) -> Iterator[Fact]:
    left = ALL_BYTES_MAX
    for entry in entries:
        if left <= 0:
            return
        left -= min(entry.size, TABLE_BYTES_MAX)
        try:
            yield table_facts(entry)
        except PreviewImpossible as error:
            yield {"path": entry.path, "unreadable": str(error.fields["reason"]), "columns": []}


def table_facts(entry: Entry) -> dict[str, Fact]:
    """Of one table. A very large one is judged by its beginning, and says so."""
    content = Content.objects.get(pk=entry.sha256)
    try:
        frame, is_whole = table_of(entry, content)
    except BAD as err:
        raise PreviewImpossible(file=entry.path, reason=unread(err)) from err
    columns = [_column(frame[name]) for name in frame.columns[:COLUMNS_MAX]]
    return {
        "path": entry.path,
        "rows": frame.height,
        "whole": is_whole,
        "columns": columns,
    }


def table_of(entry: Entry, content: Content) -> tuple[pl.DataFrame, bool]:
    """Its rows, and whether these are all: a very large table is read from its beginning."""
    if not entry.path.lower().endswith(".parquet"):
        data, is_whole = window(content, TABLE_BYTES_MAX)
        return frame_of(entry.path, data), is_whole
    if entry.size <= TABLE_BYTES_MAX:
        return pl.read_parquet(io.BytesIO(beginning(content, entry.size))), True
    file = pq.ParquetFile(pa.PythonFile(ContentFile(content), mode="r"), pre_buffer=False)
    groups, size = 0, 0
    while groups < file.metadata.num_row_groups and size < TABLE_BYTES_MAX:
        size += file.metadata.row_group(groups).total_byte_size
        groups += 1
    frame = pl.from_arrow(file.read_row_groups(range(groups)))
    assert isinstance(frame, pl.DataFrame)
    return frame, groups == file.metadata.num_row_groups


def _column(values: pl.Series) -> Fact:
    kind = kind_of(values.dtype)
    told: dict[str, Fact] = {"name": values.name, "kind": kind, "nulls": values.null_count()}
    if kind in {"nested", "bytes"}:
        return told
    told["distinct"] = values.n_unique()
    if kind in {"integer", "number"}:
        told |= {"min": _number(values.min()), "max": _number(values.max())}
        told["mean"] = _number(values.mean())
        told["bins"] = _bins(values)
    elif kind == "text":
        lengths = values.str.len_chars()
        told |= {"shortest": _number(lengths.min()), "longest": _number(lengths.max())}
    else:
        told |= {"min": cell(values.min()), "max": cell(values.max())}
    if told["distinct"] != values.len() and kind in {"text", "boolean", "integer"}:
        told["top"] = _top(values)
    return told


def _top(values: pl.Series) -> list[Fact]:
    counted = values.drop_nulls().alias("value").value_counts(sort=False)
    ordered = counted.sort(["count", "value"], descending=[True, False]).head(TOP)
    return [[str(value)[:TOP_CHARACTERS_MAX], count] for value, count in ordered.iter_rows()]


def _bins(values: pl.Series) -> list[Fact]:
    """Where each of a few equal steps begins, and how many values lie in it; nothing where
    numbers of a machine cannot tell the steps apart, or their range."""
    held = values.drop_nulls().cast(pl.Float64)
    held = held.filter(held.is_finite())
    if held.len() == 0:
        return []
    low, high = float(held.to_numpy().min()), float(held.to_numpy().max())
    if not math.isfinite(high - low):
        return []
    edges = _edges(low, high, is_whole=values.dtype.is_integer())
    if not (np.diff(edges) > 0).all():
        return []
    counts, _ = np.histogram(held.to_numpy(), bins=edges)
    return [[_number(float(edge)), int(n)] for edge, n in zip(edges, counts, strict=False)]


def _edges(low: float, high: float, *, is_whole: bool) -> NDArray[np.float64]:
    """Whole numbers fall into steps of whole numbers, at most BINS."""
    if not is_whole:
        return np.linspace(low, high, BINS + 1)
    width = math.ceil((high - low + 1) / BINS)
    steps = math.ceil((high - low + 1) / width)
    return np.array([low + width * step for step in range(steps + 1)])


def _number(value: object) -> Fact:
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return round(value, 6)
    return None

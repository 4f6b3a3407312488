"""The tables of a scan: their columns, and writing them whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from madang.rights.errors import ScanOutdated
from madang.rights.scan.records import EPOCH

TEXT = pa.string()
WORD = pa.dictionary(pa.int32(), pa.string())
INSTANT = pa.timestamp("us", tz="UTC")
DIGEST = pa.binary(32)

PAGES = pa.schema(
    [
        ("url", TEXT),
        ("origin", WORD),
        ("fetched_at", INSTANT),
        ("input", pa.int32()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("agent", WORD),
        ("signals", WORD),
        ("evidence", DIGEST),
        ("pack", WORD),
        ("sum", pa.int64()),
    ]
)
LATER = pa.schema(
    [
        ("url", TEXT),
        ("origin", WORD),
        ("fetched_at", INSTANT),
        ("kind", pa.int8()),
        ("signals", WORD),
        ("evidence", DIGEST),
        ("of_url", TEXT),
        ("of_us", pa.int64()),
        ("sum", pa.int64()),
    ]
)
SITES = pa.schema(
    [
        ("origin", TEXT),
        ("kind", TEXT),
        ("url", TEXT),
        ("fetched_at", INSTANT),
        ("status", pa.int32()),
        ("location", TEXT),
        ("agent", TEXT),
        ("is_cut", pa.bool_()),
        ("evidence", DIGEST),
        ("pack", TEXT),
        ("place", pa.int64()),
        ("digest", TEXT),
        ("claim", TEXT),
    ]
)
ERRORS = pa.schema(
    [
        ("input", pa.int32()),
        ("offset", pa.int64()),
        ("url", TEXT),
        ("code", TEXT),
        ("detail", TEXT),
    ]
)
VECTORS = pa.schema(
    [("vector", pa.int32()), ("signals", TEXT), ("sha256", DIGEST), ("agents_sha", TEXT)]
)
DECISIONS = pa.schema(
    [
        ("vector", pa.int32()),
        ("regime", WORD),
        ("law_day", pa.date32()),
        ("answer", pa.int32()),
    ]
)
ANSWERS = pa.schema(
    [
        ("answer", pa.int32()),
        ("regime", WORD),
        ("act", WORD),
        ("verdict", WORD),
        ("rule", TEXT),
        ("reasons", pa.list_(TEXT)),
        ("citations", pa.list_(TEXT)),
        ("duties", pa.list_(TEXT)),
        ("conflicts", pa.list_(TEXT)),
        ("question", TEXT),
        ("question_ko", TEXT),
        ("rules_sha", TEXT),
    ]
)


STAGE = {"pages": PAGES, "sites": SITES, "errors": ERRORS, "later": LATER}
NEWER_COLUMNS = frozenset({"digest", "claim"})  # tables without them are read


def check_stage(folder: Path) -> None:
    """Raises ScanOutdated where a table of the first pass lacks a column that is needed."""
    for kind, schema in STAGE.items():
        for path in sorted((folder / "stage").glob(f"*.{kind}.parquet")):
            missing = set(schema.names) - NEWER_COLUMNS - set(pq.read_schema(path).names)
            if missing:
                names = ", ".join(sorted(missing))
                raise ScanOutdated(file=str(folder), table=path.name, columns=names)


class Rows:
    """Rows of one table in the making; they become columns at once, at the end."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._rows: list[Sequence[object]] = []
        self.add = self._rows.append

    def __len__(self) -> int:
        return len(self._rows)

    def table(self) -> pa.Table:
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self.schema)
        arrays = [
            _array(values, field.type)
            for field, values in zip(self.schema, columns, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def write(self, path: Path, packing: str = "zstd") -> None:
        write_table(self.table(), path, packing)


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """A column. Instants go in as numbers, which costs a sixth of what dates do."""
    if kind == INSTANT:
        return pa.array([_microseconds(at) for at in values], pa.int64()).cast(kind)
    return pa.array(values, type=kind)


def _microseconds(at: object) -> int:
    assert isinstance(at, datetime)
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def words(column: pa.ChunkedArray) -> list[str]:
    """A column of words as text; each distinct word is made once."""
    found: list[str] = []
    for chunk in column.chunks:
        if not pa.types.is_dictionary(chunk.type):
            found += chunk.to_pylist()
            continue
        distinct = chunk.dictionary.to_pylist()
        found += [distinct[index] for index in chunk.indices.to_pylist()]
    return found


def instants(column: pa.ChunkedArray) -> list[int]:
    """Instants as microseconds, which are a hundred times cheaper than dates with a zone."""
    found: list[int] = column.cast(pa.int64()).to_pylist()
    return found


def write_table(table: pa.Table, path: Path, packing: str = "zstd") -> None:
    """The whole table or none of it: a new file, flushed, then renamed into place."""
    fresh = path.with_suffix(".new")
    pq.write_table(table, fresh, compression=packing)
    sync(fresh)
    os.replace(fresh, path)


def write_json(path: Path, document: Mapping[str, object]) -> None:
    fresh = path.with_suffix(".new")
    write_plain(fresh, document)
    os.replace(fresh, path)


def write_plain(path: Path, document: Mapping[str, object]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_rows(path: Path) -> list[Mapping[str, object]]:
    """A small table as rows."""
    rows: list[Mapping[str, object]] = pq.read_table(path, use_threads=False).to_pylist()
    return rows

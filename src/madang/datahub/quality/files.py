"""The files of a version as a check reads them: names by pattern, tables as frames of text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

import polars as pl

from madang.core.errors import Words
from madang.datahub.errors import CheckImpossible

FILE_BYTES_MAX = 2 * 1024**3
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
ENCODINGS = ("utf-8-sig", "cp949")
NO_TABLE = Words("the pattern takes no table", "이 무늬에 맞는 표 파일이 없습니다")


class Files(Protocol):
    """Where files are read: a version in the store, or a folder."""

    def names(self) -> Iterable[str]: ...

    def read(self, path: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Table:
    """One file's rows; what is not text there is written as text."""

    path: str
    frame: pl.DataFrame


def matching(files: Files, pattern: str) -> list[str]:
    """Names that the pattern takes; `**/` also takes nothing."""
    patterns = {pattern, pattern.replace("**/", "")}
    return sorted(n for n in files.names() if any(fnmatchcase(n, one) for one in patterns))


def tables(files: Files, pattern: str) -> Iterator[Table]:
    """Tables that the pattern takes. Raises CheckImpossible when it takes none."""
    names = [name for name in matching(files, pattern) if name.endswith(TABLES)]
    if not names:
        raise CheckImpossible(file=pattern, reason=NO_TABLE)
    for name in names:
        yield Table(name, frame_of(name, files.read(name)))


def column(table: Table, name: str) -> pl.Series:
    """Raises CheckImpossible when the table has no such column."""
    if name not in table.frame.columns:
        there = ", ".join(table.frame.columns)[:200]
        gone = Words(
            f"there is no column {name}; its columns are {there}",
            f"열 {name}이(가) 없습니다. 있는 열: {there}",
        )
        raise CheckImpossible(file=table.path, reason=gone)
    return table.frame[name]


def frame_of(name: str, data: bytes) -> pl.DataFrame:
    """Rows as text. Raises CheckImpossible for bytes that are no such table."""
    try:
        return _parsed(name, data)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as err:
        raise CheckImpossible(file=name, reason=unread(err)) from err


def unread(error: Exception) -> Words:
    """What the reader of tables said stays as it is, in a sentence of either language."""
    told = (str(error) or type(error).__name__).splitlines()[0][:200]
    return Words(f"it cannot be read as a table ({told})", f"표로 읽을 수 없습니다({told})")


def _parsed(name: str, data: bytes) -> pl.DataFrame:
    if name.endswith(".parquet"):
        frame = pl.read_parquet(io.BytesIO(data))
    elif name.endswith((".jsonl", ".ndjson")):
        frame = pl.read_ndjson(io.BytesIO(text_of(data).encode()), infer_schema_length=None)
    else:
        separator = "\t" if name.endswith(".tsv") else ","
        text = io.BytesIO(text_of(data).encode())
        return pl.read_csv(text, infer_schema=False, separator=separator)
    plain = [c for c, kind in frame.schema.items() if not kind.is_nested()]
    return frame.select(pl.col(plain).cast(pl.String))


def text_of(data: bytes) -> str:
    """UTF-8 first, then what Korean files come in."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode(ENCODINGS[0])
    except UnicodeDecodeError:
        return data.decode(ENCODINGS[1])

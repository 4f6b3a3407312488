"""Inputs by their kind: WARC, Parquet, or a list of addresses with stored responses."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, repeat
from pathlib import Path
from typing import BinaryIO, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from madang.rights.errors import InputUnreadable
from madang.rights.observe import BODY_BYTES_MAX
from madang.rights.scan.archives import (
    check,
    decode,
    instant,
    open_input,
    parse_http,
)
from madang.rights.scan.heads import read_heads
from madang.rights.scan.lines import are_strange, header_lines
from madang.rights.scan.members import read_members
from madang.rights.scan.records import EPOCH, Damage, Kind, Record

BODY_COLUMNS = ("html", "body", "content")
HEADERS = "headers"
UNKNOWN_HEADERS = 0  # neither silence nor lines: an error of its row
TIME_COLUMNS = ("fetched_at", "at", "date", "warc_date")
BATCH_ROWS = 128
UNNAMED_ROWS_MAX = 1 << 20  # of a group of which nothing can be read, however many it claims
BATCH_BYTES = 8_000_000
READ_BYTES = 1 << 20  # of a column at a time, instead of all of it
LINE_CHARACTERS_MAX = 64 * 1024
LONG_LINE = f"a line of {LINE_CHARACTERS_MAX} characters or more"
FEWER_ROWS = "fewer rows than its group names"
LISTS = (".txt", ".tsv", ".urls", ".jsonl")


def read_input(place: str, start: int, agent: str, head_bytes: int = 0) -> Iterator[Record]:
    """Records of one input from an offset on (bytes of an archive, rows of a table)."""
    if place.endswith(".parquet"):
        return read_parquet(place, start)
    if place.endswith(LISTS):
        return read_list(place, start)
    if head_bytes:
        return read_heads(place, start, agent, head_bytes)
    return read_members(place, start, agent)


def read_parquet(place: str, start: int) -> Iterator[Record]:
    """Columns url and html (or body, content); headers, status, fetched_at, mime when there."""
    with open_input(place) as opened:
        try:
            file = pq.ParquetFile(
                opened, buffer_size=READ_BYTES, page_checksum_verification=True
            )
        except (OSError, pa.ArrowException) as err:
            raise InputUnreadable(file=place, reason=type(err).__name__) from err
        yield from _rows(_Table(file, opened, place), start)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table and the file below it, which tells damage from a store that went away."""

    file: pq.ParquetFile
    opened: BinaryIO
    place: str

    def rows(self, group: int) -> int:
        return int(self.file.metadata.row_group(group).num_rows)

    def batches(
        self, group: int, columns: list[str], count: int
    ) -> Iterator[pa.RecordBatch | str]:
        """A group's batches, and the name of the error that ended them early."""
        found = self.file.iter_batches(
            batch_size=count, row_groups=[group], columns=columns, use_threads=False
        )
        left = self.rows(group)
        try:
            for batch in found:
                left -= batch.num_rows
                yield batch
        except (OSError, pa.ArrowException) as err:
            check(self.opened, self.place)
            yield type(err).__name__
        else:
            if left > 0:  # some damage ends a column early and raises nothing
                yield FEWER_ROWS


def _rows(table: _Table, start: int) -> Iterator[Record]:
    """One group of rows after another, for a reader of all keeps what it read of each."""
    names = set(table.file.schema_arrow.names)
    body = next((name for name in BODY_COLUMNS if name in names), None)
    if "url" not in names or body is None:
        raise InputUnreadable(file=table.place, reason="needs the columns url and html")
    some = (HEADERS, "status", "mime", *TIME_COLUMNS)
    wanted = ["url", body, *(name for name in some if name in names)]
    row, count = 0, _batch_rows(table.file)
    for group in range(table.file.num_row_groups):
        rows = table.rows(group)
        if row + rows > start:
            yield from _group(table, group, wanted, count, row, start)
        row += rows


def _group(
    table: _Table, group: int, wanted: list[str], count: int, first: int, start: int
) -> Iterator[Record]:
    """Rows of one group from a row on. What cannot be decoded is a named error of each row."""
    row = first
    for batch in table.batches(group, wanted, count):
        if isinstance(batch, str):
            yield from _undecoded(table, group, first, max(row, start), batch)
        elif row + batch.num_rows <= start:
            row += batch.num_rows
        else:
            for values in _values(batch):
                if row >= start:
                    yield _from_row(values, wanted[1], row)
                row += 1


def _undecoded(
    table: _Table, group: int, first: int, row: int, detail: str
) -> Iterator[Record]:
    """The rest of a group behind a damaged page, by its addresses where they can be read."""
    for url in islice(_addresses(table, group), row - first, None):
        yield Record(Kind.UNREADABLE, row, url, damage=Damage.CORRUPT, detail=detail)
        row += 1


def _addresses(table: _Table, group: int) -> Iterator[str]:
    left = table.rows(group)
    for batch in table.batches(group, ["url"], BATCH_ROWS):
        if not isinstance(batch, str):
            yield from (str(values["url"] or "") for values in _values(batch))
            left -= batch.num_rows
    yield from repeat("", min(left, UNNAMED_ROWS_MAX))


def _batch_rows(file: pq.ParquetFile) -> int:
    """So few at a time that a table of large pages takes no more memory than one of small."""
    groups = (file.metadata.row_group(number) for number in range(file.num_row_groups))
    largest = max((g.total_byte_size // max(1, g.num_rows) for g in groups), default=0)
    return max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, largest)))


def _values(batch: pa.RecordBatch) -> list[Mapping[str, object]]:
    """Rows as plain values; text that is none in its encoding stays octets or is replaced."""
    try:
        rows: list[Mapping[str, object]] = batch.to_pylist()
    except (ValueError, OverflowError):
        names = batch.schema.names
        rows = [
            {name: _value(batch, name, row) for name in names} for row in range(batch.num_rows)
        ]
    return rows


def _value(batch: pa.RecordBatch, name: str, row: int) -> object:
    value = batch.column(name)[row]
    try:
        return value.as_py()
    except UnicodeDecodeError:
        if hasattr(value, "as_buffer"):
            octets: bytes = value.as_buffer().to_pybytes()
            is_raw = name == HEADERS or name in BODY_COLUMNS
            return octets if is_raw else octets.decode("utf-8", "replace")
    except (ValueError, OverflowError):
        pass
    return UNKNOWN_HEADERS if name == HEADERS else None


def _from_row(values: Mapping[str, object], body: str, row: int) -> Record:
    record = Record(Kind.RESPONSE, row, url=str(values.get("url") or ""))
    content = values.get(body)
    if content is None:
        record.kind, record.damage = Kind.UNREADABLE, Damage.MISSING
        return record
    octets = content if isinstance(content, bytes) else str(content).encode("utf-8", "replace")
    record.body = octets[: BODY_BYTES_MAX + 1]
    record.length = len(octets)
    record.status = _status(values.get("status"))
    record.mime = str(values.get("mime") or "")
    record.at = _time(next((values[n] for n in TIME_COLUMNS if values.get(n)), None))
    try:
        record.headers = _headers(values.get(HEADERS))
        is_strange = are_strange("", record.headers)
    except ValueError:
        is_strange = True
    if is_strange:
        record.kind, record.damage = Kind.UNREADABLE, Damage.NO_HTTP
    if not record.mime and not any(n.lower() == "content-type" for n, _ in record.headers):
        record.mime = "text/html"
    decode(record, is_as_sent=False)
    return record


def _status(value: object) -> int:
    """A status however a table writes numbers; 200 where it has none, 0 for nonsense."""
    try:
        said = math.nan if value is None else float(str(value))
        return 200 if math.isnan(said) else int(said)
    except (ValueError, OverflowError):
        return 0


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return EPOCH if value is None else instant(str(value))


def _headers(value: object) -> list[tuple[str, str]]:
    """Header lines as raw text, JSON, pairs or a map. Raises ValueError for anything else."""
    if value is None:
        return []
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        if value.lstrip().startswith(("{", "[")):
            return _headers(json.loads(value))
        pairs = (line.partition(":") for line in header_lines(value) if ":" in line)
        return [(name.strip(), text.strip()) for name, _, text in pairs]
    if isinstance(value, Mapping):
        return [(_text(n), _text(t)) for n, v in value.items() for t in _listed(v)]
    if isinstance(value, list):
        return [_pair(item) for item in value]
    raise ValueError("headers")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _pair(item: object) -> tuple[str, str]:
    if isinstance(item, Mapping):
        named = "name" if "name" in item else "key"
        item = [item[named], item["value"]] if {named, "value"} <= item.keys() else None
    if isinstance(item, (list, tuple)) and len(item) == 2:
        return _text(item[0]), _text(item[1])
    raise ValueError("headers")


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def read_list(place: str, start: int) -> Iterator[Record]:
    """One line per address: `URL<TAB>file` or {"url", "file", "at"}; files hold responses."""
    path = Path(place)
    try:
        lines = path.open("r", encoding="utf-8", errors="replace")
    except OSError as err:
        raise InputUnreadable(file=place, reason=err.strerror or "not readable") from err
    with lines:
        for number, line in enumerate(_lines(lines)):
            if number < start:
                continue
            if line is None:
                yield Record(Kind.UNREADABLE, number, damage=Damage.URL, detail=LONG_LINE)
            elif line.strip():
                yield _from_line(path.parent, line.strip(), number)


def _lines(file: TextIO) -> Iterator[str | None]:
    """Lines one by one, None for each that is too long to be one of ours."""
    while line := file.readline(LINE_CHARACTERS_MAX):
        is_whole = len(line) < LINE_CHARACTERS_MAX or line.endswith("\n")
        yield line if is_whole else None
        while not is_whole:
            more = file.readline(READ_BYTES)
            is_whole = not more or more.endswith("\n")


def _from_line(folder: Path, line: str, number: int) -> Record:
    url, file, at = _fields(line)
    try:
        with (folder / file).open("rb") as stored:
            content = stored.read(BODY_BYTES_MAX + 65_536)
    except (OSError, ValueError) as err:
        name = type(err).__name__
        return Record(Kind.UNREADABLE, number, url, damage=Damage.MISSING, detail=name)
    record = parse_http(content)
    record.url, record.offset = url, number
    date = at or next((v for n, v in record.headers if n.lower() == "x-fetched-at"), "")
    record.at = instant(date)
    return record


def _fields(line: str) -> tuple[str, str, str]:
    if line.startswith("{"):
        try:
            row = json.loads(line)
            return str(row.get("url", "")), str(row.get("file", "")), str(row.get("at", ""))
        except (ValueError, AttributeError):
            return line[:2048], "\0", ""
    url, *rest = line.split("\t")
    return url, rest[0] if rest else "\0", rest[1] if len(rest) > 1 else ""

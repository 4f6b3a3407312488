"""Job tables of clusters: what a person has, as jobs of one shape.

| Format | Told by | Notes |
|---|---|---|
| Muri CSV | a column `iterations` | work is iterations × iteration time, not `duration` |
| Philly JSON | a list of objects with `attempts` | every attempt counts towards the run time |
| PAI CSV | columns `plan_gpu`, `start_time`, `end_time` | percent of a card, rounded up |
| SWF | lines of 18 numbers, `;` comments | processors stand for cards |
| sacct | `|` between columns, epoch times | AllocTRES, never ReqTRES; each attempt is a row |

Rows without cards, without a start, or with an end before the start are counted and left out,
and so are the steps of a job in sacct's table: their cards are the job's.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from madang.compute.planner.errors import FileMissing, NothingToPlan, TableMalformed
from madang.compute.planner.sim.state import F64, I64
from madang.compute.planner.swf import plain_rows

Row = tuple[
    float, int, float, float, float
]  # submit, cards, run, limit (0: none), wait (<0: none)
COLUMNS = ("submit", "cards", "run time", "time limit", "wait")
GPU = re.compile(r"gres/gpu(:[^=,]+)?[=:]([0-9]+)")
ENCODINGS = ("utf-8-sig", "cp949")
ARCHIVE = b"PK\x03\x04"
NO_TEXT = "not a text in UTF-8, nor as Excel saves it; save it as CSV (UTF-8)"
CARDS_MAX = 1_000_000
SECONDS_MAX = 1e11
"""Three thousand years: what is longer is no time, and would not fit beside so many cards."""
LARGE = 100_000
"""Characters. A smaller file is read sooner than a compiled loop is loaded."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Jobs of a cluster in order of submission, seconds from the first. -1: not known."""

    submit_s: I64
    cards: I64
    run_s: I64
    limit_s: I64
    wait_s: I64
    left_out: int

    def __len__(self) -> int:
        return len(self.cards)

    def part(self, first: int, last: int) -> Trace:
        cut = slice(first, last)
        columns = (self.submit_s, self.cards, self.run_s, self.limit_s, self.wait_s)
        submit, cards, run, limit, wait = (one[cut] for one in columns)
        return Trace(submit - submit[0], cards, run, limit, wait, 0)


def text_of(path: Path) -> str:
    if not path.is_file():
        raise FileMissing(file=str(path))
    raw = path.read_bytes()
    try:
        return decoded(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except (OSError, EOFError, zlib.error, ValueError) as err:
        raise TableMalformed(file=str(path), line=0, field="", reason=str(err)) from err


def decoded(raw: bytes) -> str:
    """Text in UTF-8, or as a Korean Excel saves it. Raises ValueError for what is no text."""
    if raw.startswith(ARCHIVE):
        raise ValueError("a spreadsheet, not a text; save it as CSV (UTF-8)")
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for name in ("utf-16",) if wide else ENCODINGS:
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode(name)
            break
    else:
        raise ValueError(NO_TEXT)
    if "\0" in text:
        raise ValueError(NO_TEXT)
    return text


def load(path: Path) -> Trace:
    """A table in any of the formats. Raises TableMalformed with the line and the field."""
    text = text_of(path)
    reader = _reader_of(text)
    if reader is None:
        raise TableMalformed(file=str(path), line=1, field="", reason="no format known by this")
    if reader is _swf and len(text) >= LARGE and (plain := _plain_trace(text)) is not None:
        return plain
    left_out: list[int] = []
    rows = []
    try:
        for line, row in reader(text):
            if row is None or row[1] <= 0 or row[2] < 0:
                left_out.append(line)
            else:
                rows.append(_possible(row, line))
    except BadRow as bad:
        raise bad.of(path) from bad
    if not rows:
        raise NothingToPlan(reason=f"no job in {path.name}")
    return _trace(np.array(rows, dtype=float), len(left_out))


def _plain_trace(text: str) -> Trace | None:
    """The same trace sooner; None where the rows must be read one by one, be it to tell which
    of them is wrong."""
    table = plain_rows(text)
    if table is None:
        return None
    kept = table[(table[:, 1] > 0) & (table[:, 2] >= 0)]
    most = [CARDS_MAX if name == "cards" else SECONDS_MAX for name in COLUMNS]
    if not len(kept) or (abs(kept) > most).any():
        return None
    return _trace(kept, len(table) - len(kept))


class BadRow(Exception):
    """What a reader of rows found, before anybody says of which file."""

    def __init__(self, line: int, field: str, reason: str) -> None:
        super().__init__(reason)
        self.line, self.field, self.reason = line, field, reason

    def of(self, path: Path) -> TableMalformed:
        return TableMalformed(
            file=str(path), line=self.line, field=self.field, reason=self.reason
        )


def dict_rows(
    text: str, delimiter: str = ","
) -> Iterator[tuple[int, dict[str | None, str | None]]]:
    """Rows of a table with a header, by line. Raises BadRow for what no such table is."""
    lines = text.splitlines()
    blank = next((at for at, one in enumerate(lines) if one.strip()), 0)  # before the header
    rows = csv.DictReader(lines[blank:], delimiter=delimiter)
    try:
        for row in rows:
            yield blank + rows.line_num, row
    except csv.Error as err:
        raise BadRow(blank + rows.line_num + 1, "", str(err)) from err


def header_of(line: str) -> Sequence[str]:
    """Names of columns, also in quotes; none where it is no line of a table."""
    try:
        return next(csv.reader([line.strip()]), [])
    except csv.Error:
        return []


def _possible(row: Row, line: int) -> Row:
    """The same row. Raises BadRow for what no cluster has: nan, and what is too much."""
    for name, value in zip(COLUMNS, row, strict=True):
        most = CARDS_MAX if name == "cards" else SECONDS_MAX
        if not abs(value) <= most:
            raise BadRow(line, name, f"{value:g} is more than {most:g}, or not a number")
    return row


def _trace(rows: F64, left_out: int) -> Trace:
    """Of rows in the columns' order, by submission; equal ones as they stood."""
    submit, cards, run, limit, wait = rows[np.argsort(rows[:, 0], kind="stable")].T
    limits = np.where(limit > 0, np.maximum(limit, run), -1)

    def whole(column: F64) -> I64:
        return np.round(column).astype(np.int64)

    first = submit - submit[0]
    return Trace(whole(first), whole(cards), whole(run), whole(limits), whole(wait), left_out)


Reader = Callable[[str], Iterator[tuple[int, Row | None]]]


def _reader_of(text: str) -> Reader | None:
    head = text.lstrip()[:4000]
    first = head.split("\n", 1)[0]
    if head.startswith("["):
        return _philly
    if "|" in first:
        return _sacct
    if first.startswith(";") or re.fullmatch(r"\s*(-?[\d.]+\s+){10,17}-?[\d.]+\s*", first):
        return _swf
    names = set(header_of(first))
    for wanted, reader in (
        ({"iterations", "num_gpu"}, _muri),
        ({"plan_gpu", "start_time", "end_time"}, _pai),
    ):
        if wanted <= names:
            return reader
    return None


def number(row: Mapping[str | None, str | None], field: str, line: int) -> float:
    try:
        return _real(row[field], line, field)
    except KeyError as err:
        raise BadRow(line, field, "no such column") from err


def _real(text: str | None, line: int, field: str) -> float:
    try:
        value = float(text or "")
    except ValueError as err:
        raise BadRow(line, field, f"{text!r} is not a number") from err
    if not np.isfinite(value):
        raise BadRow(line, field, f"{text!r} is not a number")
    return value


def _muri(text: str) -> Iterator[tuple[int, Row | None]]:
    for line, row in dict_rows(text):
        run_s = number(row, "iterations", line) * number(row, "iteration_time", line) / 1000
        submit_s = number(row, "submit_time", line) / 1000
        yield line, (submit_s, int(number(row, "num_gpu", line)), run_s, 0, -1)


def _pai(text: str) -> Iterator[tuple[int, Row | None]]:
    for line, row in dict_rows(text):
        if not row["start_time"] or not row["end_time"] or not row["plan_gpu"]:
            yield line, None
            continue
        start, end = number(row, "start_time", line), number(row, "end_time", line)
        many = number(row, "inst_num", line) if row.get("inst_num") else 1
        cards = -(-number(row, "plan_gpu", line) * many // 100)
        submit = number(row, "submit_time", line) if row.get("submit_time") else start
        wait = start - submit if row.get("submit_time") else -1
        yield line, (submit, int(cards), end - start, 0, wait)


def _swf(text: str) -> Iterator[tuple[int, Row | None]]:
    for line, words in enumerate(text.splitlines(), 1):
        if not words.strip() or words.startswith(";"):
            continue
        parts = words.split()
        if len(parts) < 11:
            raise BadRow(line, "", f"{len(parts)} fields, an SWF line has 18")
        numbers = [_real(parts[place], line, "") for place in (1, 2, 3, 4, 7, 8)]
        submit, wait, run, used, asked, limit = numbers
        yield line, (submit, int(used if used > 0 else asked), run, max(limit, 0), wait)


def _time(text: str, line: int, field: str) -> float | None:
    """Epoch seconds, or an ISO time, UTC where it names no zone; None when Slurm knows none."""
    if text in {"", "Unknown", "None", "N/A"}:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        told = datetime.fromisoformat(text)
    except ValueError as err:
        raise BadRow(line, field, f"{text!r} is not a time") from err
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def _cards_in(tres: str) -> int:
    """The total where it is told, else all kinds together."""
    found = [(kind, int(count)) for kind, count in GPU.findall(tres)]
    total = [count for kind, count in found if not kind]
    return total[0] if total else sum(count for _, count in found)


def _sacct(text: str) -> Iterator[tuple[int, Row | None]]:
    for line, row in dict_rows(text, "|"):
        for field in ("Submit", "Start", "End", "AllocTRES"):
            if row.get(field) is None:
                raise BadRow(line, field, "no such column")
        submit, start, end = (
            _time(row[name] or "", line, name) for name in ("Submit", "Start", "End")
        )
        cards = _cards_in(row["AllocTRES"] or "")
        is_step = "." in (row.get("JobIDRaw") or row.get("JobID") or "")
        if is_step or submit is None or start is None or end is None or not cards:
            yield line, None
            continue
        limit = row.get("TimelimitRaw") or ""
        minutes = float(limit) if limit.isascii() and limit.isdigit() else 0
        yield line, (submit, cards, end - start, 60 * minutes, start - submit)


def _philly(text: str) -> Iterator[tuple[int, Row | None]]:
    try:
        jobs = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise BadRow(getattr(err, "lineno", 1), "", str(err)) from err
    for line, job in enumerate(jobs, 1):
        try:
            yield line, _philly_row(job, line)
        except (AttributeError, KeyError, TypeError) as err:
            raise BadRow(line, "attempts", "not a job as Philly tells them") from err


def _philly_row(job: Mapping[str, Any], line: int) -> Row | None:
    attempts = [one for one in job.get("attempts") or () if one.get("end_time")]
    submit = _time(str(job.get("submitted_time") or ""), line, "submitted_time")
    if submit is None or not attempts:
        return None
    spans = [
        tuple(_time(str(one[name] or ""), line, name) for name in ("start_time", "end_time"))
        for one in attempts
    ]
    known = [(start, end) for start, end in spans if start is not None and end is not None]
    cards = max(sum(len(d.get("gpus") or ()) for d in one["detail"]) for one in attempts)
    run_s = sum(end - start for start, end in known)
    return submit, cards, run_s, 0, known[0][0] - submit if known else -1

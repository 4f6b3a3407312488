"""From files to typed declarations, each knowing where it stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path as FilePath

import msgspec

from madang.cli.declarations.errors import (
    DeclaredTwice,
    FieldMissing,
    FieldUnknown,
    FileUnreadable,
    TableUnknown,
    ValueWrong,
)
from madang.cli.declarations.scanner import Path, line_numbers, line_of
from madang.cli.declarations.tables import TABLES, Table
from madang.core.errors import MadangError

FILE_BYTES_MAX = 4 * 1024 * 1024
YEAR_MIN, YEAR_MAX = 1900, 2999
TomlValue = (
    str
    | int
    | float
    | bool
    | datetime
    | date
    | time
    | list["TomlValue"]
    | dict[str, "TomlValue"]
)

_TOML_LINE = re.compile(r"\(at line (\d+)")
_PLACE = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"^Object contains unknown field `([^`]+)`")
_MISSING = re.compile(r"^Object missing required field `([^`]+)`")


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read: what a pending declaration keeps."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """One table, and where it stands."""

    table: str
    value: Table
    source: Source
    index: int
    lines: dict[Path, int]

    def placed(self, error: MadangError) -> MadangError:
        """An error of a lower room with file and line, as far as its field tells."""
        name = str(error.fields.get("field") or "")
        path: Path = (self.table, self.index, *_steps(f".{name}"))
        error.fields.setdefault("file", self.source.name)
        error.fields.setdefault("line", line_of(self.lines, path))
        error.fields.setdefault("field", name or None)
        if isinstance(error, (ValueWrong, FieldMissing)):
            error.fields.setdefault("table", self.table)
        return error


def read_source(path: FilePath) -> Source:
    """Raises FileUnreadable, naming the file."""
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            raise FileUnreadable(reason=f"more than {FILE_BYTES_MAX} bytes", file=str(path))
        return Source(str(path), raw.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise FileUnreadable(reason=str(err), file=str(path)) from err


def read(sources: Sequence[Source]) -> list[Declaration]:
    """All declarations in the order in which they are applied."""
    found = [one for source in sources for one in _declarations(source)]
    _refuse_doubles(found)
    order = list(TABLES)
    return sorted(found, key=lambda one: order.index(one.table))


def _declarations(source: Source) -> Iterator[Declaration]:
    document = _parse(source)
    lines = line_numbers(source.text)
    for table, rows in document.items():
        line = line_of(lines, (table,))
        if table not in TABLES:
            raise TableUnknown(table=table, file=source.name, line=line)
        if not isinstance(rows, list):
            reason = f"write [[{table}]]"
            raise ValueWrong(
                table=table, field=table, reason=reason, file=source.name, line=line
            )
        for index, row in enumerate(rows):
            value = _typed(table, index, row, source, lines)
            yield Declaration(table, value, source, index, lines)


def _parse(source: Source) -> dict[str, TomlValue]:
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as err:
        match = _TOML_LINE.search(str(err))
        line = int(match[1]) if match else source.text.count("\n") + 1
        raise FileUnreadable(reason=str(err), file=source.name, line=line) from err


def _typed(
    table: str, index: int, row: TomlValue, source: Source, lines: dict[Path, int]
) -> Table:
    try:
        return _in_our_era(msgspec.convert(row, TABLES[table]))
    except msgspec.ValidationError as err:
        message = str(err)
        place = _PLACE.search(message)
        steps = _steps(place[1]) if place else ()
        reason = _PLACE.sub("", message)
        kind: type[MadangError] = ValueWrong
        for pattern, wanted in ((_UNKNOWN, FieldUnknown), (_MISSING, FieldMissing)):
            if match := pattern.match(reason):
                kind, steps = wanted, (*steps, match[1])
        raise kind(
            table=table,
            field=_dotted(steps),
            reason=reason,
            file=source.name,
            line=line_of(lines, (table, index, *steps)),
        ) from err


def _in_our_era(value: Table) -> Table:
    """The same. Raises msgspec.ValidationError, in msgspec's words, for a day so far away that
    its first or last instant in Seoul has no name."""
    for path, day in _days(value, "$"):
        if not YEAR_MIN <= day.year <= YEAR_MAX:
            reason = f"Expected a year from {YEAR_MIN} to {YEAR_MAX}"
            raise msgspec.ValidationError(f"{reason} - at `{path}`")
    return value


def _days(value: object, path: str) -> Iterator[tuple[str, date]]:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _days(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _days(one, f"{path}[{index}]")
    elif isinstance(value, date):
        yield path, value


def _steps(text: str) -> Path:
    return tuple(
        name or (int(index) if index.isdigit() else index)
        for name, index in _STEP.findall(text)
    )


def _dotted(steps: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)[1:]


def _refuse_doubles(found: Sequence[Declaration]) -> None:
    seen: set[str] = set()
    for one in found:
        name = name_of(one)
        place = f"{name} {getattr(one.value, 'organisation', '')}"
        if place in seen and one.table != "key":
            raise one.placed(DeclaredTwice(what=name))
        seen.add(place)


def name_of(one: Declaration) -> str:
    """What an answer calls it: "voucher:v-hana"."""
    value = one.value
    for attribute in ("code", "email", "voucher"):
        found = getattr(value, attribute, None)
        if isinstance(found, str):
            return f"{one.table}:{found}"
    parts = (getattr(value, name) for name in ("a", "kind", "b"))
    return f"{one.table}:{' '.join(parts)}"

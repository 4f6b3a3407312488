"""Traces in and out: AiM instruction lines, and request lines of bank-pair channels.

AiM: `AiM NAME fields`, `W|R MEM channel bank row`, `W|R GPR id`, `W CFR id value`.
Bank-pair: `R|W bank row column [on]`, `|` for a fence, `drain` between parts; lines or `;`.
Numbers are decimal or 0x hexadecimal; `#` begins a comment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from madang.chips.errors import FileMissing, KernelUnsupported, TraceMalformed
from madang.chips.pim.spec import Spec
from madang.chips.pim.standards.gddr6_aim import Isr
from madang.chips.pim.stream import Flag, Stream, empty

FIELDS: dict[str, str] = {
    "WR_SBK": "gmbr",
    "RD_SBK": "gmbr",
    "WR_ABK": "gmr",
    "WR_GB": "ogm",
    "WR_BIAS": "gm",
    "RD_MAC": "gm",
    "RD_AF": "gm",
    "COPY_BKGB": "ombr",
    "COPY_GBBK": "ombr",
    "MAC_SBK": "ombr",
    "MAC_ABK": "omr",
    "AF": "m",
    "EWMUL": "omr",
    "EWADD": "ogg",
    "SYNC": "",
    "EOC": "",
}
COLUMN_OF = {"o": "count", "m": "channels", "b": "bank", "r": "row"}
AF_ROW, AF_CFR = 1 << 29, 2
OPSIZE_MAX, ROW_MAX = 1 << 20, 1 << 14
Row = dict[str, int]


def read_text(path: Path) -> str:
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        raise TraceMalformed(line=0, reason="not text", file=str(path)) from err


def _number(word: str, line: int) -> int:
    try:
        return int(word, 0)
    except ValueError as err:
        raise TraceMalformed(line=line, reason=f"{word} is no number", field=word) from err


def _within(name: str, value: int, most: int, line: int) -> int:
    if not 0 <= value < most:
        raise TraceMalformed(
            line=line, reason=f"{name} {value} is not below {most}", field=name
        )
    return value


def _rows(rows: list[Row]) -> Stream:
    stream = empty(len(rows))
    for k, row in enumerate(rows):
        for name, value in row.items():
            stream[k][name] = value
    return stream


def _words(text: str) -> list[tuple[int, list[str]]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for part in line.partition("#")[0].split(";"):
            if part.strip():
                found.append((number, part.split()))
    return found


def _limits(spec: Spec) -> dict[str, int]:
    return {
        "count": OPSIZE_MAX,
        "bank": spec.integer("banks"),
        "row": spec.integer("rows"),
        "channels": 1 << spec.integer("channels"),
    }


def read_aim(text: str, spec: Spec) -> Stream:
    """Lines up to EOC, which is added when it is missing."""
    limits, rows, registers = _limits(spec), [], {AF_CFR: 0}
    for line, words in _words(text):
        if words[0] == "AiM":
            row = _instruction(words[1:], limits, registers, line)
        elif words[0] in ("W", "R") and len(words) > 1:
            row = _access(words, spec, registers, line)
        else:
            raise TraceMalformed(line=line, reason=f"{words[0]} begins no line of an AiM trace")
        rows.append(row)
        if row["op"] == Isr.EOC:
            break
    if not rows or rows[-1]["op"] != Isr.EOC:
        rows.append({"op": Isr.EOC})
    return _rows(rows)


def _instruction(
    words: list[str], limits: dict[str, int], registers: dict[int, int], line: int
) -> Row:
    name = words[0] if words else ""
    if name not in FIELDS:
        raise TraceMalformed(line=line, reason=f"no instruction {name}", field="name")
    letters, given = FIELDS[name], words[1:]
    if len(given) != len(letters):
        raise TraceMalformed(
            line=line, reason=f"{name} has {len(letters)} fields, not {len(given)}"
        )
    row: Row = {"op": Isr[name]}
    for letter, word in zip(letters, given, strict=True):
        if letter in COLUMN_OF:
            column = COLUMN_OF[letter]
            row[column] = _within(column, _number(word, line), limits[column], line)
    if row.get("channels", 1) == 0:
        raise TraceMalformed(line=line, reason=f"{name} selects no channel", field="channels")
    if name == "AF":
        row["row"] = AF_ROW + registers[AF_CFR]
    return {"op": Isr.HOST} if row.get("count") == 0 else row


def _access(words: list[str], spec: Spec, registers: dict[int, int], line: int) -> Row:
    where, given = words[1], [_number(word, line) for word in words[2:]]
    if where == "MEM" and len(given) == 3:
        channels = spec.integer("channels")
        channel = _within("channel", given[0], channels, line)
        return {
            "op": Isr.WR_SBK if words[0] == "W" else Isr.RD_SBK,
            "channels": 1 << (channels - 1 - channel),
            "bank": _within("bank", given[1], spec.integer("banks"), line),
            "row": _within("row", given[2], spec.integer("rows"), line),
        }
    if where == "CFR" and words[0] == "W" and len(given) == 2:
        registers[given[0]] = _within("value", given[1], ROW_MAX, line)
    elif not (where == "GPR" and len(given) == 1):
        raise TraceMalformed(line=line, reason="MEM channel bank row, GPR id or CFR id value")
    return {"op": Isr.HOST}


def write_aim(stream: Stream) -> str:
    """The lines that `read_aim` reads back to the same stream."""
    lines = []
    for row in stream:
        name = Isr(int(row["op"])).name
        if name == "HOST":
            lines.append("W GPR 0")
            continue
        words = ["AiM", name]
        for letter in FIELDS[name]:
            value = 0 if letter == "g" else int(row[COLUMN_OF[letter]])
            words.append(f"{value:#010x}" if letter == "m" else str(value))
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


def read_requests(text: str, spec: Spec) -> Stream:
    rows: list[Row] = []
    ranks = spec.integer("ranks") if spec.profile == "jedec" else 1
    limits = {
        "bank": spec.integer("banks") * ranks,  # bank 16 r + b of rank r
        "row": spec.integer("rows"),
        "column": spec.integer("columns"),
    }
    for line, words in _words(text):
        if words[0] in ("|", "drain"):
            flag = Flag.FENCE if words[0] == "|" else Flag.DRAIN
            if rows:  # before the first request there is nothing to hold back
                rows[-1]["flags"] |= flag
            continue
        if words[0] not in ("R", "W") or len(words) not in (4, 5):
            raise TraceMalformed(line=line, reason="R or W bank row column [on], | or drain")
        row: Row = {"op": int(words[0] == "W"), "flags": 0}
        for (name, most), word in zip(limits.items(), words[1:4], strict=True):
            row[name] = _within(name, _number(word, line), most, line)
        if words[4:] == ["on"]:
            row["flags"] |= Flag.PIM_ON
        elif words[4:]:
            raise TraceMalformed(
                line=line, reason=f"{words[4]}: only `on` may follow", field="on"
            )
        rows.append(row)
    if not rows:
        raise TraceMalformed(line=0, reason="the trace holds no request")
    return _rows(rows)


def write_requests(stream: Stream) -> str:
    lines = []
    for row in stream:
        words = ["RW"[int(row["op"])], *(str(int(row[f])) for f in ("bank", "row", "column"))]
        lines.append(" ".join([*words, "on"] if row["flags"] & Flag.PIM_ON else words))
        if row["flags"] & Flag.FENCE:
            lines.append("|")
        if row["flags"] & Flag.DRAIN:
            lines.append("drain")
    return "\n".join(lines) + "\n"


READERS: dict[str, Callable[[str, Spec], Stream]] = {
    "aim": read_aim,
    "bank-pair": read_requests,
}
WRITERS: dict[str, Callable[[Stream], str]] = {"aim": write_aim, "bank-pair": write_requests}


def read_trace(path: str | Path, spec: Spec) -> Stream:
    """A trace file in the format of the device's family."""
    reader = READERS.get(spec.family)
    if reader is None:
        raise KernelUnsupported(
            device=spec.name,
            kernel="trace",
            reason="this family has no trace format",
            known=", ".join(READERS),
        )
    return reader(read_text(Path(path)), spec)


def write_trace(stream: Stream, spec: Spec, path: str | Path) -> None:
    Path(path).write_text(WRITERS[spec.family](stream), encoding="utf-8")

"""Where in a TOML file each table and key stands.

`tomllib` reads the values; this only finds lines, so that an error can name one. It walks the
same text once: headers open a table, a key begins a line, a value is skipped with its strings
and brackets. A path is what leads to a value: ("offering", 0, "price", 1, "unit").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Step = str | int
Path = tuple[Step, ...]

_KEY = re.compile(r"""\s*(?:([A-Za-z0-9_-]+)|"([^"]*)"|'([^']*)')\s*""")


@dataclass
class _Walk:
    text: str
    at: int = 0
    line: int = 1
    lines: dict[Path, int] = field(default_factory=dict)
    counts: dict[Path, int] = field(default_factory=dict)

    def move_to(self, end: int) -> None:
        self.line += self.text.count("\n", self.at, end)
        self.at = end


def line_numbers(text: str) -> dict[Path, int]:
    """Lines of all tables and keys of a text that `tomllib` has accepted."""
    walk = _Walk(text)
    table: Path = ()
    while walk.at < len(text):
        character = text[walk.at]
        if character == "#":
            walk.move_to(_end_of_line(text, walk.at))
        elif character.isspace():
            walk.move_to(walk.at + 1)
        elif character == "[":
            table = _header(walk)
        else:
            _key_and_value(walk, table)
    return walk.lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of a path, or of the nearest table or key around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _header(walk: _Walk) -> Path:
    is_array = walk.text.startswith("[[", walk.at)
    start = walk.at + (2 if is_array else 1)
    names, end = _names(walk.text, start)
    path: Path = (*_inside(walk, names[:-1]), names[-1])
    if is_array:
        index = walk.counts.get(path, -1) + 1
        walk.counts[path] = index
        walk.lines.setdefault(path, walk.line)
        path = (*path, index)
    walk.lines[path] = walk.line
    walk.move_to(_end_of_line(walk.text, end))
    return path


def _inside(walk: _Walk, names: list[str]) -> Path:
    """A header's parent: an array of tables on the way means its latest element."""
    path: Path = ()
    for name in names:
        path = (*path, name)
        if path in walk.counts:
            path = (*path, walk.counts[path])
    return path


def _key_and_value(walk: _Walk, table: Path) -> None:
    names, end = _names(walk.text, walk.at)
    for length in range(1, len(names) + 1):
        walk.lines.setdefault((*table, *names[:length]), walk.line)
    walk.move_to(_end_of_value(walk.text, end + 1))


def _names(text: str, start: int) -> tuple[list[str], int]:
    """Dotted names from `start`, and where they end (at `=` or `]`)."""
    names = []
    while match := _KEY.match(text, start):
        names.append(next(group for group in match.groups() if group is not None))
        start = match.end()
        if text[start : start + 1] != ".":
            break
        start += 1
    return names, start


def _end_of_line(text: str, start: int) -> int:
    found = text.find("\n", start)
    return len(text) if found < 0 else found


def _end_of_value(text: str, start: int) -> int:
    """The end of the line on which all strings and brackets of a value are closed again."""
    depth, at = 0, start
    while at < len(text):
        character = text[at]
        if character in "\"'":
            at = _end_of_string(text, at)
            continue
        if character == "#":
            at = _end_of_line(text, at)
            continue
        depth += (character in "[{") - (character in "]}")
        if character == "\n" and depth <= 0:
            return at
        at += 1
    return at


def _end_of_string(text: str, start: int) -> int:
    quote = text[start]
    mark = quote * 3 if text.startswith(quote * 3, start) else quote
    at = start + len(mark)
    while at < len(text) and not text.startswith(mark, at):
        at += 2 if text[at] == "\\" and quote == '"' else 1
    at += len(mark)
    while len(mark) == len('"""') and at < len(text) and text[at] == quote:
        at += 1  # a closing """ may have up to two quotes of the text before it
    return at

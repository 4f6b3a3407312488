"""Large files in the Standard Workload Format, read by a compiled loop.

It reads lines of plain whole numbers, which is what such files hold. Of a file with anything
else in it it says only that: the reader of rows knows what to tell of it, and by which line.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel
from madang.compute.planner.sim.state import F64, I64

FIELDS_LEAST = 11
"""A line has 18; older files leave the last ones out."""
DIGITS_MAX = 15
"""So many are exact as a float64, too."""
OTHER = -1
"""Instead of a count: something else than plain lines was met."""
TAB, NEWLINE, RETURN, SPACE, MINUS, ZERO, SEMICOLON, TILDE = b"\t\n\r -0;~"
BLANKS, LINES, ENDS = (TAB, SPACE), (TAB, RETURN), (TAB, NEWLINE, RETURN, SPACE)
COLUMNS = (-1, 0, 1, 2, 3, -1, -1, 4, 5)
"""By field, its column in the table."""


def plain_rows(text: str) -> F64 | None:
    """(lines, 5): submit, cards, run, limit and wait in seconds, in the file's order, as the
    reader of rows gives them; None where the file holds anything but plain lines."""
    if not text.isascii():
        return None
    table = np.empty((text.count("\n") + 1, 6), np.int64)
    count = _read(np.frombuffer(text.encode("ascii"), np.uint8), table)
    if count == OTHER:
        return None
    submit, wait, run, used, asked, limit = table[:count].T
    cards = np.where(used > 0, used, asked)
    return np.stack([submit, cards, run, np.maximum(limit, 0), wait], axis=1).astype(float)


@kernel
def _read(raw: npt.NDArray[np.uint8], table: I64) -> int:
    """Fields 2, 3, 4, 5, 8 and 9 of each line into a row; how many rows."""
    place, rows = 0, 0
    while place < len(raw):
        if raw[place] == SEMICOLON:
            place, fields = _end_of_comment(raw, place), 0
        else:
            place, fields = _line(raw, place, table[rows])
        if place == OTHER or 0 < fields < FIELDS_LEAST:
            return OTHER
        if fields:
            rows += 1
        place += 1
    return rows


@inline
def _line(raw: npt.NDArray[np.uint8], place: int, row: I64) -> tuple[int, int]:
    """Where the line ends, and how many fields it has."""
    field = 0
    while place < len(raw) and raw[place] != NEWLINE:
        if raw[place] in BLANKS:
            place += 1
        elif raw[place] == RETURN:
            place += 1
            if place < len(raw) and raw[place] != NEWLINE:
                return OTHER, 0
        else:
            start, place = place, _end_of_word(raw, place)
            if place == OTHER:
                return OTHER, 0
            if field < len(COLUMNS) and COLUMNS[field] >= 0:
                is_plain, row[COLUMNS[field]] = _whole(raw, start, place)
                if not is_plain:
                    return OTHER, 0
            field += 1
    return place, field


@inline
def _end_of_comment(raw: npt.NDArray[np.uint8], place: int) -> int:
    """Where its line ends; a lone return or another control would end it, too."""
    while place < len(raw) and raw[place] != NEWLINE:
        byte = raw[place]
        if byte == RETURN and place + 1 < len(raw) and raw[place + 1] != NEWLINE:
            return OTHER
        if byte < SPACE and byte not in LINES:
            return OTHER
        place += 1
    return place


@inline
def _end_of_word(raw: npt.NDArray[np.uint8], place: int) -> int:
    while place < len(raw) and raw[place] > SPACE:
        if raw[place] > TILDE:
            return OTHER
        place += 1
    if place < len(raw) and raw[place] not in ENDS:
        return OTHER
    return place


@inline
def _whole(raw: npt.NDArray[np.uint8], start: int, end: int) -> tuple[bool, int]:
    """A whole number of few digits, perhaps with a minus before it."""
    is_negative = raw[start] == MINUS
    first = start + 1 if is_negative else start
    if end == first or end - first > DIGITS_MAX:
        return False, 0
    value = 0
    for place in range(first, end):
        digit = int(raw[place]) - ZERO
        if digit < 0 or digit > 9:
            return False, 0
        value = 10 * value + digit
    return True, -value if is_negative else value

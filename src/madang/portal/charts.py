"""Pictures drawn by the server from the numbers of a table that is on the same page.

Geometry only: integers in, integer coordinates out. Colours are classes of our style sheet,
words come from the templates, and nothing here rounds an amount: a coordinate is no amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from madang.core.clock import SEOUL
from madang.portal.amounts import won_short

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 96, 24, 16, 36
COLOURS = 6
MARGIN_PART = 8
GRID_LINES = 4
BAR_HEIGHT, BAR_GAP, BAR_SEEN_MIN = 22, 34, 3


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis with its label."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its path, its name, and the number of its colour and dash."""

    path: str
    label: str
    colour: int


@dataclass(frozen=True, slots=True)
class LineChart:
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: tuple[Line, ...]
    area: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A whole and the part of it that is done, on one line."""

    label: str
    y: int
    text_y: int
    whole: int
    part: int


@dataclass(frozen=True, slots=True)
class BarChart:
    width: int
    height: int
    left: int
    bar_height: int
    bars: tuple[Bar, ...]


Point = tuple[datetime, int]


def burn_down(
    points: Sequence[Point], *, total: int, starts_at: datetime, ends_at: datetime,
    labels: tuple[str, str], language: str,
) -> LineChart:  # fmt: skip
    """What is left over time, against the straight line from all to nothing."""
    frame = _Frame(starts_at, ends_at, max(total, 1), language)
    left = frame.steps(points)
    straight = frame.straight([(starts_at, total), (ends_at, 0)])
    lines = (Line(left, labels[0], 1), Line(straight, labels[1], 2))
    return frame.chart(lines, area=frame.area(points))


def step_lines(
    series: Sequence[tuple[str, Sequence[Point]]], *, until: datetime, language: str
) -> LineChart | None:
    """Values that hold until the next one: prices over time. None when there is no point."""
    points = [point for _, line in series for point in line]
    if not points:
        return None
    starts_at = min(at for at, _ in points)
    last = max(at for at, _ in points)
    ends_at = max(until, last + (last - starts_at) / MARGIN_PART, last + timedelta(days=1))
    highest = max(value for _, value in points)
    frame = _Frame(starts_at, ends_at, highest or 1, language)
    lines = [
        Line(frame.steps([*line, (ends_at, line[-1][1])]), label, number % COLOURS + 1)
        for number, (label, line) in enumerate(series)
        if line
    ]
    return frame.chart(tuple(lines))


def part_bars(rows: Sequence[tuple[str, int, int]]) -> BarChart:
    """One bar per row: (label, whole, part), all on the scale of the largest whole."""
    largest = max([whole for _, whole, _ in rows], default=0) or 1
    room = WIDTH - RIGHT
    bars = tuple(
        Bar(
            label=label,
            y=number * (BAR_HEIGHT + BAR_GAP) + BAR_GAP - 8,
            text_y=number * (BAR_HEIGHT + BAR_GAP) + BAR_GAP - 14,
            whole=max(1, whole * room // largest),
            part=max(BAR_SEEN_MIN, part * room // largest) if part else 0,
        )
        for number, (label, whole, part) in enumerate(rows)
    )
    return BarChart(WIDTH, len(rows) * (BAR_HEIGHT + BAR_GAP) + 16, 0, BAR_HEIGHT, bars)


class _Frame:
    """The scale between instants and amounts, and coordinates."""

    def __init__(
        self, starts_at: datetime, ends_at: datetime, top_value: int, language: str
    ) -> None:
        self._starts_at = starts_at
        self._span_us = max(1, (ends_at - starts_at) // timedelta(microseconds=1))
        self._top_value = top_value
        self._language = language
        self._ends_at = ends_at

    def x(self, at: datetime) -> int:
        passed_us = (at - self._starts_at) // timedelta(microseconds=1)
        inside_us = min(max(passed_us, 0), self._span_us)
        return LEFT + inside_us * (WIDTH - LEFT - RIGHT) // self._span_us

    def y(self, value: int) -> int:
        room = HEIGHT - TOP - BOTTOM
        return HEIGHT - BOTTOM - min(max(value, 0), self._top_value) * room // self._top_value

    def straight(self, points: Sequence[Point]) -> str:
        return "M" + "L".join(f"{self.x(at)} {self.y(value)}" for at, value in points)

    def steps(self, points: Sequence[Point]) -> str:
        """A value holds until the next point."""
        if not points:
            return ""
        first_at, first = points[0]
        path = [f"M{self.x(first_at)} {self.y(first)}"]
        path += [f"H{self.x(at)}V{self.y(value)}" for at, value in points[1:]]
        return "".join(path)

    def area(self, points: Sequence[Point]) -> str:
        if not points:
            return ""
        floor = HEIGHT - BOTTOM
        return f"{self.steps(points)}V{floor}H{self.x(points[0][0])}Z"

    def chart(self, lines: tuple[Line, ...], area: str = "") -> LineChart:
        return LineChart(
            WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, lines, area,
            self._x_ticks(), self._y_ticks(),
        )  # fmt: skip

    def _x_ticks(self) -> tuple[Tick, ...]:
        step = timedelta(microseconds=self._span_us // GRID_LINES)
        instants = [self._starts_at + step * number for number in range(GRID_LINES + 1)]
        return tuple(
            Tick(self.x(at), at.astimezone(SEOUL).strftime("%Y-%m-%d")) for at in instants
        )

    def _y_ticks(self) -> tuple[Tick, ...]:
        values = [self._top_value * number // GRID_LINES for number in range(GRID_LINES + 1)]
        return tuple(Tick(self.y(value), won_short(value, self._language)) for value in values)

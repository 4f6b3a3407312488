"""Pictures of a site's use: geometry in whole numbers, from the rows of a table on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from madang.compute.sites.figures import HeatCell
from madang.compute.sites.reality import DayOfUse
from madang.portal.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, LineChart, Tick

CELL, HEAT_LEFT, HEAT_TOP = 34, 64, 24
SHADES = ((0, "0 %"), (1, "1–25 %"), (2, "26–50 %"), (3, "51–75 %"), (4, "76–100 %"))
X_TICKS, Y_TICKS = 4, 4
TENTHS = 10
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Square:
    """One hour in the picture; `step` from 0 to 4 is its shade, `percent` its number."""

    x: int
    y: int
    step: int
    percent: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    width: int
    height: int
    squares: tuple[Square, ...]
    days: tuple[tuple[int, str], ...]
    hours: tuple[tuple[int, int], ...]
    shades: tuple[tuple[int, str], ...] = SHADES


def heat(rows: Sequence[tuple[str, Sequence[HeatCell]]]) -> HeatMap:
    """A square for each hour that has come."""
    squares = [
        Square(HEAT_LEFT + CELL * hour, HEAT_TOP + CELL * day, _step(cell.percent),
               cell.percent)
        for day, (_, cells) in enumerate(rows)
        for hour, cell in enumerate(cells)
        if cell.percent is not None
    ]  # fmt: skip
    days = [(HEAT_TOP + CELL * day + CELL // 2, name) for day, (name, _) in enumerate(rows)]
    hours = [(HEAT_LEFT + CELL * hour, hour) for hour in range(0, 24, 3)]
    width, height = HEAT_LEFT + CELL * 24, HEAT_TOP + CELL * len(rows)
    return HeatMap(width, height, tuple(squares), tuple(days), tuple(hours))


def _step(percent: int) -> int:
    return 0 if percent == 0 else min(4, 1 + percent * 4 // 101)


def plan_against_use(days: Sequence[DayOfUse], labels: tuple[str, str]) -> LineChart:
    """Busy cards by day as an area, under the cards that the plan opens."""
    planned = [TENTHS * one.planned for one in days]
    busy = [one.busy_tenths for one in days if one.busy_tenths is not None]
    top = -(-max([*planned, *busy, TENTHS]) // (TENTHS * Y_TICKS)) * TENTHS * Y_TICKS
    frame = _Frame(len(days), top)
    lines = (
        Line(frame.steps(busy), labels[0], 1),
        Line(frame.steps(planned), labels[1], 2),
    )
    area = f"{frame.steps(busy)}V{HEIGHT - BOTTOM}H{LEFT}Z" if busy else ""
    return LineChart(
        WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, lines, area,
        frame.x_ticks(days), frame.y_ticks(),
    )  # fmt: skip


class _Frame:
    def __init__(self, days: int, top: int) -> None:
        self._days, self._top = days, top

    def x(self, day: int) -> int:
        return LEFT + day * (WIDTH - LEFT - RIGHT) // self._days

    def y(self, tenths: int) -> int:
        return HEIGHT - BOTTOM - tenths * (HEIGHT - TOP - BOTTOM) // self._top

    def steps(self, values: Sequence[int]) -> str:
        """A value holds for its whole day."""
        if not values:
            return ""
        path = [f"M{self.x(0)} {self.y(values[0])}"]
        path += [f"V{self.y(value)}H{self.x(day + 1)}" for day, value in enumerate(values)]
        return "".join(path)

    def x_ticks(self, days: Sequence[DayOfUse]) -> tuple[Tick, ...]:
        places = sorted({n * (len(days) - 1) // X_TICKS for n in range(X_TICKS + 1)})
        return tuple(Tick(self.x(n), days[n].day.isoformat()) for n in places)

    def y_ticks(self) -> tuple[Tick, ...]:
        values = [self._top * n // Y_TICKS for n in range(Y_TICKS + 1)]
        return tuple(Tick(self.y(value), f"{value // TENTHS:,}") for value in values)

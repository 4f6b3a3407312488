"""Two pictures of a plan as SVG text: use over time, and waits by class. Nothing random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

import numpy as np

from madang.compute.planner.model import DAY_S
from madang.compute.planner.plan import Forecast
from madang.compute.planner.sim.run import Outcome
from madang.compute.planner.sim.state import F64, I64

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 64, 24, 48, 60
STEPS = 5
TIDY = (1, 2, 3, 4, 5, 6, 8, 10)
"""What a step of an axis may be, times a power of ten."""
TICKS = 6
LETTER = 6.6
BLUE, ORANGE, INK, FAINT = "#256ef4", "#d64a00", "#1e2124", "#cdd1d5"


class Canvas:
    """A frame with axes and a legend; values go in, pixels stay inside."""

    def __init__(self, title: str, x_max: float, y_max: float) -> None:
        self.title, self.x_max, self.y_max = title, max(x_max, 1e-9), tidy_top(y_max)
        self.marks: list[str] = []
        self.legend_x = LEFT
        self.text(LEFT, 20, title, size=14)

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.x_max

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.y_max

    def text(
        self, x: float, y: float, words: str, anchor: str = "start", size: int = 11
    ) -> None:
        where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
        self.marks.append(f'<text {where} fill="{INK}">{escape(words)}</text>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, dash: str = "") -> None:
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.marks.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" '
            f'stroke-width="1.5"{dashed}/>'
        )

    def bar(self, x: float, width: float, top: float, colour: str, tip: str) -> None:
        left, high = self.x(x), self.y(top)
        size = f'width="{self.x(width) - LEFT:.1f}" height="{self.y(0) - high:.1f}"'
        self.marks.append(
            f'<rect x="{left:.1f}" y="{high:.1f}" {size} fill="{colour}">'
            f"<title>{escape(tip)}</title></rect>"
        )

    def grid(self, unit: str) -> None:
        for step in range(STEPS + 1):
            value = self.y_max * step / STEPS
            self.line([(0, value), (self.x_max, value)], FAINT)
            self.text(LEFT - 6, self.y(value) + 4, f"{value:,.10g}", "end")
        self.text(LEFT, TOP - 8, unit)

    def tick(self, value: float, words: str) -> None:
        """A name under the axis, kept inside the picture."""
        half = LETTER * len(words) / 2
        middle = min(max(self.x(value), half), WIDTH - half)
        self.text(middle, HEIGHT - BOTTOM + 16, words, "middle")

    def entry(self, words: str, colour: str, dash: str = "") -> None:
        """One line of the legend, below the axis."""
        y = HEIGHT - 12
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.marks.append(
            f'<line x1="{self.legend_x}" y1="{y - 4}" x2="{self.legend_x + 22}" y2="{y - 4}" '
            f'stroke="{colour}" stroke-width="3"{dashed}/>'
        )
        self.text(self.legend_x + 28, y, words)
        self.legend_x += 28 + 12 * len(words) + 16

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'role="img" font-family="sans-serif"><title>{escape(self.title)}</title>'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
            + "".join(self.marks)
            + "</svg>\n"
        )


def tidy_top(value: float) -> float:
    """The least top of an axis that is not below a value and whose steps are round."""
    if value <= 0:
        return 1.0
    step = value / STEPS
    scale = 10.0 ** math.floor(math.log10(step))
    tidy = next((one for one in TIDY if one * scale >= step * (1 - 1e-9)), TIDY[-1])
    return round(tidy * scale * STEPS, 9)


def cards_busy(found: Outcome, cards: F64, days: int) -> F64:
    """Cards in use on each day, on average, from the attempts of one run."""
    edges = np.arange(days + 1, dtype=np.int64) * DAY_S
    weight = cards[found.attempt_job]
    begun = _worked_by(found.attempt_start_s, weight, edges)
    ended = _worked_by(found.attempt_end_s, weight, edges)
    return np.diff(begun - ended) / DAY_S


def _worked_by(times_s: I64, weight: F64, edges: I64) -> F64:
    """Card-seconds by each edge if every attempt that has begun went on."""
    order = np.argsort(times_s, kind="stable")
    at = np.searchsorted(times_s[order], edges, side="right")
    summed = np.concatenate([[0.0], np.cumsum(weight[order])])
    moments = np.concatenate([[0.0], np.cumsum(weight[order] * times_s[order])])
    return summed[at] * edges - moments[at]


def busy_by_day(found: Forecast, days: int) -> F64:
    """Cards in use on each day of the first draw, on average."""
    return cards_busy(found.draws[0].outcome, np.asarray(found.charged, dtype=float), days)


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of a picture: its name, the unit of the axis, and its legend."""

    title: str
    unit: str
    values: str
    beside: str


def use_over_time(labels: Labels, found: Forecast, first: date, days: int) -> str:
    """Busy cards by day of the first draw, under the cards that are open."""
    busy = busy_by_day(found, days)
    canvas = Canvas(labels.title, days, max(float(busy.max(initial=1)), found.site.cards))
    canvas.grid(labels.unit)
    steps = [(day + edge, float(value)) for day, value in enumerate(busy) for edge in (0, 1)]
    canvas.line(steps, BLUE)
    canvas.line([(0, found.site.cards), (days, found.site.cards)], ORANGE, "5 3")
    for day in range(0, days, -(-days // TICKS)):
        canvas.tick(day, (first + timedelta(days=day)).isoformat())
    canvas.entry(labels.values, BLUE)
    canvas.entry(labels.beside, ORANGE, "5 3")
    return canvas.svg()


def waits(labels: Labels, found: Forecast) -> str:
    """P95 wait of each size class: the middle as a bar, 80 % of the draws as a line."""
    top = max([one.p95_h.high for one in found.waits] + [1.0])
    canvas = Canvas(labels.title, len(found.waits), top)
    canvas.grid(labels.unit)
    for at, one in enumerate(found.waits):
        tip = f"{one.name}: {one.p95_h.low:.2f} - {one.p95_h.middle:.2f} - {one.p95_h.high:.2f}"
        canvas.bar(at + 0.25, 0.5, one.p95_h.middle, BLUE, tip)
        canvas.line([(at + 0.5, one.p95_h.low), (at + 0.5, one.p95_h.high)], INK)
        canvas.tick(at + 0.5, one.name)
    canvas.entry(labels.values, BLUE)
    canvas.entry(labels.beside, INK)
    return canvas.svg()

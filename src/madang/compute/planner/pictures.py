"""Two pictures of a plan as SVG text: use over time, and waits by class. Nothing random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from madang.compute.planner.model import DAY_S
from madang.compute.planner.plan import Forecast
from madang.compute.planner.sim.run import Outcome
from madang.compute.planner.sim.state import F64, I64

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 300, 64, 16, 36, 44
BLUE, ORANGE, INK, FAINT = "#256ef4", "#d64a00", "#1e2124", "#cdd1d5"


class Canvas:
    """A frame with axes; values go in, pixels stay inside."""

    def __init__(self, title: str, x_max: float, y_max: float) -> None:
        self.title, self.x_max, self.y_max = title, max(x_max, 1e-9), max(y_max, 1e-9)
        self.marks: list[str] = []
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
        for step in range(6):
            value = self.y_max * step / 5
            self.line([(0, value), (self.x_max, value)], FAINT)
            self.text(LEFT - 6, self.y(value) + 4, f"{value:,.4g}", "end")
        self.text(LEFT, TOP - 4, unit)

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'role="img" font-family="sans-serif"><title>{escape(self.title)}</title>'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
            + "".join(self.marks)
            + "</svg>\n"
        )


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


def use_over_time(title: str, found: Forecast, cards: F64, days: int, unit: str) -> str:
    """Busy cards by day of the first draw, under the cards that are open."""
    busy = cards_busy(found.draws[0].outcome, cards, days)
    canvas = Canvas(title, days, max(float(busy.max(initial=1)), found.site.cards) * 1.05)
    canvas.grid(unit)
    steps = [(day + edge, float(value)) for day, value in enumerate(busy) for edge in (0, 1)]
    canvas.line(steps, BLUE)
    canvas.line([(0, found.site.cards), (days, found.site.cards)], ORANGE, "5 3")
    for day in range(0, days + 1, max(days // 6, 1)):
        canvas.text(canvas.x(day), HEIGHT - BOTTOM + 16, str(day), "middle")
    return canvas.svg()


def waits(title: str, found: Forecast, unit: str) -> str:
    """P95 wait of each size class: the middle as a bar, 80 % of the draws as a line."""
    top = max([one.p95_h.high for one in found.waits] + [1.0])
    canvas = Canvas(title, len(found.waits), math.ceil(top))
    canvas.grid(unit)
    for at, one in enumerate(found.waits):
        tip = f"{one.name}: {one.p95_h.low:.2f} - {one.p95_h.middle:.2f} - {one.p95_h.high:.2f}"
        canvas.bar(at + 0.25, 0.5, one.p95_h.middle, BLUE, tip)
        canvas.line([(at + 0.5, one.p95_h.low), (at + 0.5, one.p95_h.high)], INK)
        canvas.text(canvas.x(at + 0.5), HEIGHT - BOTTOM + 16, one.name, "middle")
    return canvas.svg()

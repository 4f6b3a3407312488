"""A few marks on a canvas: enough for bars, points and axes, and nothing random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 40, 56
COLOURS = (
    "#256ef4",
    "#d64a00",
    "#2b8a3e",
    "#8a3ffc",
    "#6d7882",
    "#b58900",
    "#c92a6b",
    "#0b7285",
)
INK, FAINT = "#1e2124", "#cdd1d5"


@dataclass(frozen=True, slots=True)
class Picture:
    """SVG text that a notebook shows by itself."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(slots=True)
class Canvas:
    title: str
    height: int = HEIGHT
    marks: list[str] = field(default_factory=list)

    def rectangle(
        self, x: float, y: float, width: float, height: float, colour: str, tip: str
    ) -> None:
        tip = f"<title>{escape(tip)}</title>"
        size = f'width="{max(width, 0.4):.2f}" height="{height:.2f}"'
        self.marks.append(f'<rect x="{x:.2f}" y="{y:.2f}" {size} fill="{colour}">{tip}</rect>')

    def line(
        self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False
    ) -> None:
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        look = f'fill="none" stroke="{colour}" stroke-width="1.5"'
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.marks.append(f'<polyline points="{path}" {look}{dash}/>')

    def dot(self, x: float, y: float, colour: str, tip: str, radius: float = 4) -> None:
        tip = f"<title>{escape(tip)}</title>"
        self.marks.append(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:g}" fill="{colour}">{tip}</circle>'
        )

    def text(
        self, x: float, y: float, words: str, anchor: str = "start", size: int = 12
    ) -> None:
        where = f'x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" font-size="{size}"'
        self.marks.append(f'<text {where} fill="{INK}">{escape(words)}</text>')

    def picture(self) -> Picture:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            f'role="img" font-family="sans-serif"><title>{escape(self.title)}</title>'
            f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>'
        )
        self.text(LEFT, 22, self.title, size=14)
        return Picture(head + "".join(self.marks) + "</svg>\n")


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from values to pixels, linear or logarithmic."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        low, high, v = self.low, self.high, value
        if self.logarithmic:
            low, high, v = (math.log10(max(one, 1e-300)) for one in (low, high, value))
        share = (v - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**k for k in range(first, last + 1)]
        return [self.low + (self.high - self.low) * k / 5 for k in range(6)]


def frame(canvas: Canvas, x: Axis, y: Axis, labels: tuple[str, str]) -> None:
    """Axes with ticks and their units."""
    for value in x.ticks():
        at = x.at(value)
        canvas.line([(at, y.start), (at, y.end)], FAINT)
        canvas.text(at, y.start + 16, f"{value:.4g}", "middle", 11)
    for value in y.ticks():
        at = y.at(value)
        canvas.line([(x.start, at), (x.end, at)], FAINT)
        canvas.text(x.start - 6, at + 4, f"{value:.4g}", "end", 11)
    canvas.line([(x.start, y.end), (x.start, y.start), (x.end, y.start)], INK)
    canvas.text((x.start + x.end) / 2, y.start + 38, labels[0], "middle")
    canvas.text(x.start, y.end - 6, labels[1])


def plot_area(
    x: tuple[float, float], y: tuple[float, float], *, logarithmic: bool
) -> tuple[Axis, Axis]:
    return (
        Axis(*x, LEFT, WIDTH - RIGHT, logarithmic),
        Axis(*y, HEIGHT - BOTTOM, TOP + 10, logarithmic),
    )

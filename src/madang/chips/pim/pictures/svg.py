"""A few marks on a canvas: enough for bars, points and axes, and nothing random.

Colours are those of Okabe and Ito, which people with any colour vision tell apart; ink, ground
and grid follow the reader's light or dark scheme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 40, 56
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8c6bb1",
    "#7f8a93",
)
GREY = "#7f8a93"
INK, FAINT, GROUND = "#1e2124", "#d5d9dd", "#ffffff"
STYLE = (
    "<style>@media (prefers-color-scheme: dark){"
    ".madang .ink{fill:#e8eaed}.madang .ground{fill:#16181d}"
    ".madang .halo{stroke:#16181d}.madang .faint{stroke:#3a4047}"
    ".madang .axis{stroke:#e8eaed}}</style>"
)
LETTER_PX = 0.56  # width of an average letter, in font sizes


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """SVG text that a notebook shows by itself."""

    svg: str

    def __repr__(self) -> str:
        return f"<Picture: {len(self.svg):,} characters of SVG>"

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(slots=True)
class Canvas:
    title: str
    height: float = HEIGHT
    marks: list[str] = field(default_factory=list)

    def rectangle(
        self, x: float, y: float, width: float, height: float, colour: str, tip: str
    ) -> None:
        tip = f"<title>{escape(tip)}</title>"
        size = f'width="{max(width, 0.4):.2f}" height="{height:.2f}"'
        self.marks.append(f'<rect x="{x:.2f}" y="{y:.2f}" {size} fill="{colour}">{tip}</rect>')

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        *,
        dashed: bool = False,
        width: float = 1.5,
    ) -> None:
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        role = {INK: ' class="axis"', FAINT: ' class="faint"'}.get(colour, "")
        look = f'fill="none" stroke="{colour}" stroke-width="{width:g}"{role}'
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        self.marks.append(f'<polyline points="{path}" {look}{dash}/>')

    def dot(
        self,
        x: float,
        y: float,
        colour: str,
        tip: str,
        radius: float = 4,
        *,
        square: bool = False,
    ) -> None:
        tip = f"<title>{escape(tip)}</title>"
        if square:
            side = 2 * radius
            place = (
                f'x="{x - radius:.2f}" y="{y - radius:.2f}" width="{side:g}" height="{side:g}"'
            )
            self.marks.append(f'<rect {place} fill="{colour}">{tip}</rect>')
            return
        self.marks.append(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:g}" fill="{colour}">{tip}</circle>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        anchor: str = "start",
        size: int = 12,
        colour: str = INK,
        *,
        halo: bool = False,
    ) -> None:
        """`halo`: on a rim of the ground, where lines pass behind.

        The rim is a text of its own: not every program that shows SVG knows `paint-order`.
        """
        where = f'x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" font-size="{size}"'
        colours = f'fill="{GROUND}" stroke="{GROUND}" stroke-width="4"'
        drawn = [f'{colours} class="ground halo" aria-hidden="true"'] if halo else []
        drawn.append(f'fill="{colour}"' + (' class="ink"' if colour == INK else ""))
        self.marks += [f"<text {where} {look}>{escape(words)}</text>" for look in drawn]

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str]], wide: int) -> None:
        """Colour and words, `wide` a column, in lines of 18."""
        columns = max(1, int((WIDTH - RIGHT - x) // wide))
        for k, (colour, words) in enumerate(entries):
            left, top = x + wide * (k % columns), y + 18 * (k // columns)
            self.rectangle(left, top, 10, 10, colour, words)
            self.text(left + 16, top + 9, words, size=11)

    def picture(self) -> Picture:
        """Drawn on a ground of its own, so that no page's colour swallows the ink."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="madang" '
            f'viewBox="0 0 {WIDTH} {self.height:g}" width="{WIDTH}" height="{self.height:g}" '
            f'role="img" font-family="sans-serif">'
            f"<title>{escape(self.title)}</title>{STYLE}"
            f'<rect class="ground" width="{WIDTH}" height="{self.height:g}" fill="{GROUND}"/>'
        )
        self.text(LEFT, 22, self.title, size=14)
        return Picture(head + "".join(self.marks) + "</svg>\n")


def width_px(words: str, size: int = 11) -> float:
    """About how wide words are drawn."""
    return LETTER_PX * size * len(words)


def number(value: float) -> str:
    """Short, without an exponent between a thousandth and a billion."""
    if value and not 1e-3 <= abs(value) < 1e9:
        return f"{value:.3g}"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


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
        """Decades, or round numbers: steps of 1, 2 or 5 times a power of ten."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**k for k in range(first, last + 1)]
        rough = (self.high - self.low) / 5 or 1.0
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [k * step for k in range(first, last + 1)]


def frame(canvas: Canvas, x: Axis, y: Axis, labels: tuple[str, str]) -> None:
    """Axes with ticks and their units."""
    for value in x.ticks():
        at = x.at(value)
        canvas.line([(at, y.start), (at, y.end)], FAINT, width=1)
        canvas.text(at, y.start + 16, number(value), "middle", 11)
    for value in y.ticks():
        at = y.at(value)
        canvas.line([(x.start, at), (x.end, at)], FAINT, width=1)
        canvas.text(x.start - 6, at + 4, number(value), "end", 11)
    canvas.line([(x.start, y.end), (x.start, y.start), (x.end, y.start)], INK)
    canvas.text((x.start + x.end) / 2, y.start + 38, labels[0], "middle")
    canvas.text(x.start, y.end - 8, labels[1])


def plot_area(
    x: tuple[float, float], y: tuple[float, float], *, logarithmic: bool
) -> tuple[Axis, Axis]:
    return (
        Axis(*x, LEFT, WIDTH - RIGHT - 10, logarithmic),
        Axis(*y, HEIGHT - BOTTOM, TOP + 16, logarithmic),
    )

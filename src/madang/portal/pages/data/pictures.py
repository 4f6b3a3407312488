"""The plan as pictures: target, promised and delivered side by side, one panel a half-year.

Integers in, integers out, as in `portal.charts`. All panels of fields share one scale, so that
their bars can be compared; a panel is as wide as a phone and stands beside the next on a desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from madang.datahub.plan.queries import Standing

WIDTH, LEFT, RIGHT, TOP = 360, 116, 44, 6
BAR, STEP, GAP = 10, 13, 10
SEEN_MIN = 2
Label = str | Promise


@dataclass(frozen=True, slots=True)
class Bar:
    """One number; `kind` names its colour: target, promised, delivered, published."""

    kind: str
    y: int
    width: int
    number: int
    text_x: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one field, or of one half-year."""

    label: Label
    text_y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    title: Label
    width: int
    height: int
    left: int
    bar: int
    groups: tuple[Group, ...]


def scale_of(rows: Sequence[Standing]) -> int:
    """The largest number that any bar of these rows shows."""
    return max([max(n for _, n in numbers(row)) for row in rows], default=0) or 1


def numbers(row: Standing) -> list[tuple[str, int]]:
    """What is drawn of a standing. What a source says has a colour of its own: it is no count
    of ours, and a half-year that is told by a source alone had no contracts here."""
    drawn = [("target", row.target)]
    if row.published is None or row.contracted or row.delivered or row.opened:
        drawn += [("promised", row.contracted), ("delivered", max(row.delivered, row.opened))]
    if row.published is not None:
        drawn.append(("published", row.published))
    return drawn


def panel(title: Label, rows: Sequence[tuple[Label, Standing]], scale: int) -> Panel:
    """One group of bars a standing, in the order in which they come."""
    return bars_panel(title, [(label, numbers(row)) for label, row in rows], scale)


def bars_panel(
    title: Label, rows: Sequence[tuple[Label, Sequence[tuple[str, int]]]], scale: int
) -> Panel:
    """One group of bars a row: a label, and a number for each kind."""
    groups, y = [], TOP
    for label, shown in rows:
        bars = tuple(_bar(kind, n, y + at * STEP, scale) for at, (kind, n) in enumerate(shown))
        groups.append(Group(label, y + STEP * len(shown) // 2 + 3, bars))
        y += STEP * len(shown) + GAP
    return Panel(title, WIDTH, y, LEFT, BAR, tuple(groups))


def _bar(kind: str, number: int, y: int, scale: int) -> Bar:
    room = WIDTH - LEFT - RIGHT
    width = max(SEEN_MIN, number * room // scale) if number else 0
    return Bar(kind, y, width, number, LEFT + width + 5, y + BAR - 1)

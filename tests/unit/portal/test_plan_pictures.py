"""Bars of the plan: what is drawn, in which colour, on which scale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from madang.datahub.plan.queries import Standing
from madang.portal.pages.data.pictures import LEFT, RIGHT, WIDTH, numbers, panel, scale_of

ROW = Standing("vision", "2026H1", 40, None, "", 10, 4, 2, 1)
TOLD = replace(ROW, contracted=0, delivered=0, opened=0, published=39)


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (ROW, ["target", "promised", "delivered"]),
        (TOLD, ["target", "published"]),
        (replace(ROW, published=5), ["target", "promised", "delivered", "published"]),
        (replace(TOLD, published=None), ["target", "promised", "delivered"]),
    ],
)
def test_a_sources_number_never_takes_the_place_of_a_counted_one(row, kinds):
    assert [kind for kind, _ in numbers(row)] == kinds


def test_the_largest_number_fills_the_room_and_none_draws_nothing():
    drawn = panel("x", [("a", ROW), ("b", replace(ROW, contracted=0))], scale_of([ROW]))
    widths = [bar.width for group in drawn.groups for bar in group.bars]
    room = WIDTH - LEFT - RIGHT
    assert widths == [room, room // 4, room // 10, room, 0, room // 10]


def test_groups_do_not_overlap_and_lie_inside_the_panel():
    drawn = panel("x", [("a", ROW), ("b", TOLD), ("c", ROW)], 1)
    tops = [bar.y for group in drawn.groups for bar in group.bars]
    assert tops == sorted(set(tops))
    assert tops[-1] + drawn.bar < drawn.height

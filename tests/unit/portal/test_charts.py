"""Pictures: coordinates follow the numbers, and stay inside the frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madang.portal import charts

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=100)


def _burn(points, total=1_000):
    return charts.burn_down(
        points, total=total, starts_at=START, ends_at=END, labels=("a", "b"), language="ko"
    )


def test_a_burn_down_begins_at_the_top_left_and_falls_in_steps():
    chart = _burn([(START, 1_000), (START + timedelta(days=50), 500)])
    assert chart.lines[0].path == f"M{charts.LEFT} {charts.TOP}H516V140"
    assert chart.lines[1].path == f"M{charts.LEFT} {charts.TOP}L936 264"


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(
    st.lists(st.tuples(st.integers(-10, 200), st.integers(-5, 10**30)), min_size=1),
    st.integers(0, 10**30),
)
def test_no_point_leaves_the_frame(offsets, total):
    chart = _burn([(START + timedelta(days=d), v) for d, v in offsets], total=total)
    numbers = chart.lines[0].path.replace("M", " ").replace("H", " ").replace("V", " ").split()
    assert all(0 <= int(number) <= charts.WIDTH for number in numbers)
    assert [tick.at for tick in chart.y_ticks] == sorted(
        (tick.at for tick in chart.y_ticks), reverse=True
    )


def test_a_price_holds_until_the_next_one_and_the_last_one_to_the_end():
    chart = charts.step_lines(
        [("in", [(START, 1_400), (START + timedelta(days=10), 2_800)])],
        until=START + timedelta(days=20),
        language="en",
    )
    assert chart is not None
    assert chart.lines[0].path == "M96 140H516V16H936V16"


def test_there_is_no_chart_without_a_point():
    assert charts.step_lines([("in", [])], until=END, language="ko") is None


def test_bars_share_the_scale_of_the_largest_whole():
    chart = charts.part_bars([("a", 200, 100), ("b", 100, 0)])
    first, second = chart.bars
    assert first.whole == 2 * second.whole == charts.WIDTH - charts.RIGHT
    assert (first.part, second.part) == (second.whole, 0)

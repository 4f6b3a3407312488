"""Forecasts against what came: intervals that hold, tables that are read, misses that show."""

from __future__ import annotations

import json

import pytest

from madang.compute.planner import coverage
from madang.compute.planner.afterwards import Actual, actual_in, compare, period_of
from madang.compute.planner.errors import TableMalformed
from madang.compute.planner.plan import interval, waits_between
from madang.compute.planner.published import line, round_lines

BAND = {"low": 0.1, "middle": 0.2, "high": 0.5}
PLAN = {
    "card_hours_asked": 100.0,
    "at_declared": {"unspent": BAND, "p95_wait_h": {"low": 0, "middle": 1, "high": 2}},
}
SACCT = "JobIDRaw|Submit|Start|End|AllocTRES\n"


@pytest.fixture
def files(tmp_path):
    forecast, actual = tmp_path / "plan.json", tmp_path / "actual.csv"
    forecast.write_text(json.dumps(PLAN), encoding="utf-8")

    def wrote(text: str):
        actual.write_text(text, encoding="utf-8")
        return forecast, actual

    return wrote


def test_ledger_export_adds_reversals(files):
    text = "grant,gpu_seconds\ng1,300000\ng1,-36000\ng2,3600\n"
    forecast, actual = files(text)
    (found,) = compare(forecast, actual_in(actual))
    assert (found.low, found.middle, found.high) == (50, 80, 90)
    assert found.actual == pytest.approx(267_600 / 3600)
    assert found.inside


def test_job_table_tells_hours_and_waits_and_a_miss_is_a_miss(files):
    forecast, actual = files(SACCT + "1|0|10800|21600|gres/gpu=4\n")
    used, wait = compare(forecast, actual_in(actual))
    assert (used.actual, used.inside) == (12, False)
    assert (wait.actual, wait.inside, wait.error_percent) == (3, False, pytest.approx(200))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("grant,gpu_seconds\ng1,many\n", "gpu_seconds"),
        ("grant,gpu_seconds\ng1,--5\n", "gpu_seconds"),
        ("grant,gpu_seconds\ng1,\u00b2\n", "gpu_seconds"),
        ("grant,gpu_seconds\ng1," + "9" * 5_000 + "\n", "gpu_seconds"),
        ("a,b\n1,2\n", ""),
    ],
)
def test_bad_actual_tables_are_refused(files, text, field):
    _, actual = files(text)
    with pytest.raises(TableMalformed) as refused:
        actual_in(actual)
    assert refused.value.fields["field"] == field


def test_a_ledger_export_may_quote_its_columns(files):
    _, actual = files('"grant","gpu_seconds"\n"g1","5"\n')
    assert actual_in(actual).card_s == 5


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"card_hours_asked": "many"}, "card_hours_asked"),
        ({"card_hours_asked": None}, "card_hours_asked"),
        ({"card_hours_asked": float("nan")}, "card_hours_asked"),
        ({"at_declared": {"unspent": {"low": 0.1}}}, "at_declared.unspent.middle"),
        ({"at_declared": {"unspent": BAND | {"high": []}}}, "at_declared.unspent.high"),
    ],
)
def test_a_plan_whose_figures_are_none_is_refused_with_their_field(files, changed, field):
    forecast, _ = files("")
    forecast.write_text(json.dumps(PLAN | changed), encoding="utf-8")
    with pytest.raises(TableMalformed) as refused:
        compare(forecast, Actual(1))
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "{", '{"card_hours_asked": 1}', "[" * 100_000, "1" * 5_000]
)
def test_something_that_is_no_plan_is_refused(files, text):
    forecast, _ = files("grant,gpu_seconds\ng1,1\n")
    forecast.write_text(text, encoding="utf-8")
    with pytest.raises(TableMalformed):
        compare(forecast, Actual(1))


def test_a_plan_names_its_days_and_one_without_them_is_refused(files):
    forecast, _ = files("")
    with pytest.raises(TableMalformed):
        period_of(forecast)
    days = {"from": "2026-03-01", "until": "2026-06-30"}
    forecast.write_text(json.dumps({**PLAN, **days}), encoding="utf-8")
    assert [one.isoformat() for one in period_of(forecast)] == list(days.values())


def test_a_miss_of_a_published_figure_shows():
    assert not line("g", "n", "f", ours=110.0, theirs=100.0, allowed_percent=9).held
    assert all(one.held for one in round_lines())


def test_intervals_of_waits_hold_for_every_size_on_clusters_they_never_saw():
    found = {one.figure: one for one in coverage.coverage(seeds=20)}
    assert found["mean"].checks == found["p95"].checks == 80
    assert set(found) == {"mean", "p95", "p95 1", "p95 2-4", "p95 5+"}
    assert [one.figure for one in found.values() if not one.held] == []


def test_a_trial_is_the_same_for_the_same_seed():
    assert coverage.trial(3, 5) == coverage.trial(3, 5)
    assert coverage.trial(3, 5) != coverage.trial(3, 6)


def test_strain_counts_interval_halves():
    def check(truth):
        return coverage.Check(1, 1, "mean", 1.0, 2.0, 4.0, truth)

    assert [check(t).strain for t in (1.0, 2.0, 3.0, 6.0)] == [1.0, 0.0, 0.5, 2.0]


def test_waits_are_stretched_beyond_their_draws_and_never_below_zero():
    hours = [0.0, 0.5, 1.0, 2.0, 8.0]
    wide, narrow = waits_between(hours), interval(hours)
    assert 0 <= wide.low <= narrow.low
    assert wide.middle == pytest.approx(narrow.middle)
    assert wide.high > narrow.high


def test_draws_that_agree_do_not_make_a_wait_certain():
    found = waits_between([100.0] * 10)
    assert found.low < 100 < found.high
    assert waits_between([0.0] * 10).low == 0

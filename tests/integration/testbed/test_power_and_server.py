"""Scenario Server, and figures per joule: only from readings that cover every repetition."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from testbed_bench import KEY, verified

from madang.testbed.harness.verifying import verify

SHORT = 'profile = "quick"\nmin_duration_s = 0.05\nquery_s_max = 20.0'
SERVER = 'name = "Server"\nexpected_qps = 2000\nlatency_ms = {}'
METER = 'class = "wall"\ninstrument = "a meter"\nreadings = "watts.csv"'
WATTS = 40.0


def test_a_server_is_judged_by_its_late_answers_and_by_its_own_rate(tmp_path):
    (tmp_path / "late").mkdir()
    good = verified(tmp_path, "good", scenario=SERVER.format(60_000), run=SHORT)
    assert (good.report["verdict"], good.report["scenario"]) == ("passed", "Server")
    (first, *_) = good.report["repetitions"]
    assert first["loadgen"]["metric"] == "scheduled_samples_per_s"
    assert first["samples"] >= 700
    late = verified(tmp_path / "late", "good", scenario=SERVER.format(0.001), run=SHORT)
    told = [one["detail"] for one in late.report["findings"] if one["code"] == "invalid"]
    assert late.report["verdict"] == "failed"
    assert len(told) == 5
    assert all("later than 0.001 ms" in one for one in told)


def metered(folder: Path, readings: str, power: str = METER):
    (folder / "watts.csv").write_text(readings)
    return verified(folder, "good", power=power, run=SHORT)


def test_a_meter_that_covers_every_repetition_gives_samples_a_joule(tmp_path):
    now = time.time()
    made = metered(tmp_path, "".join(f"{now + n / 100:.2f},{WATTS}\n" for n in range(60_000)))
    power = made.report["power"]
    rate = made.report["figures"]["samples_per_s"]["value"]
    assert (power["class"], power["watts_mean"]) == ("wall", WATTS)
    assert power["samples_per_joule"] == pytest.approx(rate / WATTS)
    assert verify(made.path, KEY.public_key()).faults == []


@pytest.mark.parametrize(
    ("readings", "power", "words"),
    [
        ("", METER, "fewer than 10 readings"),
        ("1,2\n", METER, "fewer than 10 readings"),
        ("noon,forty\n", METER, "no unix_s,watts"),
        ("1,inf\n", METER, "no unix_s,watts"),
        ("1,40\n", 'class = "estimate"', ""),
        ("1,40\n", 'class = "none"', ""),
    ],
)
def test_what_no_meter_measured_is_no_joule(tmp_path, readings, power, words):
    told = metered(tmp_path, readings, power).report["power"]
    assert words.removeprefix("no ") in str(told.get("refused", ""))
    assert not {"watts_mean", "samples_per_joule"} & set(told)
    assert told["meaning"]

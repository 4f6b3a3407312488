"""Real processes under test: a good one passes, every bad one is named and never passes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from testbed_bench import KEY, verified

from madang.core.clock import SystemClock
from madang.testbed.errors import OutputExists
from madang.testbed.harness import signing
from madang.testbed.harness.files import REPORT
from madang.testbed.harness.running import sign_measured
from madang.testbed.harness.verifying import verify

RUNS = ("accuracy", "01", "02", "03", "04", "05")
SHORT = 'profile = "quick"\nmin_duration_s = 0.05\nquery_s_max = 0.5'


def codes(report: dict) -> set[str]:
    return {one["code"] for one in report["findings"] if one["fatal"]}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """One report of the good device, for every test that only reads it."""
    folder = tmp_path_factory.mktemp("good")
    return verified(folder, "good")


def test_a_good_device_passes_with_figures_and_a_recorded_prediction(good):
    report = good.report
    assert report["findings"] == [] or codes(report) == set()
    assert report["verdict"] == "passed"
    assert report["comparable"] is False
    assert report["accuracy"]["value"] == 1.0
    assert len(report["repetitions"]) == 5
    figure = report["figures"]["latency_p90_ms"]
    assert 0 < figure["low"] <= figure["value"] <= figure["high"]
    assert report["prediction"]["measured"] == figure["value"]
    recorded = json.loads((good.path.parent / "prediction.json").read_bytes())["recorded_at"]
    assert recorded <= report["runs"][0]["began_at"]


def test_a_stranger_verifies_the_report_and_works_every_figure_out_again(good):
    checked = verify(good.path, signing.public_key(good.public_key))
    assert checked.faults == []
    assert checked.recomputed
    assert checked.files == len(list(good.path.parent.rglob("*.*"))) - 2


@pytest.mark.parametrize(
    ("name", "before", "after", "faults"),
    [
        ("prediction.json", '"value":1.0', '"value":0.5', {"prediction.json"}),
        (
            "prediction.json",
            '"recorded_at":"2',
            '"recorded_at":"9',  # long after the first run
            {"prediction.json", "prediction"},
        ),
        ("frozen.json", '"cores":', '"cores_seen":', {f"runs/{n}/job.json" for n in RUNS}),
        ("runs/03/job.json", '"frozen_sha256":"', '"frozen_sha256":"0', {"runs/03/job.json"}),
    ],
)
def test_what_was_exchanged_after_the_runs_is_found_though_signed_again(
    good, tmp_path, name, before, after, faults
):
    root = tmp_path / "again"
    shutil.copytree(good.path.parent, root)
    text = (root / name).read_text()
    assert before in text
    (root / name).write_text(text.replace(before, after))
    made = sign_measured(root, KEY, SystemClock())
    found = verify(made.path, KEY.public_key()).faults
    assert {one.partition(":")[0] for one in found} == faults


def test_every_repetition_has_its_own_seeds_and_its_own_process(good):
    runs = sorted((good.path.parent / "runs").glob("0*"))
    seeds = {json.loads((run / "outcome.json").read_text())["seeds"]["order"] for run in runs}
    assert len(seeds) == len(runs) == 5


def test_a_report_is_never_overwritten(good):
    with pytest.raises(OutputExists):
        verified(good.path.parents[1], "good")


def test_a_command_that_is_not_there_is_a_failed_report(tmp_path):
    subject = 'kind = "process"\ncommand = ["no-such-program-here"]'
    made = verified(tmp_path, "", subject=subject)
    assert codes(made.report) == {"died"}


def test_nothing_of_the_system_is_left_running_after_a_hang(tmp_path):
    made = verified(tmp_path, "hangs", run=SHORT)
    assert "hung" in codes(made.report)
    alive = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if b"hangs" in words and any(one.endswith(b"maker_device.py") for one in words):
                alive.append((entry / "cwd").readlink())
    assert tmp_path not in alive


def test_a_language_model_is_judged_by_its_first_token_and_by_each_token(tmp_path):
    (tmp_path / "prompts.jsonl").write_text(
        "".join(
            json.dumps({"prompt": f"one two {n}", "expected": f"ONETWO{n}"}) + "\n"
            for n in range(8)
        )
    )
    tables = {
        "data": 'file = "prompts.jsonl"',
        "accuracy": 'metric = "exact"\nreference = "file"',
        "run": 'profile = "quick"\nmin_duration_s = 0.3\nquery_s_max = 2.0',
    }
    limits = 'name = "LLM"\nexpected_qps = 500\nttft_ms = 60000\ntpot_ms = {}'
    made = verified(tmp_path, "good", scenario=limits.format(10000), **tables)
    report = made.report
    assert report["verdict"] == "passed"
    assert report["accuracy"]["value"] == 1.0
    assert {"ttft_p99_ms", "tpot_p99_ms", "tokens_per_s"} <= set(report["figures"])
    (tmp_path / "report" / REPORT).rename(tmp_path / "first.json")
    slow = tmp_path / "slow"
    slow.mkdir()
    (tmp_path / "prompts.jsonl").rename(slow / "prompts.jsonl")
    made = verified(slow, "slow-tokens", scenario=limits.format(0.5), **tables)
    assert "invalid" in codes(made.report)
    assert any("limit 0.5 ms" in one["detail"] for one in made.report["findings"])

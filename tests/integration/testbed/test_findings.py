"""Every finding has its case: a real system that does it, or a log that somebody wrote.

Goal: no name in MEANINGS without a test. Method: one row for each; the first test compares the
rows with the names, the second runs each row and has a stranger verify the report.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from testbed_bench import DEVICE, KEY, PLAIN, verified, write_model
from testbed_reports import AT, official

from madang.core.clock import FixedClock
from madang.testbed.harness import running
from madang.testbed.harness.judging import MEANINGS, NOTES
from madang.testbed.harness.running import Made, sign_measured
from madang.testbed.harness.verifying import verify

SHORT = 'profile = "quick"\nmin_duration_s = 0.05\nquery_s_max = 0.5'
PROMPTS = {
    "data": 'file = "prompts.jsonl"',
    "scenario": 'name = "LLM"\nexpected_qps = 500\nttft_ms = 60000\ntpot_ms = 0.5',
    "accuracy": 'metric = "exact"\nreference = "file"',
    "run": 'profile = "quick"\nmin_duration_s = 0.3\nquery_s_max = 2.0',
}
Case = Callable[[Path, pytest.MonkeyPatch], Made]


def way(name: str, run: str = SHORT) -> Case:
    """The maker's device of that name, as a process."""
    return lambda folder, _: verified(folder, name, run=run)


def slow_tokens(folder: Path, _: pytest.MonkeyPatch) -> Made:
    rows = [{"prompt": f"one two {n}", "expected": f"ONETWO{n}"} for n in range(8)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    return verified(folder, "slow-tokens", **PROMPTS)


def too_long(folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """Every answer in time, and yet no end in time."""
    patch.setattr(running, "limit_s", lambda _spec: 2.0)
    return verified(folder, "slow", run=SHORT.replace("0.5", "20.0"))


def unchecked(folder: Path, _: pytest.MonkeyPatch) -> Made:
    return verified(folder, "good", accuracy='metric = "none"')


def edits_itself(folder: Path, _: pytest.MonkeyPatch) -> Made:
    shutil.copy(DEVICE, folder / "device.py")
    subject = f'kind = "process"\ncommand = ["{sys.executable}", "device.py", "edits"]'
    return verified(folder, "", subject=subject)


def too_fast_a_prediction(folder: Path, _: pytest.MonkeyPatch) -> Made:
    write_model(folder)
    return verified(
        folder, "", subject='kind = "simulated"\nmodel = "model.onnx"', data="samples = 8",
        accuracy='metric = "top1"\nreference = "onnxruntime"', run=SHORT,
        prediction='kind = "systolic"\nrows = 256\ncolumns = 256\nclock_mhz = 1000000',
    )  # fmt: skip


def overclaims_tokens(folder: Path, _: pytest.MonkeyPatch) -> Made:
    return log("runs/02/samples.csv", ",1,-1,0,", ",1,9,0,")(folder, _)


def log(name: str, before: str, after: str) -> Case:
    """A report of which one log says something else; signed like any other."""

    def made(folder: Path, _: pytest.MonkeyPatch) -> Made:
        root = official(folder / "report").path.parent
        text = (root / name).read_text()
        assert before in text
        (root / name).write_text(text.replace(before, after))
        return sign_measured(root, KEY, FixedClock(AT))

    return made


NS = "500000000"
CASES: dict[str, list[Case]] = {
    "hung": [way("hangs")],
    "died": [way("dies")],
    "garbled": [way("garbled")],
    "refused": [way("refuses")],
    "crashed": [way("kills"), log("runs/02/outcome.json", "{", "[")],
    "too_long": [too_long],
    "invalid": [slow_tokens, log("runs/01/mlperf_log_detail.txt", '"VALID"', '"INVALID"')],
    "unreadable": [
        log("runs/03/mlperf_log_detail.txt", ":::MLLOG", ":::MLLOG {"),
        log("runs/03/samples.csv", "sample,", "simple,"),
        log("runs/03/mlperf_log_accuracy.json", "data", "date"),
        log("runs/accuracy/mlperf_log_accuracy.json", "[", "{["),
        log("runs/03/mlperf_log_detail.txt", NS, "NaN"),
    ],
    "lost_samples": [log("runs/04/mlperf_log_detail.txt", "1300", "1299")],
    "clocks_differ": [log("runs/04/mlperf_log_detail.txt", NS, "400000000")],
    "claims_faster": [way("lies")],
    "clock_impossible": [way("overclaims")],
    "wrong_answers": [way("wrong"), way("nan")],
    "wrong_under_load": [way("wrong-when-fast")],
    "accuracy_unchecked": [unchecked],
    "answers_vary": [way("varies")],
    "remembers": [way("remembers", PLAIN["run"])],
    "identity_changed": [way("renames")],
    "files_changed": [edits_itself],
    "simulated_late": [too_fast_a_prediction],
    "unsteady": [way("erratic", PLAIN["run"])],
    "tokens_unproved": [overclaims_tokens],
}
ROWS = [(code, case) for code, cases in CASES.items() for case in cases]


def test_every_finding_has_its_case():
    assert set(CASES) == set(MEANINGS)


@pytest.mark.parametrize(("code", "case"), ROWS, ids=[code for code, _ in ROWS])
def test_what_happened_is_named_recorded_and_no_pass(tmp_path, monkeypatch, code, case):
    made = case(tmp_path, monkeypatch)
    found = [one for one in made.report["findings"] if one["code"] == code]
    assert found, made.report["findings"]
    assert found[0]["meaning"] == MEANINGS[code]
    if code not in NOTES:
        assert made.report["verdict"] == "failed"
    checked = verify(made.path, KEY.public_key())
    assert checked.faults == []
    assert checked.report["verdict"] == made.report["verdict"]

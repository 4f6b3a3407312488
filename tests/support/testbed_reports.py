"""A report of ten minutes a repetition, made in a second: raw files written, then judged and
signed by the product's own code. It shows what a signature is worth: who signs, answers for it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from testbed_bench import KEY

from madang.core.clock import FixedClock
from madang.testbed.harness import archive
from madang.testbed.harness.judging import run_folder
from madang.testbed.harness.running import Made, sign_measured
from madang.testbed.harness.samplelog import HEAD

AT = datetime(2026, 2, 1, 3, 0, tzinfo=UTC)
SAMPLES, QUERIES, LATENCY_NS = 8, 1_300, 500_000_000
DIGEST = "ab" * 12
ANSWER = np.arange(4, dtype="<f4").tobytes().hex()
SPEC = """device = "{device}"
maker = "Hana Chips"
site = "Gwangju"
model = "doubler"
[subject]
kind = "process"
command = ["device"]
[data]
file = "samples.npz"
[scenario]
name = "SingleStream"
[accuracy]
metric = "close"
reference = "file"
[run]
profile = "official"
[prediction]
kind = "stated"
value = 400.0
"""
DETAIL = {
    "loadgen_version": "6.0.17",
    "effective_scenario": "SingleStream",
    "effective_test_mode": "PerformanceOnly",
    "effective_min_duration_ms": 600_000,
    "effective_min_query_count": 1024,
    "effective_samples_per_query": 1,
    "effective_target_latency_percentile": 0.9,
    "result_validity": "VALID",
    "result_query_count": QUERIES,
    "result_90.00_percentile_latency_ns": LATENCY_NS,
    "result_min_duration_met": True,
    "result_min_queries_met": True,
    "early_stopping_met": True,
}


def official(
    folder: Path, *, device: str = "Doubler", latency_ns: int = LATENCY_NS, wrong: bool = False
) -> Made:
    """The folder of one report that passes, or that gives wrong answers."""
    folder.mkdir(parents=True)
    (folder / "spec.toml").write_text(SPEC.format(device=device))
    prediction = {"figure": "latency_p90_ms", "value": 400.0, "method": "stated by the maker"}
    began = AT - timedelta(hours=2)
    files = {"samples.npz": "0" * 64}
    written = {
        "prediction.json": {**prediction, "workload": {}, "recorded_at": began.isoformat()},
        "frozen.json": {"files": files, "environment": {}},
        "reference.json": [ANSWER] * SAMPLES,
        "measured.json": {"files": files, "runs": _spans(began)},
    }
    for name, value in written.items():
        (folder / name).write_text(json.dumps(value))
    answer = "00" * 16 if wrong else ANSWER
    for number in range(6):
        _repetition(run_folder(folder, number), number, latency_ns, answer)
    return sign_measured(folder, KEY, FixedClock(AT))


def _spans(began: datetime) -> list[dict[str, str]]:
    spans = []
    for number in range(6):
        start = began + timedelta(minutes=11 * number)
        ended = start + timedelta(minutes=10, seconds=50)
        spans.append({"began_at": start.isoformat(), "ended_at": ended.isoformat()})
    return spans


def _repetition(folder: Path, number: int, latency_ns: int, answer: str) -> None:
    folder.mkdir(parents=True)
    (folder / "outcome.json").write_text(json.dumps({"identity": {"name": "doubler"}}))
    logged = [{"qsl_idx": i, "data": answer} for i in range(SAMPLES)]
    (folder / "mlperf_log_accuracy.json").write_text(json.dumps(logged))
    if number == 0:
        return
    key = "result_90.00_percentile_latency_ns"
    rows = {**DETAIL, key: latency_ns}.items()
    lines = [":::MLLOG " + json.dumps({"key": name, "value": value}) for name, value in rows]
    (folder / "mlperf_log_detail.txt").write_text("\n".join(lines) + "\n")
    samples = [
        f"{i % SAMPLES},{i * latency_ns},-1,{(i + 1) * latency_ns},-1,1,-1,0,{DIGEST}"
        for i in range(QUERIES)
    ]
    (folder / "samples.csv").write_text("\n".join([HEAD, *samples]) + "\n")


def zipped(made: Made) -> bytes:
    """The report's folder as it travels."""
    path = made.path.parent.with_suffix(".zip")
    archive.pack(made.path.parent, path)
    return path.read_bytes()

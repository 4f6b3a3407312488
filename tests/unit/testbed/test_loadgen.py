"""What LoadGen is asked for, and what the harness keeps while a fast system answers."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from madang.testbed.harness.loadgen import Run, seeds_for, settings_for
from madang.testbed.harness.mlperf import DETAIL, judge_log
from madang.testbed.harness.samplelog import BUFFER_BYTES, SAMPLES, read_columns
from madang.testbed.harness.spec import Spec, spec_from
from madang.testbed.harness.subjects.base import Reply, Trouble

SPEC = """device = "fast"
maker = "Hana Chips"
[subject]
kind = "process"
command = ["fast"]
[data]
file = "samples.npz"
[scenario]
name = "{name}"
expected_qps = {qps}
{more}
[run]
profile = "{profile}"
[prediction]
kind = "stated"
value = 1.0
"""


def spec_of(name: str, qps: int, profile: str = "official", more: str = "") -> Spec:
    text = SPEC.format(name=name, qps=qps, profile=profile, more=more)
    return spec_from(text.encode(), Path("nowhere"))


@pytest.mark.parametrize("qps", [1_000, 20_000, 100_000])
@pytest.mark.parametrize(
    ("name", "more"), [("SingleStream", ""), ("Server", "latency_ms = 15")]
)
def test_ten_minutes_of_any_rate_that_was_asked_for_have_queries_enough(name, more, qps):
    asked = settings_for(spec_of(name, qps, more=more), seeds_for(1, 1), accuracy=False)
    needed = 600 * qps
    assert asked.min_duration_ms == 600_000
    assert asked.max_query_count >= needed
    made_by_loadgen = 2 * 600 * 1e9 / asked.single_stream_expected_latency_ns
    if name == "SingleStream":
        assert needed <= made_by_loadgen <= 1.25 * needed


class Fast:
    """Answers before anybody could have waited."""

    reply = Reply(b"\0" * 16)

    def identity(self) -> dict[str, str]:
        return {"name": "fast"}

    def answer(self, sample: int, on_first: object) -> Reply:
        return self.reply

    def close(self) -> None:
        """Nothing is held."""


def no_trouble(trouble: Trouble) -> None:
    raise AssertionError(trouble)


@pytest.mark.parametrize(("name", "qps"), [("SingleStream", 5_000), ("Offline", 30_000)])
def test_a_fast_system_is_measured_whole_and_nothing_is_held_for_a_sample(tmp_path, name, qps):
    """Python's own memory while it measures: a buffer, and Offline's one list of queries."""
    run = Run(Fast(), spec_of(name, qps, "quick"), no_trouble)
    settings = settings_for(spec_of(name, qps, "quick"), seeds_for(1, 1), accuracy=False)
    tracemalloc.start()
    run.perform(settings, 64, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert run.log is not None
    run.log.close()
    log = read_columns(tmp_path / SAMPLES)
    assert len(log) == judge_log(tmp_path / DETAIL).samples
    assert len(log) > 500
    assert peak < 4 * BUFFER_BYTES + 40 * 8 * (len(log) if name == "Offline" else 0)

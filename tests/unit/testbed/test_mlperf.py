"""LoadGen's logs: verdicts from the numbers, whatever the folder or the log itself says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madang.testbed.errors import LogMalformed, LogsMissing
from madang.testbed.harness import mlperf
from madang.testbed.harness.mlperf import DETAIL, judge_log, read_folder

SERVER = {
    "loadgen_version": "2.1 @ test",
    "effective_scenario": "Server",
    "effective_test_mode": "PerformanceOnly",
    "effective_target_latency_ns": 15_000_000,
    "effective_target_latency_percentile": 0.99,
    "effective_min_duration_ms": 600_000,
    "effective_min_query_count": 270_336,
    "result_validity": "VALID",
    "result_perf_constraints_met": True,
    "result_min_duration_met": True,
    "result_min_queries_met": True,
    "early_stopping_met": True,
    "result_query_count": 3_687_092,
    "result_overlatency_query_count": 5965,
    "result_scheduled_samples_per_sec": 6145.15,
    "result_completed_samples_per_sec": 6145.05,
    "result_99.00_percentile_latency_ns": 13_519_903,
}
TTFT = "result_first_token_99.00_percentile_latency_ns"
TPOT = "result_time_per_output_token_99.00_percentile_ns"
TOKENS = {
    **SERVER,
    "requested_use_token_latencies": True,
    "requested_server_ttft_latency": 2_000_000_000,
    "requested_server_tpot_latency": 200_000_000,
    "effective_target_latency_ns": 0,
    "result_overlatency_query_count": 3_687_092,
    TTFT: 1_900_000_000,
    TPOT: 190_000_000,
}
SINGLE = {
    "effective_scenario": "SingleStream",
    "effective_test_mode": "PerformanceOnly",
    "effective_target_latency_percentile": 0.9,
    "effective_min_duration_ms": 600_000,
    "effective_min_query_count": 64,
    "result_validity": "VALID",
    "result_query_count": 2_500_000,
    "early_stopping_latency_ss": 238_835,
    "result_90.00_percentile_latency_ns": 238_829,
}
OFFLINE = {
    "effective_scenario": "Offline",
    "effective_test_mode": "PerformanceOnly",
    "effective_min_duration_ms": 600_000,
    "result_validity": "VALID",
    "generated_samples_per_query": 4_500_000,
    "result_samples_per_second": 6769.07,
}


def write_log(folder: Path, rows: dict, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    held = {**rows, **changes}
    lines = [f":::MLLOG {json.dumps({'key': k, 'value': v})}\n" for k, v in held.items()]
    path = folder / DETAIL
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize(
    ("rows", "metric", "value", "estimate"),
    [
        (SERVER, "scheduled_samples_per_s", 6145.15, 6145.05),
        (TOKENS, "scheduled_samples_per_s", 6145.15, 6145.05),
        (SINGLE, "latency_p90_ns", 238_829, 238_835),
        (OFFLINE, "samples_per_s", 6769.07, None),
    ],
)
def test_a_valid_log_gives_its_figure_and_its_verdict(tmp_path, rows, metric, value, estimate):
    found = judge_log(write_log(tmp_path, rows))
    assert (found.recomputed, found.says, found.reasons) == ("VALID", "VALID", ())
    assert (found.metric, found.value, found.estimate) == (metric, value, estimate)
    assert found.official_duration


@pytest.mark.parametrize(
    ("rows", "changes", "words"),
    [
        (SERVER, {"result_99.00_percentile_latency_ns": 15_000_001}, "the limit 15.000 ms"),
        (SERVER, {"result_overlatency_query_count": 40_000}, "do not prove p99"),
        (SERVER, {"result_query_count": 661}, "do not prove p99"),
        (SERVER, {"result_completed_samples_per_sec": 9000.0}, "at least 600 s needed"),
        (SERVER, {"result_query_count": 270_335}, "at least 270336 needed"),
        (SERVER, {"result_perf_constraints_met": False}, "a latency limit is broken"),
        (SERVER, {"result_min_duration_met": False}, "shorter"),
        (SERVER, {"early_stopping_met": False}, "early stopping"),
        (TOKENS, {TTFT: 2_100_000_000}, "p99 of a first token is 2100.000 ms"),
        (TOKENS, {TPOT: 210_000_000}, "p99 of a token is 210.000 ms"),
        (SINGLE, {"result_query_count": 63}, "do not prove p90"),
        (OFFLINE, {"result_samples_per_second": 9000.0}, "at least 600 s needed"),
        (OFFLINE, {"result_validity": ""}, "did not end"),
    ],
)
def test_a_log_whose_numbers_break_a_rule_is_invalid_whatever_it_says(
    tmp_path, rows, changes, words
):
    found = judge_log(write_log(tmp_path, rows, **changes))
    assert found.recomputed == "INVALID"
    assert any(words in reason for reason in found.reasons)


def test_numbers_that_a_log_writes_as_texts_are_numbers(tmp_path):
    """Some of MLPerf v2.0 do: "value": "1"."""
    told = {name: str(x) if isinstance(x, int | float) else x for name, x in OFFLINE.items()}
    found = judge_log(write_log(tmp_path, told))
    assert (found.recomputed, found.value) == ("VALID", 6769.07)


def test_names_of_folders_are_not_believed_and_a_contradiction_is_told(tmp_path):
    write_log(tmp_path / "resnet50" / "MultiStream" / "performance" / "run_1", SINGLE)
    write_log(tmp_path / "resnet50" / "Server" / "performance" / "run_1", SERVER)
    liar = {**SERVER, "result_99.00_percentile_latency_ns": 20_000_000}
    write_log(tmp_path / "second" / "Server" / "accuracy", liar)
    multi, server, second = read_folder(tmp_path)
    assert multi["scenario"] == "SingleStream"
    assert multi["contradictions"] == ["the folder says MultiStream, the log SingleStream"]
    assert server["contradictions"] == []
    assert second["contradictions"] == [
        "the folder says another mode than the log: PerformanceOnly",
        "the log says VALID, its numbers INVALID",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no log at all\n",
        ":::MLLOG {\n",
        ":::MLLOG []\n",
        ':::MLLOG {"key": "effective_scenario"}\n',
        ':::MLLOG {"key": "effective_scenario", "value": "../../Server"}\n',
        ":::MLLOG " + "[" * 50_000 + "\n",
        ':::MLLOG {"key": "effective_scenario", "value": "Server"}\n'
        ':::MLLOG {"key": "effective_min_duration_ms", "value": "long"}\n',
        *(
            f':::MLLOG {{"key": "effective_scenario", "value": "Server"}}\n'
            f':::MLLOG {{"key": "effective_min_duration_ms", "value": {value}}}\n'
            for value in (
                "true",
                "[]",
                "{}",
                "NaN",
                "Infinity",
                "-Infinity",
                '"1e999"',
                "1e999",
            )
        ),
    ],
)
def test_a_hostile_log_is_a_row_that_says_why_and_never_valid(tmp_path, text):
    (tmp_path / DETAIL).write_text(text)
    with pytest.raises(LogMalformed):
        judge_log(tmp_path / DETAIL)
    (row,) = read_folder(tmp_path)
    assert row["recomputed"] == "UNREADABLE"
    assert row["reasons"]


HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from([0, -1, 1, 2**63, 10**400, 1e18, 1e-320, 1 - 1e-16, "NaN", "9" * 5000]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers()),
)  # fmt: skip
KEYS = sorted({*SERVER, *TOKENS, *SINGLE, *OFFLINE, "num_errors"} - {"effective_scenario"})


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([SERVER, TOKENS, SINGLE, OFFLINE]),
    st.dictionaries(st.sampled_from(KEYS), HOSTILE, min_size=1, max_size=6),
)
def test_whatever_a_log_says_it_is_judged_or_refused_by_name(tmp_path_factory, rows, changes):
    folder = tmp_path_factory.mktemp("log")
    try:
        found = judge_log(write_log(folder, rows, **changes))
    except LogMalformed as err:
        assert err.fields["reason"]
        return
    assert found.recomputed in ("VALID", "INVALID", "not a performance run")
    assert (found.recomputed == "INVALID") == bool(found.reasons)
    json.dumps(found.as_dict(), allow_nan=False)


def test_flipped_bytes_of_a_log_are_judged_or_refused(tmp_path):
    whole = write_log(tmp_path, SERVER).read_bytes()
    refused = 0
    for place in range(0, len(whole), 3):
        for byte in (0, 0xFF, whole[place] ^ 1, ord("-"), ord("e")):
            changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
            (tmp_path / DETAIL).write_bytes(changed)
            try:
                judge_log(tmp_path / DETAIL)
            except LogMalformed:
                refused += 1
    assert refused > 0


def test_a_folder_and_a_file_too_large_are_no_logs(tmp_path, monkeypatch):
    (tmp_path / DETAIL).mkdir()
    with pytest.raises(LogsMissing):
        read_folder(tmp_path)
    (tmp_path / DETAIL).rmdir()
    write_log(tmp_path, SERVER)
    monkeypatch.setattr(mlperf, "LOG_BYTES_MAX", 100)
    (row,) = read_folder(tmp_path)
    assert (row["recomputed"], row["reasons"]) == ("UNREADABLE", ["more than 0 MiB"])


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    outside = write_log(tmp_path / "outside", SERVER)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / DETAIL).symlink_to(outside)
    with pytest.raises(LogsMissing):
        read_folder(inside)

"""LoadGen's logs, read without trusting where they lie: scenario, mode, verdict from the log.

A verdict is worked out again from what was asked (`effective_*`) and what came out
(`result_*`), and set beside what the log itself says. Nothing is taken from a folder name: a
name that contradicts its log is reported.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from madang.testbed.errors import LogMalformed, LogsMissing
from madang.testbed.harness.statistics import early_stopping_met

DETAIL = "mlperf_log_detail.txt"
PREFIX = ":::MLLOG "
LOG_BYTES_MAX = 256 << 20
LOGS_MAX = 10_000
NAMES = ("SingleStream", "MultiStream", "Server", "Offline")
PERCENTILES = {"SingleStream": 0.9, "MultiStream": 0.99, "Server": 0.99}
OFFICIAL_MS = 600_000
VALUE_MAX, COUNT_MAX = 1e18, 1e12
SHARE_MIN, SHARE_MAX = 0.01, 0.99999


@dataclass(frozen=True, slots=True)
class Verdict:
    """One log. `value` is the figure that MLPerf publishes for the scenario."""

    scenario: str
    mode: str
    says: str
    recomputed: str
    metric: str
    value: float | None
    estimate: float | None
    reasons: tuple[str, ...]
    official_duration: bool
    samples: int | None
    version: str

    def as_dict(self) -> dict[str, object]:
        held = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**held, "reasons": list(self.reasons)}


def read_values(path: Path) -> dict[str, object]:
    """Every key of a detail log; the last value wins, as it does for LoadGen's own reader."""
    try:
        if path.stat().st_size > LOG_BYTES_MAX:
            raise LogMalformed(file=str(path), reason=f"more than {LOG_BYTES_MAX >> 20} MiB")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise LogMalformed(file=str(path), reason="not readable as text") from err
    found: dict[str, object] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(PREFIX):
            key, value = _entry(path, number, line.removeprefix(PREFIX))
            found[key] = value
    if not found:
        raise LogMalformed(file=str(path), reason="no :::MLLOG line")
    return found


def _entry(path: Path, number: int, text: str) -> tuple[str, object]:
    try:
        row = json.loads(text)
        return str(row["key"]), row["value"]
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise LogMalformed(file=str(path), reason=f"line {number}") from err


class Values:
    """Typed access; a number that is none is refused, an absent one is None."""

    def __init__(self, path: Path, rows: Mapping[str, object]) -> None:
        self._path = path
        self._rows = rows

    def number(self, key: str) -> float | None:
        found = self._rows.get(key)
        if found is None:
            return None
        try:
            value = math.nan if isinstance(found, bool) else float(str(found))
        except ValueError:
            value = math.nan
        if not abs(value) <= VALUE_MAX:  # some write numbers as texts; not a number is none
            raise LogMalformed(file=str(self._path), reason=f"{key} is no number")
        return value

    def count(self, key: str) -> float | None:
        found = self.number(key)
        if found is not None and not 0 <= found <= COUNT_MAX:
            raise LogMalformed(file=str(self._path), reason=f"{key} is no count")
        return found

    def share(self, key: str) -> float | None:
        """A percentile as a share."""
        found = self.number(key)
        if found is not None and not SHARE_MIN <= found <= SHARE_MAX:
            raise LogMalformed(file=str(self._path), reason=f"{key} is no percentile")
        return found

    def text(self, key: str) -> str:
        return str(self._rows.get(key, ""))

    def flag(self, key: str) -> bool | None:
        found = self._rows.get(key)
        return found if isinstance(found, bool) else None


def judge_log(path: Path) -> Verdict:
    """The verdict of one detail log, worked out again."""
    held = Values(path, read_values(path))
    scenario, mode = held.text("effective_scenario"), held.text("effective_test_mode")
    if scenario not in NAMES:
        raise LogMalformed(file=str(path), reason="no effective_scenario")
    says = held.text("result_validity") or "none"
    least = held.number("effective_min_duration_ms")
    metric, value, estimate = _figure(held, scenario)
    reasons: tuple[str, ...] = ()
    if mode != "PerformanceOnly":
        recomputed = "not a performance run"
    else:
        reasons = tuple(_against(held, scenario))
        recomputed = "INVALID" if reasons else "VALID"
    return Verdict(
        scenario=scenario,
        mode=mode,
        says=says,
        recomputed=recomputed,
        metric=metric,
        value=value,
        estimate=estimate,
        reasons=reasons,
        official_duration=least is not None and least >= OFFICIAL_MS,
        samples=_samples(held),
        version=held.text("loadgen_version"),
    )


def _samples(held: Values) -> int | None:
    """Queries that were answered, times the samples of each."""
    count = held.count("result_query_count")
    each = held.count("effective_samples_per_query") or 1
    return None if count is None else int(count * each)


def _figure(held: Values, scenario: str) -> tuple[str, float | None, float | None]:
    if scenario == "Offline":
        return "samples_per_s", held.number("result_samples_per_second"), None
    if scenario == "Server":
        rate = held.number("result_scheduled_samples_per_sec")
        return "scheduled_samples_per_s", rate, held.number("result_completed_samples_per_sec")
    share = held.share("effective_target_latency_percentile") or PERCENTILES[scenario]
    name = f"result_{100 * share:.2f}_percentile_latency_ns"
    if scenario == "MultiStream":
        name = f"result_{100 * share:.2f}_percentile_per_query_latency_ns"
    key = (
        "early_stopping_latency_ss"
        if scenario == "SingleStream"
        else "early_stopping_latency_ms"
    )
    return f"latency_p{100 * share:g}_ns", held.number(name), held.number(key) or None


def _against(held: Values, scenario: str) -> Iterator[str]:
    """Every reason against validity that the log's own numbers give."""
    if (held.count("num_errors") or 0) > 0 and held.text("result_validity") == "":
        yield "the log ends in errors without a result"
    if not held.text("result_validity"):
        yield "no result: the run did not end"
        return
    yield from _too_short(held, scenario)
    limit = held.number("effective_target_latency_ns")
    tokens = _counts_tokens(held)
    if not tokens:
        yield from _early_stopping(held, scenario)
    if scenario == "Server" and limit and not tokens:
        share = held.share("effective_target_latency_percentile") or 0.99
        seen = held.number(f"result_{100 * share:.2f}_percentile_latency_ns")
        if seen is None:
            yield "no percentile of latency in the log"
        elif seen > limit:
            yield f"p{100 * share:g} is {seen / 1e6:.3f} ms, the limit {limit / 1e6:.3f} ms"
    for key, name in (("ttft", "first token"), ("tpot", "token")):
        yield from _token_limit(held, key, name)
    if held.text("result_validity") == "INVALID" and held.text("result_invalid_reason"):
        yield f"LoadGen: {held.text('result_invalid_reason').strip()}"
    if held.flag("early_stopping_met") is False:
        yield "too few queries for the percentile (early stopping)"


def _counts_tokens(held: Values) -> bool:
    """Whether the limits are of tokens; the query's own limit then means nothing."""
    return held.flag("requested_use_token_latencies") is True


def _early_stopping(held: Values, scenario: str) -> Iterator[str]:
    """Worked out from the counts: how many late queries of how many prove the percentile."""
    share = held.share("effective_target_latency_percentile")
    count = held.count("result_query_count")
    if share is None or count is None or not 0 < share < 1 or scenario == "Offline":
        return
    late = held.count("result_overlatency_query_count")
    if scenario != "Server":
        late = 1  # an estimate discards at least one query
    if late is not None and count < 1:
        yield "no query was answered"
    elif late is not None and not early_stopping_met(int(late), int(count), share):
        yield f"{late:.0f} late of {count:.0f} queries do not prove p{100 * share:g} at 99 %"


def _too_short(held: Values, scenario: str) -> Iterator[str]:
    count = held.count("result_query_count")
    asked = held.count("effective_min_query_count")
    if count is not None and asked is not None and scenario != "Offline" and count < asked:
        yield f"{count:.0f} queries, at least {asked:.0f} needed"
    rate = held.number("result_samples_per_second")
    least = held.number("effective_min_duration_ms")
    made = held.count("generated_samples_per_query")
    ended = held.number("result_completed_samples_per_sec")
    if scenario == "Server" and count and ended and least:
        lasted_ms = count / ended * 1000
        if lasted_ms < least * 0.999:
            yield f"{lasted_ms / 1000:.3f} s, at least {least / 1000:g} s needed"
    if (
        scenario == "Offline"
        and rate
        and least
        and made
        and made / rate * 1000 < least * 0.9999
    ):
        yield f"{made / rate:.3f} s, at least {least / 1000:g} s needed"
    for key, words in (
        ("result_min_duration_met", "shorter than the least duration"),
        ("result_min_queries_met", "fewer queries than the least number"),
        ("result_perf_constraints_met", "a latency limit is broken"),
    ):
        if held.flag(key) is False:
            yield words


TOKEN_RESULTS = {
    "ttft": "result_first_token_99.00_percentile_latency_ns",
    "tpot": "result_time_per_output_token_99.00_percentile_ns",
}


def _token_limit(held: Values, key: str, name: str) -> Iterator[str]:
    limit = held.number(f"requested_server_{key}_latency")
    seen = held.number(TOKEN_RESULTS[key])
    if limit and seen is not None and seen > limit:
        yield f"p99 of a {name} is {seen / 1e6:.3f} ms, the limit {limit / 1e6:.3f} ms"


def find_logs(folder: Path) -> list[Path]:
    """Every detail log under a folder, links not followed."""
    if not folder.is_dir():
        raise LogsMissing(file=str(folder))
    found = sorted(
        path for path in folder.rglob(DETAIL) if path.is_file() and not path.is_symlink()
    )
    if not found:
        raise LogsMissing(file=str(folder))
    return found[:LOGS_MAX]


def contradictions(path: Path, root: Path, verdict: Verdict) -> list[str]:
    """Where the names of the folders say another scenario or mode than the log."""
    words = [part.lower() for part in path.relative_to(root).parts[:-1]]
    bare = [re.sub(r"[^a-z]", "", word) for word in words]
    named = [name for name in NAMES if name.lower() in bare]
    found = [
        f"the folder says {name}, the log {verdict.scenario}"
        for name in named
        if name != verdict.scenario
    ]
    accuracy = verdict.mode == "AccuracyOnly"
    if ("accuracy" in words and not accuracy) or ("performance" in words and accuracy):
        found.append(f"the folder says another mode than the log: {verdict.mode}")
    return found


def read_folder(folder: Path) -> list[dict[str, object]]:
    """One row for each log; a hostile log is a row that says why it cannot be read."""
    rows: list[dict[str, object]] = []
    for path in find_logs(folder):
        name = str(path.relative_to(folder))
        try:
            verdict = judge_log(path)
        except LogMalformed as err:
            reason = str(err.fields["reason"])
            rows.append({"log": name, "recomputed": "UNREADABLE", "reasons": [reason]})
            continue
        against = contradictions(path, folder, verdict)
        if verdict.recomputed in ("VALID", "INVALID") and verdict.says != verdict.recomputed:
            against.append(f"the log says {verdict.says}, its numbers {verdict.recomputed}")
        rows.append({"log": name, **verdict.as_dict(), "contradictions": against})
    return rows

"""From the raw logs of a report to its figures, findings and verdict.

`run` and `verify` call the same functions on the same files: a stranger gets the same numbers.
"""

from __future__ import annotations

import json
import statistics as plain
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from madang.testbed.errors import LogMalformed
from madang.testbed.harness.answers import LOG, score
from madang.testbed.harness.files import FROZEN, MEASURED, read_table
from madang.testbed.harness.mlperf import DETAIL, judge_log
from madang.testbed.harness.samplelog import OUTCOME, SAMPLES, Line, read_lines
from madang.testbed.harness.spec import REPETITIONS_MIN, Spec
from madang.testbed.harness.statistics import (
    block_interval,
    early_stopping_estimate,
    early_stopping_met,
    percentile,
    t_interval,
)

RUNS = "runs"
REFERENCE = "reference.json"
CLAIM_SLACK_NS = 1_000_000  # what a pipe and a JSON line may cost
CLAIM_SHARE = 0.1
LATE_SHARE_MAX = 0.01
UNSTEADY = 0.10
CLOCKS_APART = 0.05
ENDS_S = 0.05  # of a run: threads start, logs are closed
MS = 1e6

MEANINGS = {
    "hung": "gave no answer in time",
    "died": "ended while it was tested",
    "garbled": "answered what cannot be read",
    "refused": "refused a sample",
    "crashed": "the repetition ended without an outcome",
    "too_long": "the repetition was stopped at its own limit",
    "invalid": "LoadGen's rules say INVALID",
    "unreadable": "a log of the repetition cannot be read",
    "lost_samples": "the two clocks counted different numbers of samples",
    "clocks_differ": "LoadGen's figure and the harness's differ",
    "claims_faster": "says that it is faster than the harness measured",
    "clock_impossible": "says that it took longer than the harness waited",
    "wrong_answers": "too few answers are right",
    "wrong_under_load": "too few answers are right while it is measured",
    "accuracy_unchecked": "no reference was given, so no answer was checked",
    "answers_vary": "the same sample got different answers",
    "identity_changed": "said that it is something else in another repetition",
    "files_changed": "the tested files changed during the test",
    "simulated_late": "this machine is too slow for the simulated pace",
    "unsteady": "throughput varies by more than a tenth between repetitions",
    "tokens_unproved": "says that it made more tokens than chunks arrived",
}
NOTES = frozenset({"unsteady", "tokens_unproved"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that happened. `fatal` ones exclude a pass."""

    code: str
    repetition: int
    detail: str = ""

    @property
    def fatal(self) -> bool:
        return self.code not in NOTES

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "fatal": self.fatal,
            "repetition": self.repetition,
            "meaning": MEANINGS[self.code],
            "detail": self.detail,
        }


@dataclass(slots=True)
class Measured:
    """One repetition. Empty of figures where it failed."""

    number: int
    findings: list[Finding] = field(default_factory=list)
    identity: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    loadgen: dict[str, object] = field(default_factory=dict)
    recomputed: str = "INVALID"

    def found(self, code: str, detail: str = "") -> None:
        self.findings.append(Finding(code, self.number, detail))

    def latencies(self) -> NDArray[np.float64]:
        return np.array([one.latency_ns for one in self.lines], dtype=np.float64)

    def seconds(self) -> float:
        first = min(one.issued_ns for one in self.lines)
        return max(1, max(one.done_ns for one in self.lines) - first) / 1e9

    def samples_per_s(self) -> float:
        return len(self.lines) / self.seconds()

    def as_dict(self) -> dict[str, object]:
        told: dict[str, object] = {
            "repetition": self.number,
            "verdict": self.recomputed,
            "samples": len(self.lines),
            "loadgen": self.loadgen,
            "findings": [one.as_dict() for one in self.findings],
        }
        if self.lines:
            told["samples_per_s"] = self.samples_per_s()
        return told


def run_folder(root: Path, number: int) -> Path:
    """Repetition 0 is the accuracy run."""
    return root / RUNS / ("accuracy" if number == 0 else f"{number:02d}")


def read_reference(root: Path) -> list[bytes]:
    try:
        rows = json.loads((root / REFERENCE).read_text(encoding="ascii"))
        return [bytes.fromhex(one) for one in rows]
    except (OSError, ValueError, TypeError) as err:
        raise LogMalformed(file=REFERENCE, reason="no list of answers") from err


def judge(spec: Spec, root: Path) -> dict[str, object]:
    """Everything that a report says of its runs, from the files under `root` alone."""
    reference = read_reference(root)
    accuracy, checked = _accuracy_run(spec, root, reference)
    runs = [
        _repetition(spec, root, number, reference)
        for number in range(1, spec.plan.repetitions + 1)
    ]
    overall = [*_across(spec, runs), *_files(root)]
    findings = [*accuracy, *(one for run in runs for one in run.findings), *overall]
    good = [run for run in runs if run.lines]
    return {
        "verdict": _verdict(spec, runs, findings),
        "comparable": spec.plan.comparable,
        "accuracy": checked,
        "figures": _figures(spec, good) if len(good) > 1 else {},
        "repetitions": [run.as_dict() for run in runs],
        "findings": [one.as_dict() for one in findings],
    }


def _verdict(spec: Spec, runs: Sequence[Measured], findings: Sequence[Finding]) -> str:
    """A pass needs every repetition valid, no fatal finding, and a device that exists."""
    valid = sum(run.recomputed == "VALID" for run in runs)
    if any(one.fatal for one in findings) or valid < max(REPETITIONS_MIN, len(runs)):
        return "failed"
    return "simulated" if spec.subject.kind == "simulated" else "passed"


def _accuracy_run(
    spec: Spec, root: Path, reference: Sequence[bytes]
) -> tuple[list[Finding], dict[str, object]]:
    told: dict[str, object] = {"metric": spec.accuracy.metric, "target": spec.accuracy.target}
    run = Measured(0)
    _outcome(run, run_folder(root, 0))
    if spec.accuracy.metric == "none":
        if spec.subject.kind != "simulated":
            run.found("accuracy_unchecked")
        return run.findings, told
    if not run.findings:
        try:
            got = score(spec.accuracy, reference, run_folder(root, 0) / LOG)
        except LogMalformed as err:
            run.found("unreadable", str(err.fields["reason"]))
            return run.findings, told
        told |= {"value": got.share, "samples": got.seen, "right": got.right}
        whole = got.seen == len(reference) == got.answers
        if not whole or got.share < spec.accuracy.target:
            run.found("wrong_answers", f"{got.right} of {got.answers} right")
    return run.findings, told


def _outcome(run: Measured, folder: Path) -> None:
    """What the repetition's process left behind."""
    try:
        told = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
        trouble = told.get("trouble")
        run.identity = {str(k): str(v) for k, v in told.get("identity", {}).items()}
    except (OSError, ValueError, AttributeError):
        run.found("crashed")
        return
    if trouble:
        kind = str(trouble.get("kind"))
        run.found(kind if kind in MEANINGS else "crashed", str(trouble.get("detail", "")))


def _repetition(spec: Spec, root: Path, number: int, reference: Sequence[bytes]) -> Measured:
    run, folder = Measured(number), run_folder(root, number)
    _outcome(run, folder)
    if run.findings:
        return run
    try:
        verdict = judge_log(folder / DETAIL)
        run.lines = read_lines(folder / SAMPLES)
        under_load = score(spec.accuracy, reference, folder / LOG) if reference else None
    except LogMalformed as err:
        run.found("unreadable", f"{err.fields['file']}: {err.fields['reason']}")
        return run
    run.loadgen = verdict.as_dict()
    reasons = [*verdict.reasons, *_own_reasons(spec, run)]
    if verdict.says != "VALID" or reasons:
        run.found("invalid", "; ".join(reasons) or f"LoadGen says {verdict.says}")
    else:
        run.recomputed = "VALID"
    if under_load and under_load.answers and under_load.share < spec.accuracy.target:
        run.found("wrong_under_load", f"{under_load.right} of {under_load.answers} right")
    if verdict.samples != len(run.lines):
        run.found("lost_samples", f"LoadGen {verdict.samples}, here {len(run.lines)}")
    if run.lines:
        _two_clocks(spec, run, verdict.metric, verdict.value)
        _claims(spec, run)
    return run


def _own_reasons(spec: Spec, run: Measured) -> list[str]:
    """The scenario's rules again, on the harness's clock."""
    if not run.lines:
        return ["no sample was answered"]
    found, values = [], run.latencies()
    wanted = spec.scenario
    if run.seconds() < spec.plan.min_duration_s * (1 - CLOCKS_APART):
        found.append(f"{run.seconds():.3f} s, at least {spec.plan.min_duration_s:g} s needed")
    if wanted.name == "Server":
        late = int((values > wanted.latency_ms * MS).sum())
        if not early_stopping_met(late, len(values), wanted.percentile):
            found.append(f"{late} of {len(values)} later than {wanted.latency_ms:g} ms")
    if wanted.has_tokens:
        first = np.array([one.ttft_ns for one in run.lines], dtype=np.float64)
        each = np.array([one.tpot_ns for one in run.lines], dtype=np.float64)
        for name, rows, limit in (
            ("first token", first, wanted.ttft_ms),
            ("token", each, wanted.tpot_ms),
        ):
            seen = percentile(rows, wanted.percentile) / MS
            if seen > limit:
                found.append(f"p99 of a {name} is {seen:.3f} ms, the limit {limit:g} ms")
    return found


def _two_clocks(spec: Spec, run: Measured, metric: str, value: float | None) -> None:
    """LoadGen's figure and ours; scheduled rates of a server are no measurement."""
    if value is None or metric == "scheduled_samples_per_s":
        return
    if metric.startswith("latency"):
        own = percentile(run.latencies(), spec.scenario.percentile)
        if abs(own - value) > CLOCKS_APART * value + CLAIM_SLACK_NS:
            run.found("clocks_differ", f"{metric}: {value:g}, here {own:g}")
        return
    lasted = len(run.lines) / value if value > 0 else 0.0
    if abs(run.seconds() - lasted) > CLOCKS_APART * lasted + ENDS_S:
        run.found("clocks_differ", f"{metric}: {value:g}, here {run.samples_per_s():g}")


def services_ns(lines: Sequence[Line]) -> list[int]:
    """What each sample took in a system that answers one after another."""
    found, before = [], 0
    for one in sorted(lines, key=lambda line: line.done_ns):
        found.append(one.done_ns - max(before, one.issued_ns))
        before = one.done_ns
    return found


def _claims(spec: Spec, run: Measured) -> None:
    """The system's own words about its speed, against the harness's clock.

    The least tenth of the gaps is judged: a busy machine widens some of them, never all.
    """
    ordered = sorted(run.lines, key=lambda line: line.done_ns)
    pairs = [
        (line.claimed_ns, took)
        for line, took in zip(ordered, services_ns(ordered), strict=True)
        if line.claimed_ns >= 0
    ]
    if pairs and spec.subject.concurrency == 1:
        gaps = np.array([took - claimed for claimed, took in pairs], dtype=np.float64)
        took = percentile(np.array([took for _, took in pairs], dtype=np.float64), 0.1)
        gap, most = percentile(gaps, 0.1), percentile(gaps, 0.5)
        if gap > CLAIM_SLACK_NS + CLAIM_SHARE * took:
            run.found("claims_faster", f"{gap / MS:.3f} ms of {took / MS:.3f} ms not claimed")
        if most < -CLAIM_SLACK_NS:
            run.found("clock_impossible", f"{-most / MS:.3f} ms more than {took / MS:.3f} ms")
    late = sum(one.late for one in run.lines)
    if late > LATE_SHARE_MAX * len(run.lines):
        run.found("simulated_late", f"{late} of {len(run.lines)}")
    more = sum(one.claimed_tokens > one.tokens for one in run.lines)
    if more:
        run.found("tokens_unproved", f"{more} answers")


def _files(root: Path) -> list[Finding]:
    """Whether what was tested is at the end what was frozen at the start."""
    if not (root / MEASURED).is_file():  # reports of before the file was there
        return []
    before, after = (read_table(root / one).get("files") for one in (FROZEN, MEASURED))
    return [] if before == after else [Finding("files_changed", 0)]


def _across(spec: Spec, runs: Sequence[Measured]) -> list[Finding]:
    """What only several repetitions show."""
    found = []
    known = [run for run in runs if run.identity]
    for run in known[1:]:
        if run.identity != known[0].identity:
            found.append(Finding("identity_changed", run.number))
    first: dict[int, str] = {}
    vary: set[int] = set()
    for run in runs:
        for line in run.lines:
            if first.setdefault(line.sample, line.output) != line.output:
                vary.add(line.sample)
    if vary:
        found.append(Finding("answers_vary", 0, f"{len(vary)} of {len(first)} samples"))
    rates = [run.samples_per_s() for run in runs if run.lines]
    if len(rates) > 1 and plain.stdev(rates) > UNSTEADY * plain.mean(rates):
        found.append(Finding("unsteady", 0, f"{min(rates):.4g} to {max(rates):.4g} a second"))
    return found


def _figures(spec: Spec, runs: Sequence[Measured]) -> dict[str, object]:
    """Every figure with its interval."""
    seed = spec.plan.seed
    told = {"samples_per_s": t_interval([run.samples_per_s() for run in runs])}
    blocks = [run.latencies() / MS for run in runs]
    for share in (0.5, 0.9, 0.99):
        told[f"latency_p{100 * share:g}_ms"] = block_interval(blocks, share, seed)
    if spec.scenario.has_tokens:
        rates = [sum(one.tokens for one in run.lines) / run.seconds() for run in runs]
        told["tokens_per_s"] = t_interval(rates)
        for name in ("ttft", "tpot"):
            rows = [
                np.array([getattr(one, f"{name}_ns") for one in run.lines]) / MS for run in runs
            ]
            for share in (0.5, 0.99):
                told[f"{name}_p{100 * share:g}_ms"] = block_interval(rows, share, seed)
    answer: dict[str, object] = {name: one.as_dict() for name, one in told.items()}
    if spec.scenario.name == "SingleStream":
        bounds = [early_stopping_estimate(one, 0.9) for one in blocks]
        answer["early_stopping_p90_ms"] = {"by_repetition": bounds}
    return answer

"""From the raw logs of a report to its figures, findings and verdict.

`run` and `verify` call the same functions on the same files: a stranger gets the same numbers.
"""

from __future__ import annotations

import json
import statistics as plain
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from madang.testbed.errors import LogMalformed
from madang.testbed.harness.answers import LOG, score
from madang.testbed.harness.files import FROZEN, MEASURED, read_table
from madang.testbed.harness.mlperf import DETAIL, Verdict, judge_log
from madang.testbed.harness.samplelog import OUTCOME, SAMPLES, Columns, Ints, read_columns
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
FIRST_MIN = 4  # samples that were asked for the first time
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
    "remembers": "answers at once what it was asked before",
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


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a repetition's log outlives its reading: bytes of a few columns, not the log."""

    latency_ns: NDArray[np.float64]
    ttft_ns: NDArray[np.float64]
    tpot_ns: NDArray[np.float64]
    seconds: float
    tokens: int
    answers: dict[int, int]
    varied: frozenset[int]
    remembers: bool

    @property
    def samples_per_s(self) -> float:
        return len(self.latency_ns) / self.seconds


def kept(log: Columns, *, has_tokens: bool) -> Kept:
    """`answers` has the first answer to each sample, `varied` those that got another one."""
    order = np.argsort(log.sample, kind="stable")
    sample, output = log.sample[order], log.output[order]
    known, starts, counts = np.unique(sample, return_index=True, return_counts=True)
    others = output != np.repeat(output[starts], counts)
    empty = np.empty(0)
    return Kept(
        latency_ns=log.latency_ns.astype(np.float64),
        ttft_ns=log.ttft_ns.astype(np.float64) if has_tokens else empty,
        tpot_ns=log.tpot_ns if has_tokens else empty,
        seconds=max(1, int(log.done_ns.max() - log.issued_ns.min())) / 1e9,
        tokens=int(log.tokens.sum(dtype=np.int64)),
        answers=dict(zip(known.tolist(), output[starts].tolist(), strict=True)),
        varied=frozenset(np.unique(sample[others]).tolist()),
        remembers=_remembers(log),
    )


def _remembers(log: Columns) -> bool:
    """Whether samples that were asked before took less than half of the first time, and a
    difference that no pipe makes. Compares medians of what each answer took by itself."""
    order = np.argsort(log.done_ns, kind="stable")
    services = services_ns(log.issued_ns[order], log.done_ns[order]).astype(np.float64)
    is_first = np.zeros(len(log), dtype=bool)
    is_first[np.unique(log.sample[order], return_index=True)[1]] = True
    if is_first.sum() < FIRST_MIN or len(log) < 2 * is_first.sum():
        return False
    first, again = (percentile(services[one], 0.5) for one in (is_first, ~is_first))
    return first - again > max(CLAIM_SLACK_NS, first / 2)


@dataclass(slots=True)
class Measured:
    """One repetition. Without `kept` where it failed."""

    number: int
    findings: list[Finding] = field(default_factory=list)
    identity: dict[str, str] = field(default_factory=dict)
    kept: Kept | None = None
    loadgen: dict[str, object] = field(default_factory=dict)
    recomputed: str = "INVALID"

    def found(self, code: str, detail: str = "") -> None:
        self.findings.append(Finding(code, self.number, detail))

    def as_dict(self) -> dict[str, object]:
        told: dict[str, object] = {
            "repetition": self.number,
            "verdict": self.recomputed,
            "samples": len(self.kept.latency_ns) if self.kept else 0,
            "loadgen": self.loadgen,
            "findings": [one.as_dict() for one in self.findings],
        }
        if self.kept:
            told["samples_per_s"] = self.kept.samples_per_s
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
    good = [run.kept for run in runs if run.kept]
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
        log = read_columns(folder / SAMPLES)
        under_load = score(spec.accuracy, reference, folder / LOG) if reference else None
    except LogMalformed as err:
        run.found("unreadable", f"{err.fields['file']}: {err.fields['reason']}")
        return run
    run.loadgen = verdict.as_dict()
    run.kept = kept(log, has_tokens=spec.scenario.has_tokens) if len(log) else None
    reasons = [*verdict.reasons, *_own_reasons(spec, run.kept, log)]
    if verdict.says != "VALID" or reasons:
        run.found("invalid", "; ".join(reasons) or f"LoadGen says {verdict.says}")
    else:
        run.recomputed = "VALID"
    if under_load and under_load.answers and under_load.share < spec.accuracy.target:
        run.found("wrong_under_load", f"{under_load.right} of {under_load.answers} right")
    if verdict.samples != len(log):
        run.found("lost_samples", f"LoadGen {verdict.samples}, here {len(log)}")
    if run.kept:
        _two_clocks(spec, run, run.kept, verdict)
        _claims(spec, run, log)
    return run


def _own_reasons(spec: Spec, held: Kept | None, log: Columns) -> Iterator[str]:
    """The scenario's rules again, on the harness's clock."""
    if held is None:
        yield "no sample was answered"
        return
    wanted, count = spec.scenario, len(log)
    if held.seconds < spec.plan.min_duration_s * (1 - CLOCKS_APART) - ENDS_S:
        yield f"{held.seconds:.3f} s, at least {spec.plan.min_duration_s:g} s needed"
        if wanted.name in ("SingleStream", "Offline"):  # LoadGen ran out of queries
            yield f"faster than expected_qps: say more than {held.samples_per_s:.0f}"
    if wanted.name == "Server":
        late = int((held.latency_ns > wanted.latency_ms * MS).sum())
        if not early_stopping_met(late, count, wanted.percentile):
            yield f"{late} of {count} later than {wanted.latency_ms:g} ms"
    if wanted.has_tokens:
        yield from _token_reasons(spec, held, log)


def _token_reasons(spec: Spec, held: Kept, log: Columns) -> Iterator[str]:
    wanted = spec.scenario
    silent = int((log.first_ns < 0).sum())
    if silent:
        yield f"{silent} answers without a first token"
    for name, rows, limit in (
        ("first token", held.ttft_ns, wanted.ttft_ms),
        ("token", held.tpot_ns, wanted.tpot_ms),
    ):
        seen = percentile(rows, wanted.percentile) / MS
        if seen > limit:
            yield f"p99 of a {name} is {seen:.3f} ms, the limit {limit:g} ms"


def _two_clocks(spec: Spec, run: Measured, held: Kept, verdict: Verdict) -> None:
    """LoadGen's figure and ours; scheduled rates of a server are no measurement."""
    metric, value = verdict.metric, verdict.value
    if value is None or metric == "scheduled_samples_per_s":
        return
    if metric.startswith("latency"):
        own = percentile(held.latency_ns, spec.scenario.percentile)
        if abs(own - value) > CLOCKS_APART * value + CLAIM_SLACK_NS:
            run.found("clocks_differ", f"{metric}: {value:g}, here {own:g}")
        return
    lasted = len(held.latency_ns) / value if value > 0 else 0.0
    if abs(held.seconds - lasted) > CLOCKS_APART * lasted + ENDS_S:
        run.found("clocks_differ", f"{metric}: {value:g}, here {held.samples_per_s:g}")


def _claims(spec: Spec, run: Measured, log: Columns) -> None:
    """The system's own words about its speed, against the harness's clock.

    The least tenth of the gaps is judged: a busy machine widens some of them, never all.
    """
    order = np.argsort(log.done_ns, kind="stable")
    issued, done, claimed = (one[order] for one in (log.issued_ns, log.done_ns, log.claimed_ns))
    services = services_ns(issued, done)
    said = claimed >= 0
    if said.any() and spec.subject.concurrency == 1:
        gaps = (services - claimed)[said].astype(np.float64)
        took = percentile(services[said].astype(np.float64), 0.1)
        gap, most = percentile(gaps, 0.1), percentile(gaps, 0.5)
        if gap > CLAIM_SLACK_NS + CLAIM_SHARE * took:
            run.found("claims_faster", f"{gap / MS:.3f} ms of {took / MS:.3f} ms not claimed")
        if most < -CLAIM_SLACK_NS:
            run.found("clock_impossible", f"{-most / MS:.3f} ms more than {took / MS:.3f} ms")
    late = int(log.late.sum(dtype=np.int64))
    if late > LATE_SHARE_MAX * len(log):
        run.found("simulated_late", f"{late} of {len(log)}")
    more = int((log.claimed_tokens > log.tokens).sum())
    if more:
        run.found("tokens_unproved", f"{more} answers")


def services_ns(issued_ns: Ints, done_ns: Ints) -> Ints:
    """What each sample took in a system that answers one after another, in that order."""
    before = np.concatenate([np.zeros(1, np.int64), done_ns[:-1]])
    begun: Ints = np.maximum(before, issued_ns)
    return done_ns - begun


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
    logs = [run.kept for run in runs if run.kept]
    first: dict[int, int] = {}
    vary: set[int] = set()
    for one in logs:
        vary |= one.varied
        vary |= {n for n, said in one.answers.items() if first.setdefault(n, said) != said}
    if vary:
        found.append(Finding("answers_vary", 0, f"{len(vary)} of {len(first)} samples"))
    if logs and all(one.remembers for one in logs):  # a busy machine never slows just these
        found.append(Finding("remembers", 0, f"in {len(logs)} repetitions"))
    rates = [one.samples_per_s for one in logs]
    if len(rates) > 1 and plain.stdev(rates) > UNSTEADY * plain.mean(rates):
        found.append(Finding("unsteady", 0, f"{min(rates):.4g} to {max(rates):.4g} a second"))
    return found


def _figures(spec: Spec, logs: Sequence[Kept]) -> dict[str, object]:
    """Every figure with its interval."""
    seed = spec.plan.seed
    told = {"samples_per_s": t_interval([one.samples_per_s for one in logs])}
    blocks = [one.latency_ns / MS for one in logs]
    for share in (0.5, 0.9, 0.99):
        told[f"latency_p{100 * share:g}_ms"] = block_interval(blocks, share, seed)
    if spec.scenario.has_tokens:
        told["tokens_per_s"] = t_interval([one.tokens / one.seconds for one in logs])
        for name, rows in (
            ("ttft", [one.ttft_ns / MS for one in logs]),
            ("tpot", [one.tpot_ns / MS for one in logs]),
        ):
            for share in (0.5, 0.99):
                told[f"{name}_p{100 * share:g}_ms"] = block_interval(rows, share, seed)
    answer: dict[str, object] = {name: one.as_dict() for name, one in told.items()}
    if spec.scenario.name == "SingleStream":
        bounds = [early_stopping_estimate(one, 0.9) for one in blocks]
        answer["early_stopping_p90_ms"] = {"by_repetition": bounds}
    return answer

"""One run of MLCommons' LoadGen against one adapter, in this process.

LoadGen decides when to ask and says VALID or INVALID; the harness keeps its own clock beside
it. LoadGen waits for ever for an answer, so that a system that fails ends the whole process:
`on_trouble` writes what is known and does not return.
"""

from __future__ import annotations

import array
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import mlperf_loadgen as lg

from madang.testbed.harness.samplelog import COUNT_MAX, DIGEST_CHARACTERS, SAMPLES, Writer
from madang.testbed.harness.spec import QUERIES_MAX, Spec
from madang.testbed.harness.subjects.base import Adapter, Reply, Trouble

MS = 1_000_000
Asked = tuple[Iterator[lg.QuerySample], int]
MADE_FOR_ONE = 1.2
"""One stream gets so many times the queries of `expected_qps`; LoadGen would make two."""
ACCURACY_LOGGED = 64


@dataclass(frozen=True, slots=True)
class Seeds:
    """Three, as MLPerf publishes for a round; every repetition has its own."""

    library: int
    order: int
    schedule: int


def seeds_for(seed: int, repetition: int) -> Seeds:
    digest = hashlib.sha256(f"{seed}/{repetition}".encode()).digest()
    parts = [int.from_bytes(digest[i : i + 7], "big") for i in (0, 8, 16)]
    return Seeds(*parts)


def settings_for(spec: Spec, seeds: Seeds, *, accuracy: bool) -> lg.TestSettings:
    """MLPerf's rules for a scenario; the quick profile shortens them and is not comparable."""
    found, wanted = lg.TestSettings(), spec.scenario
    name = "Server" if wanted.has_tokens else wanted.name
    found.scenario = getattr(lg.TestScenario, name)
    found.mode = lg.TestMode.AccuracyOnly if accuracy else lg.TestMode.PerformanceOnly
    found.min_duration_ms = int(spec.plan.min_duration_s * 1000)
    found.min_query_count = queries_min(spec)
    found.max_query_count = int(MADE_FOR_ONE * QUERIES_MAX)
    found.offline_expected_qps = wanted.expected_qps
    found.server_target_qps = wanted.expected_qps
    found.single_stream_target_latency_percentile = wanted.percentile
    found.server_target_latency_percentile = wanted.percentile
    found.server_target_latency_ns = int(wanted.latency_ms * MS)
    share = MADE_FOR_ONE / 2 if spec.plan.comparable else 1.0
    found.single_stream_expected_latency_ns = int(1e9 / (share * _pregenerated(spec)))
    if wanted.has_tokens:
        found.use_token_latencies = True
        found.ttft_latency = int(wanted.ttft_ms * MS)
        found.tpot_latency = int(wanted.tpot_ms * MS)
    found.qsl_rng_seed, found.sample_index_rng_seed = seeds.library, seeds.order
    found.schedule_rng_seed = seeds.schedule
    found.accuracy_log_rng_seed = seeds.order
    found.accuracy_log_sampling_target = ACCURACY_LOGGED
    return found


def _pregenerated(spec: Spec) -> float:
    """LoadGen makes its queries beforehand; a short run can afford enough for any device."""
    return max(spec.scenario.expected_qps, 0.0 if spec.plan.comparable else 50_000.0)


def queries_min(spec: Spec) -> int:
    """mlperf.conf's least number of queries."""
    if spec.scenario.name == "Offline":
        return 24_576 if spec.plan.comparable else 1
    if spec.plan.comparable:
        return 1024 if spec.scenario.name == "SingleStream" else 270_336
    return 64 if spec.scenario.name == "SingleStream" else 700  # what early stopping needs


class Run:
    """Asks the adapter what LoadGen issues, and writes down when."""

    def __init__(
        self, adapter: Adapter, spec: Spec, on_trouble: Callable[[Trouble], NoReturn]
    ) -> None:
        self._adapter = adapter
        self._spec = spec
        self._on_trouble = on_trouble
        self._start_ns = time.perf_counter_ns()
        self._waiting: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self.log: Writer | None = None

    def perform(self, settings: lg.TestSettings, samples: int, folder: Path) -> None:
        """One whole LoadGen test, its logs in `folder`."""
        output = lg.LogOutputSettings()
        output.outdir = str(folder)
        output.copy_summary_to_stdout = False
        logs = lg.LogSettings()
        logs.log_output = output
        logs.enable_trace = False
        workers = self._workers()
        self.log = Writer(folder / SAMPLES)
        subject = lg.ConstructSUT(self._issue, _nothing)
        library = lg.ConstructQSL(samples, samples, _ignore, _ignore)
        lg.StartTestWithLogSettings(subject, library, settings, logs)
        for _ in workers:
            self._waiting.put(None)
        for one in workers:
            one.join()
        lg.DestroyQSL(library)
        lg.DestroySUT(subject)

    def _workers(self) -> list[threading.Thread]:
        made = [
            threading.Thread(target=self._work, daemon=True)
            for _ in range(self._spec.subject.concurrency)
        ]
        for one in made:
            one.start()
        return made

    def _issue(self, queries: list[lg.QuerySample]) -> None:
        """One query as it comes; all of Offline's are shared by those who work."""
        asked = iter(queries), time.perf_counter_ns() - self._start_ns
        for _ in range(min(len(queries), self._spec.subject.concurrency)):
            self._waiting.put(asked)

    def _work(self) -> None:
        while (asked := self._waiting.get()) is not None:
            queries, issued_ns = asked
            try:
                for one in queries:
                    self._answer(one.id, one.index, issued_ns)
            except Trouble as trouble:
                self._on_trouble(trouble)
            except BaseException as err:  # noqa: BLE001  LoadGen would wait for ever
                self._on_trouble(Trouble("garbled", f"adapter: {type(err).__name__}: {err}"))

    def _answer(self, query: int, sample: int, issued_ns: int) -> None:
        first = [-1]

        def on_first() -> None:
            first[0] = time.perf_counter_ns() - self._start_ns
            if self._spec.scenario.has_tokens:
                lg.FirstTokenComplete([lg.QuerySampleResponse(query, 0, 0)])

        reply = self._adapter.answer(sample, on_first)
        held = array.array("B", reply.output or b"\0")
        done_ns = time.perf_counter_ns() - self._start_ns
        address, size = held.buffer_info()
        if self._spec.scenario.has_tokens:
            answer = lg.QuerySampleResponse(query, address, size, reply.tokens)
        else:
            answer = lg.QuerySampleResponse(query, address, size)
        self._write(sample, issued_ns, first[0], done_ns, reply)
        lg.QuerySamplesComplete([answer])

    def _write(
        self, sample: int, issued_ns: int, first_ns: int, done_ns: int, reply: Reply
    ) -> None:
        assert self.log is not None
        said = -1 if reply.claimed_ns is None else reply.claimed_ns
        tokens = -1 if reply.claimed_tokens is None else reply.claimed_tokens
        times = (sample, issued_ns, first_ns, done_ns, said)
        counts = (reply.tokens, max(-1, min(COUNT_MAX, tokens)), int(reply.late))
        digest = hashlib.sha256(reply.output).hexdigest()[:DIGEST_CHARACTERS]
        self.log.add((*times, *counts), digest)


def _nothing() -> None:
    """LoadGen flushes; nothing is held back here."""


def _ignore(_samples: list[int]) -> None:
    """All samples are in memory already."""

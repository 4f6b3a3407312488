"""One repetition in a process of its own: `python -m madang.testbed.harness JOB SPEC FOLDER`.

A fresh process for every repetition makes them independent, and a system that hangs or takes
its harness down costs one repetition, not the report.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from madang.testbed.harness.loadgen import Run, seeds_for, settings_for
from madang.testbed.harness.samplelog import OUTCOME
from madang.testbed.harness.samples import load_samples
from madang.testbed.harness.spec import spec_from
from madang.testbed.harness.subjects.base import Adapter, Trouble
from madang.testbed.harness.subjects.making import adapter_for
from madang.testbed.harness.subjects.simulated import Pace


class Repetition:
    """What is told of one repetition, whatever happens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ending = threading.Lock()
        self.adapter: Adapter | None = None
        self.run: Run | None = None
        self.told: dict[str, object] = {}

    def end(self, trouble: Trouble | None) -> NoReturn:
        """Write and leave at once: LoadGen's own threads may be waiting for ever."""
        self._ending.acquire()  # the first of several troubles is the one
        if trouble is not None:
            self.told["trouble"] = {"kind": trouble.kind, "detail": trouble.detail}
        if self.adapter is not None:
            self.adapter.close()
        if self.run is not None and self.run.log is not None:
            self.run.log.close()
        (self._folder / OUTCOME).write_text(json.dumps(self.told, sort_keys=True) + "\n")
        sys.stderr.flush()
        os._exit(0)


def perform(
    job: dict[str, str | int | float], out: Path, spec_file: Path, near: Path
) -> NoReturn:
    one = Repetition(out)
    try:
        spec = spec_from(spec_file.read_bytes(), near)
        samples = load_samples(spec)
        pace = Pace(float(job["pace_first_s"]), float(job["pace_token_s"]))
        one.adapter = adapter_for(spec, samples, pace)
        one.told["identity"] = dict(one.adapter.identity())
        seeds = seeds_for(spec.plan.seed, int(job["repetition"]))
        one.told["seeds"] = asdict(seeds)
        one.adapter.answer(0, lambda: None)  # warm: loading is not measured, a first answer is
        one.run = Run(one.adapter, spec, one.end)
        settings = settings_for(spec, seeds, accuracy=job["mode"] == "accuracy")
        one.run.perform(settings, samples.count, out)
    except Trouble as trouble:
        one.end(trouble)
    one.end(None)


def main() -> NoReturn:
    job, spec_file, near = (Path(word) for word in sys.argv[1:4])
    perform(json.loads(job.read_text(encoding="utf-8")), job.parent, spec_file, near)

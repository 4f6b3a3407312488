"""A device that exists as a prediction only: right answers, at the predicted pace.

Answers are onnxruntime's; for a language model there are no weights, so that its tokens are
place-holders and no accuracy can be claimed. Where this machine computes more slowly than the
device would, the answer is late and says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from madang.testbed.harness.samples import Samples
from madang.testbed.harness.subjects.base import Reply
from madang.testbed.harness.subjects.local import Local

SLACK_NS = 200_000  # a wake-up of this machine


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of one sample, or of the first token and of each further one."""

    first_s: float
    token_s: float = 0.0


class SimulatedModel:
    def __init__(self, model: Path, samples: Samples, pace: Pace) -> None:
        self._local = Local(model, samples)
        self._pace = pace

    def identity(self) -> Mapping[str, str]:
        return {
            **self._local.identity(),
            "name": "simulated",
            "pace_s": repr(self._pace.first_s),
        }

    def answer(self, sample: int, on_first: Callable[[], None]) -> Reply:
        until = time.perf_counter_ns() + int(self._pace.first_s * 1e9)
        found = self._local.answer(sample, on_first)
        late = time.perf_counter_ns() > until
        _wait_until(until)
        return Reply(found.output, late=late)

    def close(self) -> None:
        self._local.close()


class SimulatedTokens:
    def __init__(self, tokens: int, pace: Pace) -> None:
        self._tokens = tokens
        self._pace = pace

    def identity(self) -> Mapping[str, str]:
        return {
            "name": "simulated",
            "first_s": repr(self._pace.first_s),
            "token_s": repr(self._pace.token_s),
        }

    def answer(self, sample: int, on_first: Callable[[], None]) -> Reply:
        until = time.perf_counter_ns() + int(self._pace.first_s * 1e9)
        _wait_until(until)
        on_first()
        until += int(self._pace.token_s * 1e9 * (self._tokens - 1))
        _wait_until(until)
        return Reply(b"", tokens=self._tokens)

    def close(self) -> None:
        """Nothing is held."""


def _wait_until(until_ns: int) -> None:
    """Sleep most of it, look at the clock for the rest."""
    while (left := until_ns - time.perf_counter_ns()) > 0:
        if left > SLACK_NS:
            time.sleep((left - SLACK_NS) / 1e9)

"""Whether answers are right: LoadGen's accuracy log against the reference, sample by sample."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from madang.testbed.errors import DataMalformed, LogMalformed
from madang.testbed.harness.samples import Samples
from madang.testbed.harness.spec import Accuracy, Spec

LOG = "mlperf_log_accuracy.json"


@dataclass(frozen=True, slots=True)
class Score:
    """`seen` distinct samples, `right` of `answers`."""

    seen: int
    answers: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.answers if self.answers else 0.0


def reference_for(spec: Spec, samples: Samples) -> list[bytes]:
    """The right answers, or an empty list where the specification claims none."""
    source = spec.accuracy.reference
    if source == "none":
        return []
    if source == "file":
        return _from_file(spec, samples)
    from madang.testbed.harness.subjects.local import (  # noqa: PLC0415  heavy
        Local,
    )

    local = Local(spec.path(spec.subject.model), samples)
    try:
        return [local.answer(i, lambda: None).output for i in range(samples.count)]
    finally:
        local.close()


def _from_file(spec: Spec, samples: Samples) -> list[bytes]:
    if spec.scenario.has_tokens:
        if any(one.expected is None for one in samples.prompts):
            raise DataMalformed(reason="every prompt needs an expected answer")
        return [str(one.expected).encode() for one in samples.prompts]
    if not samples.expected:
        raise DataMalformed(reason="the file of samples has no array named expected")
    return [np.asarray(one, dtype="<f4").tobytes() for one in samples.expected]


def logged(path: Path) -> Iterator[tuple[int, bytes]]:
    """Sample and answer of each line. LoadGen ends the list with a comma at times."""
    try:
        text = path.read_text(encoding="utf-8").strip()
        rows = json.loads(text) if text else []
        for row in rows:
            yield int(row["qsl_idx"]), bytes.fromhex(row["data"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise LogMalformed(file=path.name, reason="no accuracy log") from err


def score(accuracy: Accuracy, reference: Sequence[bytes], path: Path) -> Score:
    seen: set[int] = set()
    answers = right = 0
    for sample, answer in logged(path):
        seen.add(sample)
        answers += 1
        known = 0 <= sample < len(reference)
        right += known and is_right(accuracy, answer, reference[sample])
    return Score(len(seen), answers, right)


def is_right(accuracy: Accuracy, answer: bytes, wanted: bytes) -> bool:
    """One answer. Anything of another size, or not a number, is wrong."""
    if accuracy.metric == "exact":
        return answer == wanted
    if len(answer) != len(wanted) or len(answer) % 4:
        return False
    found, right = np.frombuffer(answer, "<f4"), np.frombuffer(wanted, "<f4")
    if not np.isfinite(found).all():
        return False
    if accuracy.metric == "top1":
        return bool(found.argmax() == right.argmax())
    return bool(np.allclose(found, right, rtol=accuracy.relative, atol=accuracy.absolute))

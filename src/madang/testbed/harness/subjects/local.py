"""onnxruntime on this machine's CPU, one thread: a subject, and the reference of others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # ships no types

from madang.testbed.harness.samples import Samples
from madang.testbed.harness.subjects.base import Reply, Trouble


def session_for(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(model), sess_options=options, providers=["CPUExecutionProvider"]
    )


class Local:
    def __init__(self, model: Path, samples: Samples) -> None:
        self._model = model
        self._samples = samples
        try:
            self._session = session_for(model)
        except Exception as err:  # onnxruntime's errors share no class of their own
            raise Trouble("refused", f"onnxruntime cannot load the model: {err}") from err

    def identity(self) -> Mapping[str, str]:
        return {
            "name": "onnxruntime CPUExecutionProvider",
            "version": onnxruntime.__version__,
            "model_sha256": hashlib.sha256(self._model.read_bytes()).hexdigest(),
        }

    def answer(self, sample: int, on_first: Callable[[], None]) -> Reply:
        try:
            found = self._session.run(None, dict(self._samples.tensors[sample]))
        except Exception as err:  # as above
            raise Trouble("refused", f"onnxruntime cannot run sample {sample}: {err}") from err
        return Reply(np.asarray(found[0], dtype="<f4").tobytes())

    def close(self) -> None:
        del self._session

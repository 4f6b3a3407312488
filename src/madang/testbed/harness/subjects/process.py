"""A maker's own process: JSON lines over standard input and output.

    → {"op": "hello", "protocol": 1}
    ← {"name": "…", "version": "…"}
    → {"op": "infer", "id": 7, "inputs": {"x": TENSOR}}
    ← {"id": 7, "output": TENSOR, "elapsed_ns": 900}
    → {"op": "generate", "id": 8, "prompt": "…", "max_tokens": 16}
    ← {"id": 8, "token": "…"}        once for each token, as soon as it is there
    ← {"id": 8, "done": true, "elapsed_ns": 900000}
    → {"op": "bye"}

TENSOR is {"dtype": "float32", "shape": [1, 4], "data": "base64 of little-endian numbers"}.
The first answer is not measured, so that a device may load and warm up. `elapsed_ns` may be
left out; where it is given it is compared with the harness's clock. Standard error is the
maker's own. The process leads its own group and is killed with all its children at the end.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from madang.testbed.harness.samples import Samples, Tensor
from madang.testbed.harness.subjects.base import Reply, Trouble

LINE_BYTES_MAX = 64 << 20
LINES_WAITING_MAX = 10_000
PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")


def tensor_out(value: Tensor) -> dict[str, object]:
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"dtype": str(value.dtype), "shape": list(value.shape), "data": data}


def tensor_in(found: object) -> bytes:
    """An answered tensor as little-endian float32 bytes."""
    if not isinstance(found, dict):
        raise Trouble("garbled", "output is no tensor")
    try:
        raw = base64.b64decode(str(found["data"]), validate=True)
        value = np.frombuffer(raw, np.dtype(str(found["dtype"]))).reshape(found["shape"])
        return value.astype("<f4").tobytes()
    except (KeyError, ValueError, TypeError) as err:
        raise Trouble("garbled", f"output is no tensor: {err}") from err


class Process:
    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        samples: Samples,
        *,
        wait_s: float,
        tokens: int,
    ) -> None:
        self._samples = samples
        self._wait_s = wait_s
        self._tokens_max = tokens
        self._asked = 0
        self._lines: queue.Queue[bytes] = queue.Queue(LINES_WAITING_MAX)
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        try:
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env=kept,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as err:
            raise Trouble("died", f"cannot be started: {err}") from err
        threading.Thread(target=self._listen, daemon=True).start()
        self._hello = self._greeted()

    def _listen(self) -> None:
        """Lines as they come; an empty one says that there are no more."""
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(LINE_BYTES_MAX):
            self._lines.put(line)
        self._lines.put(b"")

    def _greeted(self) -> dict[str, str]:
        try:
            self._say({"op": "hello", "protocol": 1})
            found = self._heard()
        except Trouble:
            self.close()
            raise
        return {str(key): str(value)[:200] for key, value in sorted(found.items())[:20]}

    def _say(self, message: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as err:
            raise self._death() from err

    def _heard(self) -> dict[str, object]:
        try:
            line = self._lines.get(timeout=self._wait_s)
        except queue.Empty:
            raise Trouble("hung", f"no answer in {self._wait_s:g} s") from None
        if not line:
            raise self._death()
        try:
            found = json.loads(line)
        except ValueError as err:
            raise Trouble("garbled", f"no JSON: {line[:80]!r}") from err
        if not isinstance(found, dict):
            raise Trouble("garbled", f"no object: {line[:80]!r}")
        return found

    def _death(self) -> Trouble:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return Trouble("died", "closed its output")
        return Trouble("died", f"ended with {code}")

    def identity(self) -> Mapping[str, str]:
        return self._hello

    def answer(self, sample: int, on_first: Callable[[], None]) -> Reply:
        self._asked += 1
        if self._samples.prompts:
            return self._generated(self._samples.prompts[sample].text, on_first)
        inputs = {n: tensor_out(one) for n, one in self._samples.tensors[sample].items()}
        self._say({"op": "infer", "id": self._asked, "inputs": inputs})
        found = self._own(self._heard())
        return Reply(tensor_in(found.get("output")), _claim(found))

    def _generated(self, prompt: str, on_first: Callable[[], None]) -> Reply:
        asked = {"op": "generate", "id": self._asked, "prompt": prompt}
        self._say({**asked, "max_tokens": self._tokens_max})
        pieces: list[str] = []
        while True:
            found = self._own(self._heard())
            if found.get("done"):
                break
            if len(pieces) >= self._tokens_max:
                raise Trouble("garbled", f"more than {self._tokens_max} tokens")
            if not pieces:
                on_first()
            pieces.append(str(found.get("token", "")))
        if not pieces:
            raise Trouble("garbled", "no token")
        return Reply("".join(pieces).encode(), _claim(found), len(pieces))

    def _own(self, found: dict[str, object]) -> dict[str, object]:
        if found.get("id") != self._asked:
            raise Trouble("garbled", f"answered {found.get('id')!r}, asked {self._asked}")
        if "error" in found:
            raise Trouble("refused", str(found["error"]))
        return found

    def close(self) -> None:
        """The whole group goes, also what the process started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _claim(found: Mapping[str, object]) -> int | None:
    claimed = found.get("elapsed_ns")
    if claimed is None:
        return None
    if isinstance(claimed, bool) or not isinstance(claimed, int) or not 0 <= claimed < 1 << 62:
        raise Trouble("garbled", "elapsed_ns is no count of nanoseconds")
    return claimed

"""Goal: compiled kernels are the functions as written. Method: the same work in this process,
compiled, and in another where NUMBA_DISABLE_JIT leaves every kernel plain Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

from madang.chips.npu import Array, Setting, run_layer
from madang.chips.workloads.layers import Layer, gemm

LAYERS = (gemm("g", 13, 27, 45), Layer("c", 11, 10, 3, 2, 4, 9, 2))


def work() -> list[object]:
    found: list[object] = []
    for dataflow in ("os", "ws", "is"):
        array = Array(5, 7, dataflow, 1, 1, 1)
        for layer in LAYERS:
            for compat, width in (
                (None, None),
                ("scalesim-3.0.0", None),
                ("scalesim-3.0.0", 10),
            ):
                given = None if width is None else Fraction(width)
                found.append(run_layer(Setting(array, compat, given), layer).as_dict())
    return found


def test_compiled_kernels_do_what_the_plain_functions_do() -> None:
    source = Path(__file__).parents[4] / "src"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(source)}
    plain = subprocess.run(
        [sys.executable, __file__],
        env=environment,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert json.loads(plain.stdout) == json.loads(json.dumps(work()))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(work()))

"""Goal: compiled kernels are the functions as written. Method: the same work in this process,
compiled, and in another where NUMBA_DISABLE_JIT leaves every kernel plain Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from madang.chips.pim.device import device
from madang.chips.pim.func import halves
from madang.chips.pim.lower import bankpair as lower
from madang.chips.pim.lower.attacc import Attention
from madang.chips.pim.plans.attacc import stack_cycles
from madang.chips.pim.spec import load
from madang.chips.pim.standards.gddr6_aim import Isr
from madang.chips.pim.stream import digest_bytes, empty
from madang.chips.pim.timing.aim import aim_cycles, tables_of
from madang.chips.pim.timing.channels import parameters, time_channel


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bankpair_work() -> list[object]:
    found: list[object] = []
    streams = [lower.gemv(1, 2, 1, 6, apart=True), lower.elementwise(2, 2, 8)]
    streams += [lower.gemv_tree(1, 2, 1, 10), lower.host_sweep(0, 300, 90, 4, 1)]
    for stream in streams:
        found.append(digest(digest_bytes(stream)))
        for profile in ("pimsimulator", "jedec"):
            run = time_channel(stream, parameters(load("hbm2-pim", profile)))
            found.append([run.cycles, digest(run.log.tobytes())])
    return found


def aim_work() -> list[object]:
    tables = tables_of(load("gddr6-aim", "aim_sim").timing())
    words = "WR_BIAS WR_GB MAC_ABK MAC_SBK RD_MAC SYNC COPY_BKGB EWMUL EOC"
    names = words.split()
    stream = empty(len(names))
    stream["op"] = [Isr[name] for name in names]
    stream["count"] = [1, 40, 40, 5, 1, 1, 7, 9, 1]
    stream["channels"][3], stream["bank"][3], stream["row"][7] = 5, 6, 2
    both = [
        aim_cycles(stream, tables, channels=32, capacity=33, ticks=t) for t in (False, True)
    ]
    mixed = np.concatenate([stream[:2], empty(2), stream[2:]])
    mixed["channels"][2:4] = 1
    mixed["op"][2:4] = Isr.WR_SBK, Isr.RD_SBK
    last = aim_cycles(mixed, tables, channels=32, capacity=33)
    return [*(run.cycles for run in both), last.cycles]


def value_work() -> list[object]:
    rng = np.random.default_rng(5)
    a, b = (
        halves.fp16_in(rng.integers(0, 1 << 16, 500).astype(np.uint16).view(np.float16))
        for _ in range(2)
    )
    out, found = np.empty_like(a), []
    with np.errstate(all="ignore"):
        for kernel in (halves.add, halves.multiply):
            kernel(out, a, b)
            found.append(digest(halves.fp16_out(out).tobytes()))
    w = rng.standard_normal((40, 32)).astype(np.float32)
    found.append(digest(device("gddr6-aim").gemv(w, w[0])[0].tobytes()))
    return found


def work() -> list[object]:
    attention = Attention(20, 17, 32, 2)
    return [
        bankpair_work(),
        aim_work(),
        value_work(),
        list(stack_cycles(load("hbm3-attacc"), attention)),
        device("upmem-v1", tasklets=5).run("add", elements=3_000_000).cycles,
    ]


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

"""The simulator of Alibaba's cluster-trace-gpu-v2020 as a peer, where somebody has it.

Nothing of it is kept here (CC-BY-4.0, github.com/alibaba/clusterdata): name the folder
`cluster-trace-gpu-v2020/simulator` of a copy in MADANG_PAI_SIMULATOR. It runs in a process of
its own on the same jobs, given as its CSV: one pool of cards and its own FIFO, which passes
over what does not fit; it goes through time second by second. Its charts are not wanted, so
that an empty matplotlib does for its import. Timed without reading, and so is ours beside it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

FIELDS = (
    *("job_id", "num_gpu", "num_cpu", "duration"),
    *("submit_time", "num_inst", "user", "gpu_type"),
)
PEER = """
import json, sys, time
source, stub, jobs, cards, count = sys.argv[1:6]
sys.path[:0] = [source, stub]
from simulator import Simulator
made = Simulator(csv_file=jobs, alloc_policy=8, preempt_policy=2, sort_node_policy=0,
    num_nodes=1, random_seed=42, max_time=10**9, num_spare_node=0, pattern=0, hetero=False,
    num_gpus=int(cards), num_cpus=24 * int(cards), arrival_rate=-1, num_jobs_limit=int(count),
    gpu_type_matching=0)
cpu = time.process_time()
done, _, wait_s, makespan_s = made.simulator_go(repeat=1)[0]
print(json.dumps({"cpu_s": time.process_time() - cpu, "jobs": done,
    "mean_wait_s": wait_s, "makespan_s": makespan_s}))
"""


class PaiPeer:
    """None of it without MADANG_PAI_SIMULATOR."""

    def __init__(self, source: str, folder: Path) -> None:
        self.source, self.folder = source, folder
        self.script = folder / "pai.py"
        self.script.write_text(PEER, encoding="utf-8")
        stub = folder / "stub" / "matplotlib"
        stub.mkdir(parents=True)
        for name in ("__init__.py", "pyplot.py"):
            (stub / name).touch()

    def run(self, rows: np.ndarray, cards: int) -> dict[str, float]:
        """Rows of submit, cards, run, limit."""
        jobs = self.folder / "pai.csv"
        with jobs.open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file)
            write.writerow(FIELDS)
            for number, (submit, size, run, _) in enumerate(rows.T.tolist(), 1):
                write.writerow([number, size, 0, run, submit, 1, "u", "MISC"])
        words = [self.source, self.folder / "stub", jobs, str(cards), str(rows.shape[1])]
        done = subprocess.run(
            [sys.executable, self.script, *words],
            check=True,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        return json.loads(done.stdout.splitlines()[-1])


def peer(folder: Path) -> PaiPeer | None:
    source = os.environ.get("MADANG_PAI_SIMULATOR")
    return PaiPeer(str(Path(source).resolve()), folder) if source else None

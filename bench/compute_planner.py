"""The planner's simulator against AccaSim, and a nation's day.

1. AccaSim 1.1.2 and ours on the same SWF (made here: Philly's run times), EASY backfill and
   FIFO, on Muri's site (8 nodes of 8) times 8 and on the size of the first national round (528
   nodes of 8), each with so much work that jobs wait: a third to a half of them with EASY, so
   that backfill is what is timed. CPU seconds, medians of interleaved rounds; wall seconds
   beside them, since the peer also waits for its own threads. Gate: 400 times with EASY on both
   sites, ours with reading the file, for the peer reads while it simulates.
2. FIFO without a node's borders must give the peer's start times, job by job.
3. A nation: 10,000 grants, 52,000 cards, 1,000,000 jobs submitted within a day, lengths from
   Philly, fairshare, EASY, whole nodes for large jobs. Gate: 10 CPU seconds on one core,
   compiled; wall seconds beside them.

4. The PAI simulator on the same jobs, where a copy is named (`bench/compute_pai.py`).

5. Forecast intervals on stretches that no choice was made on (seeds from 120 on, or from
   MADANG_BENCH_FIRST_SEED), and Muri's 54 published figures. Gates: 70 to 90 % of truths inside
   80 % intervals, for all jobs and each size; none of Muri's beyond what is allowed.

The peer goes into a throwaway environment; names that Python 3.10 took away are put back for
it. Without a package registry the peer's part is told as missing and its gate as not held.

    python -m bench compute          runs this too; JSON to bench/results/compute_planner.json
    python -m bench.compute_planner  this alone
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bench import compute_pai

from madang.compute.planner import coverage, published, traces
from madang.compute.planner.data import philly_runtimes_s
from madang.compute.planner.sim.run import (
    Outcome,
    grants_of,
    jobs_of,
    rules_of,
    simulate,
    whole_site,
)

RESULTS = Path(__file__).parent / "results" / "compute_planner.json"
ROUNDS = int(os.environ.get("MADANG_BENCH_ROUNDS") or 3)
JOBS = int(os.environ.get("MADANG_BENCH_JOBS") or 10_000)
NATION_JOBS, NATION_GRANTS, NATION_NODES, DAY_S = 1_000_000, 10_000, 6_500, 86_400
INTERVAL_SEEDS, FIRST_SEED = 60, int(os.environ.get("MADANG_BENCH_FIRST_SEED") or 120)
RATIO_GATE, NATION_GATE_S = 400, 10.0
SITES = {"64 nodes of 8": (64, 1.0), "528 nodes of 8": (528, 3.0)}  # nodes, offered load
SIZES, SHARES = (1, 2, 4, 8, 16), (0.6, 0.15, 0.12, 0.1, 0.03)

PEER = """
import collections, collections.abc, json, os, sys, time
for name in collections.abc.__all__:
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))
from accasim.base.allocator_class import FirstFit
from accasim.base.scheduler_class import EASYBackfilling, FirstInFirstOut
from accasim.base.simulator_class import Simulator
workload, config, policy, out = sys.argv[1:5]
made = {"fifo": FirstInFirstOut, "easy": EASYBackfilling}[policy](FirstFit())
simulator = Simulator(workload, config, made, scheduling_output=bool(out),
    statistics_output=False, show_statistics=False, RESULTS_FOLDER_PATH=out or os.getcwd())
wall, cpu = time.perf_counter(), time.process_time()
simulator.start_simulation()
print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))
"""


def made_jobs(count: int, cards: int, load: float, seed: int) -> np.ndarray:
    """Rows of submit, cards, run, limit: Philly's run times cut at a day."""
    rng = np.random.default_rng(seed)
    lengths = np.array(philly_runtimes_s())
    run = np.minimum(rng.choice(lengths, count).astype(np.int64) + 1, DAY_S)
    size = rng.choice(SIZES, count, p=SHARES)
    span = (run * size).sum() / cards / load
    submit = 1000 + np.sort(rng.uniform(0, span, count)).astype(np.int64)
    limit = (run * rng.choice([1, 1.5, 2, 4], count)).astype(np.int64)
    return np.stack([submit, size, run, limit])


def write_swf(path: Path, rows: np.ndarray) -> None:
    lines = [
        f"{n} {submit} -1 {run} {size} -1 -1 {size} {limit} 1 1 1 1 1 1 -1 -1 -1\n"
        for n, (submit, size, run, limit) in enumerate(rows.T.tolist(), 1)
    ]
    path.write_text("".join(lines), encoding="utf-8")


def write_config(path: Path, nodes: int, node_cards: int) -> None:
    config = {
        "equivalence": {"processor": {"core": 1}},
        "groups": {"g0": {"core": node_cards, "mem": 1_000_000}},
        "resources": {"g0": nodes},
        "start_time": 0,
    }
    path.write_text(json.dumps(config), encoding="utf-8")


class Peer:
    """AccaSim in an environment of its own; None when it cannot be had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "peer.py"
        self.script.write_text(PEER, encoding="utf-8")
        venv.create(folder / "venv", with_pip=True)
        self.python = folder / "venv" / "bin" / "python"
        subprocess.run(
            [self.python, "-m", "pip", "install", "-q", "accasim==1.1.2"],
            check=True,
            capture_output=True,
        )

    def run(self, swf: Path, config: Path, policy: str, out: str = "") -> dict[str, float]:
        done = subprocess.run(
            [self.python, self.script, swf, config, policy, out],
            check=True,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        return json.loads(done.stdout.splitlines()[-1])


def timed(function: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def ours(trace: traces.Trace, nodes: int, node_cards: int, policy: str) -> Outcome:
    jobs, _ = jobs_of(trace.submit_s, trace.cards, trace.run_s, trace.limit_s)
    rules = rules_of(node_cards, backfill=policy == "easy", first_fit=True)
    return simulate(jobs, grants_of(), whole_site(nodes, node_cards), rules)


def same_starts(peer: Peer, folder: Path) -> dict[str, object]:
    """FIFO on single cards: every start of ours against every start of the peer's."""
    rows = made_jobs(2000, 64, 1.1, 5)
    swf, config = folder / "same.swf", folder / "same.json"
    write_swf(swf, rows)
    write_config(config, 64, 1)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    peer.run(swf, config, "fifo", str(out))
    theirs = {}
    for line in (out / "sched-same.swf").read_text(encoding="utf-8").splitlines():
        number, rest = line.split(";", 1)
        start = rest.split("__")[-1].split(";", 1)[0]
        theirs[int(number)] = np.datetime64(start.replace(" ", "T")).astype(int)
    trace = traces.load(swf)
    found = ours(trace, 64, 1, "fifo").first_start_s + int(rows[0, 0])
    equal = sum(theirs.get(n + 1) == start for n, start in enumerate(found.tolist()))
    return {"jobs": len(found), "equal_starts": int(equal)}


def against_peer(peer: Peer, folder: Path) -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    for name, (nodes, load) in SITES.items():
        swf, config = folder / f"{nodes}.swf", folder / f"{nodes}.json"
        write_swf(swf, made_jobs(JOBS, nodes * 8, load, nodes))
        write_config(config, nodes, 8)
        trace = traces.load(swf)
        for policy in ("easy", "fifo"):
            ours(trace, nodes, 8, policy)
            rounds = [
                (
                    peer.run(swf, config, policy),
                    timed(lambda p=policy, n=nodes, t=trace: ours(t, n, 8, p)),
                    timed(lambda s=swf, n=nodes, p=policy: ours(traces.load(s), n, 8, p)),
                )
                for _ in range(ROUNDS)
            ]
            table.append(row(name, policy, rounds))
            table[-1]["share_waiting"] = waiting(trace, nodes, policy)
            print("  ", table[-1], flush=True)
    return table


def waiting(trace: traces.Trace, nodes: int, policy: str) -> float:
    """Of all jobs; with none a backfill has nothing to do."""
    found = ours(trace, nodes, 8, policy)
    return round(float((found.first_start_s > trace.submit_s).mean()), 2)


def against_pai(folder: Path) -> list[dict[str, object]]:
    """Empty without a copy of it."""
    peer = compute_pai.peer(folder)
    table: list[dict[str, object]] = []
    for name, (nodes, load) in SITES.items() if peer else ():
        rows = made_jobs(JOBS, nodes * 8, load, nodes)
        jobs, _ = jobs_of(*rows)
        site, rules = whole_site(nodes, 8), rules_of(8, first_fit=True)
        theirs = peer.run(rows, nodes * 8)
        mine = statistics.median(
            timed(lambda j=jobs, s=site, r=rules: simulate(j, grants_of(), s, r))["cpu_s"]
            for _ in range(3 * ROUNDS)
        )
        table.append(
            {
                "site": name,
                "peer_jobs_per_cpu_s": round(JOBS / theirs["cpu_s"]),
                "jobs_per_cpu_s": round(JOBS / mine),
                "ratio_cpu": round(theirs["cpu_s"] / mine),
                "peer_mean_wait_s": round(theirs["mean_wait_s"]),
            }
        )
        print("   PAI", table[-1], flush=True)
    return table


def row(
    name: str, policy: str, rounds: list[tuple[dict[str, float], ...]]
) -> dict[str, object]:
    theirs, mine, read = (
        {
            unit: statistics.median(one[k][unit] for one in rounds)
            for unit in ("cpu_s", "wall_s")
        }
        for k in range(3)
    )
    return {
        "site": name,
        "policy": policy,
        "peer_jobs_per_cpu_s": round(JOBS / theirs["cpu_s"]),
        "jobs_per_cpu_s": round(JOBS / mine["cpu_s"]),
        "ratio_cpu": round(theirs["cpu_s"] / mine["cpu_s"]),
        "ratio_wall": round(theirs["wall_s"] / mine["wall_s"]),
        "ratio_cpu_with_reading": round(theirs["cpu_s"] / read["cpu_s"]),
    }


def nation() -> dict[str, object]:
    """A day's million jobs, to the last one's end."""
    rng = np.random.default_rng(11)
    lengths = np.array(philly_runtimes_s())
    run = rng.choice(lengths, NATION_JOBS).astype(np.int64) + 1
    size = rng.choice(SIZES, NATION_JOBS, p=SHARES)
    submit = np.sort(rng.integers(0, DAY_S, NATION_JOBS))
    limit = (run * rng.choice([1, 1.5, 2, 4], NATION_JOBS)).astype(np.int64)
    grant = rng.integers(0, NATION_GRANTS, NATION_JOBS)
    jobs, _ = jobs_of(submit, size, run, limit, grant)
    grants = grants_of(NATION_GRANTS, cap=np.full(NATION_GRANTS, 64))
    site, rules = whole_site(NATION_NODES, 8), rules_of(8, fair=True)
    found: list[Outcome] = []
    times = timed(lambda: found.append(simulate(jobs, grants, site, rules)))
    wait_h = (found[0].first_start_s - jobs.submit_s) / 3600
    return {
        **times,
        "jobs_per_s": round(NATION_JOBS / times["wall_s"]),
        "events": found[0].events,
        "done": int((found[0].first_start_s >= 0).sum()),
        "wait_h_p50": round(float(np.quantile(wait_h, 0.5)), 2),
        "wait_h_p95": round(float(np.quantile(wait_h, 0.95)), 2),
        "last_end_days": round(float(found[0].end_s.max()) / DAY_S, 1),
    }


def accuracy() -> dict[str, object]:
    """Intervals on fresh stretches, and published results."""
    intervals = {
        one.figure: {
            "stretches": one.checks,
            "inside": round(one.stretched, 3),
            "unstretched": round(one.plain, 3),
            "held": one.held,
        }
        for one in coverage.coverage(INTERVAL_SEEDS, first=FIRST_SEED)
    }
    worst: dict[str, float] = {}
    lines = list(published.muri_lines())
    for one in lines:
        what = f"{one.group} {one.figure} percent"
        worst[what] = max(worst.get(what, 0.0), abs(one.error_percent))
    held = sum(one.held for one in lines)
    return {"intervals": intervals, "muri": {"figures": len(lines), "held": held, **worst}}


def compile_s() -> float:
    """The first call: compiles, or loads what was compiled before."""
    jobs, _ = jobs_of(*(np.array([one]) for one in (0, 1, 1, 1)))
    return timed(lambda: simulate(jobs, grants_of(), whole_site(1, 8), rules_of(8)))["wall_s"]


def main() -> int:
    found: dict[str, object] = {"jobs": JOBS, "compile_or_load_s": round(compile_s(), 2)}
    found["nation"] = nation()
    print("  nation", found["nation"], flush=True)
    found["accuracy"] = near = accuracy()
    print("  ", json.dumps(near), flush=True)
    gates = {"nation": float(found["nation"]["cpu_s"]) < NATION_GATE_S, "peer": False}
    gates["intervals"] = all(one["held"] for one in near["intervals"].values())
    gates["muri"] = near["muri"]["held"] == near["muri"]["figures"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            peer = Peer(folder)
        except (subprocess.CalledProcessError, OSError) as err:
            found["peer_missing"] = str(err)
        else:
            found["same_starts"] = same_starts(peer, folder)
            print("  ", found["same_starts"], flush=True)
            found["table"] = table = against_peer(peer, folder)
            equal = found["same_starts"]
            easy = [row["ratio_cpu_with_reading"] for row in table if row["policy"] == "easy"]
            gates["peer"] = min(easy) >= RATIO_GATE
            gates["same_starts"] = equal["equal_starts"] == equal["jobs"]
        found["pai"] = against_pai(folder)
    found["gates"] = gates
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["gates"]))
    return 0 if all(gates.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

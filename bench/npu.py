"""How the NPU lab agrees with SCALE-Sim in the same run, and how much less CPU it takes.

1. Agreement and speed: SCALE-Sim 3.0.0 from the package index, in an environment of its own
   that is thrown away, on random layers (a seed of its own each run); ours by replay and by
   closed form, CPU seconds of one process each. Gates: no count differs; 50 times less by
   replay, 10,000 times by closed form.
2. ONNXim: its recorded cycles and CPU seconds. Gates: active cycles equal, totals within 5 % on
   edges of 512 and more, 20 times less CPU.
3. Design points a second on one core, for all of ResNet-50; gate a million.
4. Published language model throughput: the targets of `madang chips validate`.

    python -m bench npu        JSON to bench/results/npu.json
    MADANG_BENCH_PEER=/path/to/python   an interpreter that has SCALE-Sim already
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core is what the gates speak of
ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "npu.json"
PEER = Path(__file__).parent / "npu_peer.py"
COUNT = int(os.environ.get("MADANG_BENCH_LAYERS") or 40)
SEED = int(os.environ.get("MADANG_BENCH_SEED") or time.time_ns() % 1_000_000)
REPLAY_GATE, CLOSED_GATE, POINTS_GATE, CORES_GATE = 50, 10_000, 1_000_000, 20
COLUMNS = {
    "Total Cycles": "total_cycles",
    "Stall Cycles": "stall_cycles",
    "Total Cycles (incl. prefetch)": "cycles_incl_prefetch",
    "SRAM IFMAP Reads": "sram_ifmap_reads",
    "SRAM Filter Reads": "sram_filter_reads",
    "SRAM OFMAP Writes": "sram_ofmap_writes",
    "DRAM IFMAP Reads": "dram_ifmap_reads",
    "DRAM Filter Reads": "dram_filter_reads",
    "DRAM OFMAP Writes": "dram_ofmap_writes",
}
SHARES = {
    "Overall Util %": "overall_util",
    "Mapping Efficiency %": "mapping_eff",
    "Compute Util %": "compute_util",
}


def peer_python(folder: Path) -> str:
    """An interpreter with SCALE-Sim: the one that is named, or one made for this run."""
    given = os.environ.get("MADANG_BENCH_PEER")
    if given:
        return given
    print("· installing SCALE-Sim 3.0.0 into an environment of its own")
    venv.create(folder / "peer", with_pip=True)
    python = str(folder / "peer" / "bin" / "python")
    words = [python, "-m", "pip", "install", "--quiet", "numpy==2.2.6", "scalesim==3.0.0"]
    subprocess.run(words, check=True)
    return python


def random_jobs(rng: random.Random) -> list[dict[str, object]]:
    """Arrays, buffers, dataflows, shapes and modes; one layer a job."""
    jobs = []
    for i in range(COUNT):
        kind = rng.choice(["gemm", "conv"])
        mode = "USER" if i % 3 == 2 else "CALC"
        if kind == "gemm":
            sizes = [64, 100, 127, 200, 256] if mode == "CALC" else [16, 31, 64, 100]
            layer = [rng.choice(sizes) for _ in range(3)]
        else:
            window = rng.choice([1, 2, 3, 5])
            side = window + rng.randint(4, 20)
            layer = [side, side + rng.randint(0, 5), window, window, rng.choice([3, 8, 16])]
            layer += [rng.choice([10, 24, 65]), rng.choice([1, 1, 2, 3])]
        jobs.append(
            {
                "mode": mode,
                "rows": rng.choice([7, 8, 16, 24, 32]),
                "cols": rng.choice([7, 8, 16, 24, 32]),
                "kb": [rng.choice([1, 2, 4, 8, 64]) for _ in range(3)],
                "dataflow": rng.choice(["os", "ws", "is"]),
                "kind": kind,
                "layer": layer,
                "bandwidth": rng.choice([4, 10, 20]),
            }
        )
    return jobs


def ask_peer(python: str, jobs: list[dict[str, object]]) -> list[dict[str, object]]:
    found = subprocess.run(
        [python, str(PEER)],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in found.stdout.splitlines()]


def setting_of(job):
    from madang.chips.npu import Array, Setting

    array = Array(job["rows"], job["cols"], job["dataflow"], *job["kb"])
    width = Fraction(job["bandwidth"]) if job["mode"] == "USER" else None
    return Setting(array, "scalesim-3.0.0", width)


def layer_of(job):
    from madang.chips.workloads.layers import Layer, gemm

    return gemm("g", *job["layer"]) if job["kind"] == "gemm" else Layer("c", *job["layer"])


def timed(work, least_s: float = 0.02) -> tuple[object, float]:
    """The answer, and CPU seconds of one call, from as many as make a measurement."""
    answer = work()
    start, repeats = time.process_time(), 0
    while not repeats or time.process_time() - start < least_s:
        work()
        repeats += 1
    return answer, (time.process_time() - start) / repeats


def against_scalesim(folder: Path) -> dict[str, object]:
    from madang.chips.npu import run_layer
    from madang.chips.npu.systolic import closed

    jobs = random_jobs(random.Random(SEED))
    answers = ask_peer(peer_python(folder), jobs)
    differing, peer_s, ours_s, formula_s, calc_peer_s = [], 0.0, 0.0, 0.0, 0.0
    for job, answer in zip(jobs, answers, strict=True):
        if "error" in answer:
            differing.append({"job": job, "error": answer["error"]})
            continue
        setting, layer = setting_of(job), layer_of(job)
        found, seconds = timed(lambda s=setting, x=layer: run_layer(s, x))
        peer_s, ours_s = peer_s + answer["cpu_s"], ours_s + seconds
        if job["mode"] == "CALC":
            array = setting.array
            formula_s += timed(lambda a=array, x=layer: closed.count(a, x, compat=True))[1]
            calc_peer_s += answer["cpu_s"]
        wrong = {
            name: [answer["row"][name], getattr(found, ours)]
            for name, ours in COLUMNS.items()
            if int(float(answer["row"][name])) != getattr(found, ours)
        }
        wrong |= {
            name: [answer["row"][name], getattr(found, ours)]
            for name, ours in SHARES.items()
            if abs(float(answer["row"][name]) - getattr(found, ours)) > 1e-4
        }
        if wrong:
            differing.append({"job": job, "wrong": wrong})
    return {
        "seed": SEED,
        "layers": len(jobs),
        "stall_layers": sum(job["mode"] == "USER" for job in jobs),
        "differing": differing,
        "scalesim_cpu_s": peer_s,
        "replay_cpu_s": ours_s,
        "replay_times_less": peer_s / ours_s,
        "closed_cpu_s": formula_s,
        "closed_times_less": calc_peer_s / formula_s,
    }


def against_onnxim() -> list[dict[str, object]]:
    from madang.chips.npu.cores.engine import run
    from madang.chips.npu.cores.machine import Machine

    file = ROOT / "tests" / "data" / "chips" / "onnxim-a1e8629-checks.csv"
    rows = []
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        m, k, n = int(row["m"]), int(row["k"]), int(row["n"])
        found, seconds = timed(lambda m=m, n=n, k=k: run(Machine(), m, n, k, compat=True))
        active = "/".join(str(one) for one in found.active_cycles)
        rows.append(
            {
                "shape": f"{m}x{k}x{n}",
                "large": min(m, k, n) >= 512,
                "active_equal": active == row["matmul_active_cycles_core0..3"],
                "total_error": found.total_cycles / int(row["total_cycles"]) - 1,
                "times_less": float(row["cpu_s"]) / seconds,
            }
        )
    return rows


def points_a_second() -> float:
    from madang.chips.npu import sweep
    from madang.chips.workloads.load import load

    sizes = tuple(range(4, 515, 2))
    space = sweep.Space(
        load("resnet50"), sizes, sizes, ("os", "ws", "is"), ("cycles", "multipliers")
    )
    return len(space) / timed(lambda: sweep.evaluate(space), 0.2)[1]


def networks() -> dict[str, dict[str, float]]:
    """Whole networks on a 128 x 128 array, ws, by replay."""
    from madang.chips.npu import Array, Setting, run_graph
    from madang.chips.workloads.load import load

    found = {}
    for name in ("resnet50", "bert-base", "gpt2"):
        graph = load(name)
        run, seconds = timed(
            lambda g=graph: run_graph(Setting(Array(128, 128, "ws", 512, 512, 256)), g)
        )
        found[name] = {"cycles": run.cycles, "cpu_s": seconds, "macs": graph.macs}
    return found


def published() -> list[dict[str, object]]:
    from madang.chips.predict import validate

    return [one.as_dict() for one in validate.targets(validate.lines())]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        peer = against_scalesim(Path(folder))
    cores, points, whole, targets = against_onnxim(), points_a_second(), networks(), published()
    print(f"SCALE-Sim: {peer['layers']} layers, {len(peer['differing'])} differ (seed {SEED})")
    print(f"  replay {peer['replay_times_less']:.0f}x, closed {peer['closed_times_less']:.0f}x")
    for row in cores:
        words = f"{100 * row['total_error']:+.1f} % {row['times_less']:.0f}x"
        print(f"ONNXim {row['shape']:16} {words}")
    print(f"{points / 1e6:.1f} million network points a second")
    for name, row in whole.items():
        print(f"{name}: {row['cycles']} cycles in {row['cpu_s']:.3f} s")
    for one in targets:
        words = f"{100 * one['mean_absolute_error']:.1f} % of {100 * one['limit']:.0f} %"
        print(f"{words}: {one['name']}")
    large = [row for row in cores if row["large"]]
    gates = {
        "no count differs from SCALE-Sim": not peer["differing"],
        f"{REPLAY_GATE} times less CPU by replay": peer["replay_times_less"] >= REPLAY_GATE,
        f"{CLOSED_GATE} times less CPU by closed form": peer["closed_times_less"]
        >= CLOSED_GATE,
        "active cycles equal to ONNXim's": all(row["active_equal"] for row in cores),
        "totals within 5 % of ONNXim's on edges of 512 and more": all(
            abs(row["total_error"]) <= 0.05 for row in large
        ),
        f"{CORES_GATE} times less CPU than ONNXim": all(
            row["times_less"] >= CORES_GATE for row in cores
        ),
        f"{POINTS_GATE} network points a second": points >= POINTS_GATE,
        "published throughput within the targets": all(one["held"] for one in targets),
    }
    for name, held in gates.items():
        print(f"{'held  ' if held else 'MISSED'} {name}")
    RESULTS.parent.mkdir(exist_ok=True)
    found = {
        "scalesim": peer,
        "onnxim": cores,
        "points_a_second": points,
        "networks": whole,
        "targets": targets,
        "gates": gates,
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if all(gates.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

"""SCALE-Sim 3.0.0 as a black box: jobs as JSON on standard input, one answer a line.

Runs in the peer's own environment; nothing of Madang is imported here.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
import tempfile
import time
from pathlib import Path

CONFIG = """[general]
run_name = run
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {cols}
IfmapSramSzkB: {ifmap}
FilterSramSzkB: {filter}
OfmapSramSzkB: {ofmap}
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: {bandwidth}
Dataflow: {dataflow}
MemoryBanks: 1
ReadRequestBuffer: 32
WriteRequestBuffer: 32
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 40
[run_presets]
InterfaceBandwidth: {mode}
UseRamulatorTrace: False
"""


def files(job: dict, folder: Path) -> tuple[str, str, str]:
    ifmap, filters, ofmap = job["kb"]
    sizes = {"ifmap": ifmap, "filter": filters, "ofmap": ofmap}
    (folder / "run.cfg").write_text(CONFIG.format(**job, **sizes))
    numbers = ",".join(str(one) for one in job["layer"])
    (folder / "net.csv").write_text(f"Layer,sizes,\nlayer,{numbers},\n")
    (folder / "layout.csv").write_text("Layer\nlayer," + "1," * 14 + "\n")
    return tuple(str(folder / name) for name in ("run.cfg", "net.csv", "layout.csv"))


def first_row(folder: Path, name: str) -> dict:
    text = next(folder.rglob(name)).read_text()
    return next(csv.DictReader(io.StringIO(text), skipinitialspace=True))


def run(job: dict, folder: Path) -> dict:
    from scalesim.scale_sim import scalesim

    config, topology, layout = files(job, folder)
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        peer = scalesim(
            save_disk_space=True,
            verbose=False,
            config=config,
            topology=topology,
            layout=layout,
            input_type_gemm=job["kind"] == "gemm",
        )
        peer.run_scale(top_path=str(folder / "out"))
    cpu_s = time.process_time() - start
    row = first_row(folder, "COMPUTE_REPORT.csv") | first_row(
        folder, "DETAILED_ACCESS_REPORT.csv"
    )
    return {"row": row, "cpu_s": cpu_s}


def answer_all() -> None:
    for job in json.load(sys.stdin):
        with tempfile.TemporaryDirectory() as folder:
            try:
                answer = run(job, Path(folder))
            except Exception as err:  # noqa: BLE001  whatever the peer does is its answer
                answer = {"error": repr(err)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answer_all()

"""Perfetto traces with the command classes of the RBLN profiler as track names.

A simulated run and one recorded on a device then line up in ui.perfetto.dev. Classes that a
simulation does not fill are there and empty.
"""

from __future__ import annotations

import json

from madang.chips.npu.cores.engine import CoreRun
from madang.chips.npu.run import Run

CLASSES = (
    *("Host", "Neural Engine Clusters", "Neural DMA", "Task DMA"),
    *("External HDMA", "Device HDMA", "Device Sync"),
)
ENGINES, NEURAL_DMA, TASK_DMA = 1, 2, 3


def _names(threads: int, thread: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for pid, name in enumerate(CLASSES):
        found.append({"ph": "M", "name": "process_name", "pid": pid, "args": {"name": name}})
        found.append(
            {"ph": "M", "name": "process_sort_index", "pid": pid, "args": {"sort_index": pid}}
        )
        found += [
            {
                "ph": "M",
                "name": "thread_name",
                "pid": pid,
                "tid": tid,
                "args": {"name": f"{thread} {tid}"},
            }
            for tid in range(threads)
        ]
    return found


def _span(
    pid: int, tid: int, name: str, start_us: float, end_us: float, **facts: int
) -> dict[str, object]:
    return {
        "ph": "X",
        "name": name,
        "pid": pid,
        "tid": tid,
        "ts": round(start_us, 4),
        "dur": round(end_us - start_us, 4),
        "args": facts,
    }


def of_cores(run: CoreRun) -> str:
    """Products on the engines, blocks in and out on the neural DMA, a thread for each core."""
    us = 1 / run.machine.clock_mhz
    found = _names(run.machine.cores, "core")
    for one in run.spans:
        pid = ENGINES if one.track == "compute" else NEURAL_DMA
        found.append(
            _span(pid, one.core, one.name, one.start * us, one.end * us, bytes=one.bytes)
        )
    return _text(found)


def of_run(run: Run, clock_mhz: int) -> str:
    """Layers one after the other on one array; vector work on a second thread."""
    found, at = _names(2, "array"), 0.0
    us = 1 / clock_mhz
    for one in run.layers:
        cycles = one.total_cycles + one.vector_cycles
        thread = 1 if one.vector_cycles else 0
        moved = one.dram_ifmap_reads + one.dram_filter_reads
        moved += one.dram_ofmap_writes + one.dram_ofmap_reads
        end = at + cycles * us
        found.append(_span(ENGINES, thread, one.name, at, end, cycles=cycles, macs=one.macs))
        if moved:
            found.append(_span(TASK_DMA, 0, one.name, at, end, words=moved))
        at = end
    return _text(found)


def _text(events: list[dict[str, object]]) -> str:
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"}, separators=(",", ":"))

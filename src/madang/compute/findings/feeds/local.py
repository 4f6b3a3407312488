"""The local engine's stand-in: the share of the processor that a job's processes take.

A machine without cards has no utilisation of cards to ask for. One slot stands for one core,
and the mean since the job's start is told as such, under the name `cpu`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from madang.compute.engines.local import store
from madang.compute.findings.measuring import WHOLE, Told

KEEPER = "madang.compute.engines.local.keeper"
PROCESSES_MAX = 100_000
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
UTIME, STIME, CUTIME, CSTIME = 11, 12, 13, 14
"""Fields of /proc/PID/stat after the name, counted from 0: own and of children waited for."""


def read_local(root: Path, at: datetime) -> Iterator[Told]:
    """Every job whose keeper lives. What ends while it is read is left out."""
    keepers = _keepers(root)
    for job, spec in store.jobs(root):
        start = store.read_moment(job / "start.json")
        pid = keepers.get(job.name)
        if start is None or pid is None or (job / "end.json").exists():
            continue
        elapsed_ms = round(at.timestamp() * 1000) - start.at_ms
        if elapsed_ms > 0:
            busy_ms = 1000 * sum(map(_ticks, _below(pid))) // TICKS_PER_S
            share = WHOLE * busy_ms // (elapsed_ms * spec.cards)
            yield Told(spec.key, elapsed_ms, min(share, WHOLE))


def _keepers(root: Path) -> dict[str, int]:
    """Keepers of this folder's jobs, by the job's folder name, from the list of processes."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        words = _read(entry / "cmdline").split("\0")
        if KEEPER in words and str(root) in words:
            found[words[words.index(str(root)) + 1]] = int(entry.name)
    return found


def _below(pid: int) -> Iterator[int]:
    """Everything that a process has started and that lives, without itself."""
    waiting, seen = [pid], 0
    while waiting and seen < PROCESSES_MAX:
        one = waiting.pop()
        children = [
            int(word) for word in _read(Path(f"/proc/{one}/task/{one}/children")).split()
        ]
        seen += len(children)
        waiting += children
        yield from children


def _ticks(pid: int) -> int:
    """Clock ticks on a processor, with those of its own children that have ended."""
    _, _, rest = _read(Path(f"/proc/{pid}/stat")).rpartition(")")
    words = rest.split()
    if len(words) <= CSTIME:
        return 0
    return sum(int(words[field]) for field in (UTIME, STIME, CUTIME, CSTIME))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:  # it ended meanwhile
        return ""

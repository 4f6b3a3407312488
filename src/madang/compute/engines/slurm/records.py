"""What the nodes say: a line per start and end, written by prolog and epilog.

Each line: epoch seconds, `prolog_slurmd` or `epilog_slurmd`, job id, node.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from madang.compute.engines.slurm.reading import instant

START, END = "prolog_slurmd", "epilog_slurmd"
Stay = tuple[datetime, datetime | None]
"""Start, and end where it has been seen."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One stay of a job on one node. `ended_at` None: nobody has seen its end."""

    node: str
    started_at: datetime
    ended_at: datetime | None


def can_read(folder: Path | None) -> bool:
    """Also where no node writes any: nothing is missing then."""
    return folder is None or os.access(folder, os.R_OK | os.X_OK)


def read_records(folder: Path | None) -> dict[str, list[NodeRecord]]:
    """By job id, in order. A line that is not whole is left out."""
    found: dict[str, list[NodeRecord]] = defaultdict(list)
    for path in sorted(folder.glob("*.log")) if folder else ():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.split()
            at = instant(words[0]) if words else None
            if at is not None and len(words) == len(("at", "what", "job", "node")):
                _add(found[words[2]], words[1], words[3], at)
    return found


def _add(records: list[NodeRecord], what: str, node: str, at: datetime) -> None:
    if what == START:
        records.append(NodeRecord(node, at, None))
        return
    for index in reversed(range(len(records))):
        if records[index].node == node and records[index].ended_at is None:
            records[index] = NodeRecord(node, records[index].started_at, at)
            return


def stay_of(
    records: Iterable[NodeRecord], started_at: datetime, *, tolerance_s: int
) -> Stay | None:
    """First start and last end over the nodes of the attempt that started then."""
    near = [
        one
        for one in records
        if abs((one.started_at - started_at).total_seconds()) <= tolerance_s
    ]
    if not near:
        return None
    return min(one.started_at for one in near), _last_end(near)


def stays(records: Iterable[NodeRecord], *, tolerance_s: int) -> list[Stay]:
    """First start and last end of every run: what began together on several nodes is one."""
    runs: list[list[NodeRecord]] = []
    for one in sorted(records, key=lambda record: record.started_at):
        first = runs[-1][0].started_at if runs else None
        if first is None or (one.started_at - first).total_seconds() > tolerance_s:
            runs.append([])
        runs[-1].append(one)
    return [(run[0].started_at, _last_end(run)) for run in runs]


def _last_end(run: Iterable[NodeRecord]) -> datetime | None:
    ends = [one.ended_at for one in run]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None

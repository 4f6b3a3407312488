"""Slurm's own figure: the trackable resource gres/gpuutil of a running job's steps.

It is there where the cluster accounts for it (AccountingStorageTRES=gres/gpuutil, and cards
that NVML finds). Where it is not, nothing is told: an exporter is the other way in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from madang.compute.engines.slurm.commands import Commands, split_rows
from madang.compute.engines.slurm.reading import SACCT_FIELDS, Unread, row_of
from madang.compute.engines.types import RunState
from madang.compute.errors import EngineRefused
from madang.compute.findings.measuring import WHOLE, Told

FIELDS = ("JobIDRaw", "TRESUsageInAve")
UTILISATION = "gres/gpuutil"
JOBS_PER_CALL = 500
PERMILLE_PER_PERCENT = 10


def read_slurm(commands: Commands, cluster: str, at: datetime) -> Iterator[Told]:
    """Running jobs and the mean since their start. Raises EngineUnwell."""
    rows = commands.rows(
        SACCT_FIELDS, "sacct", "-a", "-X", "-P", "-n", "-s", "R", f"--clusters={cluster}"
    )
    facts = [one for one in map(row_of, rows) if not isinstance(one, Unread)]
    running = {one.job_id: one for one in facts if one.state is RunState.RUNNING}
    shares = _shares(commands, sorted(running))
    for job_id, percents in shares.items():
        fact = running[job_id]
        assert fact.started_at is not None, "it runs"
        elapsed_ms = round((at - fact.started_at).total_seconds() * 1000)
        if elapsed_ms > 0:
            yield Told(fact.key, elapsed_ms, permille_of(percents, fact.cards))


def _shares(commands: Commands, job_ids: Sequence[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for first in range(0, len(job_ids), JOBS_PER_CALL):
        some = job_ids[first : first + JOBS_PER_CALL]
        try:
            text = commands.run(
                "sstat", "-a", "-P", "-n", f"--format={','.join(FIELDS)}", "-j", ",".join(some)
            )
        except EngineRefused:  # one of them ended meanwhile: next time
            continue
        found |= utilisation_in(split_rows(FIELDS, text, "|"))
    return found


def utilisation_in(rows: Iterable[Mapping[str, str]]) -> dict[str, list[int]]:
    """Percents of a job's steps, by job. A step that tells none is left out."""
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        pairs = dict(one.partition("=")[::2] for one in row["TRESUsageInAve"].split(","))
        told = pairs.get(UTILISATION, "")
        if told.isdigit():
            found[row["JobIDRaw"].partition(".")[0]].append(int(told))
    return dict(found)


def permille_of(percents: Sequence[int], cards: int) -> int:
    """Steps run beside each other: their percents add up over the cards of the job."""
    return min(WHOLE, sum(percents) * PERMILLE_PER_PERCENT // max(1, cards))

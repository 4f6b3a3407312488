"""Text of NVIDIA's DCGM exporter: one gauge per card, with the job that holds it as a label.

The exporter adds `hpc_job` when it is told where Slurm's prolog writes who holds which card.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from madang.compute.findings.measuring import WHOLE, Interval

GAUGE = "DCGM_FI_DEV_GPU_UTIL"
JOB_LABEL = "hpc_job"
PERMILLE_PER_PERCENT = 10
_LINE = re.compile(rf"^{GAUGE}\{{(?P<labels>.*)\}}\s+(?P<value>[0-9.eE+-]+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_dcgm(text: str, *, seconds: int, at: datetime) -> Iterator[Interval]:
    """The mean over a job's cards, for each job that is named. A card without a job, and a
    line of another gauge, are left out."""
    by_job: dict[str, list[float]] = defaultdict(list)
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        job = dict(_LABEL.findall(found["labels"])).get(JOB_LABEL, "")
        if job:
            by_job[job].append(float(found["value"]))
    for job, values in sorted(by_job.items()):
        mean = round(PERMILLE_PER_PERCENT * sum(values) / len(values))
        yield Interval(job, min(max(mean, 0), WHOLE), seconds, at)

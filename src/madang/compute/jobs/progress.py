"""How far a job has come, by its own word: a line `madang-progress: 40` in what it writes."""

from __future__ import annotations

import re
from datetime import datetime

from madang.compute.jobs.models import Job
from madang.compute.jobs.queries import ref_of
from madang.compute.sites.engines import engine_for
from madang.core.errors import Unwell

_LINE = re.compile(r"^madang-progress: *(\d{1,3})\s*$", re.MULTILINE)
WHOLE = 100


def progress_in(log: str) -> int | None:
    """The last that it said, in per cent. None: it said nothing."""
    found = _LINE.findall(log)
    return min(int(found[-1]), WHOLE) if found else None


def note_progress(job: Job, *, bytes_max: int, at: datetime) -> str:
    """The end of what the job wrote, and what it says in it of its progress, kept in its row.
    Nothing when the engine does not answer: what was known stays."""
    if not job.engine_job:
        return ""
    try:
        log = engine_for(job.site, at).log(ref_of(job), bytes_max=bytes_max)
    except Unwell:
        return ""
    found = progress_in(log)
    if found is not None and found != job.progress:
        job.progress = found
        job.save(update_fields=["progress"])
    return log

"""Files that a job left in its folder of outputs: listed, and opened by their listed names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.http import FileResponse

from madang.compute.jobs.models import Job
from madang.compute.jobs.queries import ref_of
from madang.compute.sites.engines import engine_for
from madang.core.errors import NotFound

FILES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Output:
    """`name` is its path inside the folder, with forward slashes."""

    name: str
    bytes: int
    path: Path


def outputs_of(job: Job, *, at: datetime) -> list[Output]:
    """By name. Nothing while the job has not ended, or where its engine collects nothing."""
    folder = engine_for(job.site, at).outputs(ref_of(job)) if job.engine_job else None
    if folder is None or not folder.is_dir():
        return []
    plain = (one for one in sorted(folder.rglob("*")) if one.is_file() and not one.is_symlink())
    found = [Output(one.relative_to(folder).as_posix(), one.stat().st_size, one)
             for one in plain]  # fmt: skip
    return found[:FILES_MAX]


def sent(one: Output) -> FileResponse:
    """To be saved, never shown: it was written by somebody's job."""
    return FileResponse(
        one.path.open("rb"), as_attachment=True, filename=one.path.name,
        content_type="application/octet-stream",
    )  # fmt: skip


def output_named(job: Job, name: str, *, at: datetime) -> Output:
    """Only what is listed: a name never leads out of the folder. Raises NotFound."""
    found = next((one for one in outputs_of(job, at=at) if one.name == name), None)
    if found is None:
        raise NotFound(noun="output")
    return found

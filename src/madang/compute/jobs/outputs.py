"""Files that a job left in its folder of outputs: listed, and opened by their listed names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from os.path import isfile
from pathlib import Path
from unicodedata import category

from django.http import FileResponse

from madang.compute.jobs.models import Job
from madang.compute.jobs.queries import ref_of
from madang.compute.sites.engines import engine_for
from madang.core.errors import NotFound

UNTOLD = frozenset({"Cc", "Cs"})
"""Kinds of characters that no name in a list has: controls (an end of line), and half of one
(a byte that is no UTF-8)."""

LISTED_MAX = 1000
"""Of one job, in a list. The others can be taken by name, or all together by the command."""


@dataclass(frozen=True, slots=True)
class Output:
    """`name` is its path inside the folder, with forward slashes."""

    name: str
    path: Path

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True, slots=True)
class Listed:
    """The first of a job's files, and how many more there are."""

    files: Sequence[Output] = ()
    more: int = 0


def outputs_of(job: Job, *, at: datetime) -> list[Output]:
    """All of them, by name. Nothing while the job has not ended, or where its engine collects
    nothing."""
    folder = _folder(job, at)
    if folder is None:
        return []
    plain = (one for one in sorted(folder.rglob("*")) if one.is_file() and not one.is_symlink())
    return [Output(one.relative_to(folder).as_posix(), one) for one in plain]


def _folder(job: Job, at: datetime) -> Path | None:
    """Where they lie, as a path without links."""
    found = engine_for(job.site, at).outputs(ref_of(job)) if job.engine_job else None
    return found.resolve() if found is not None and found.is_dir() else None


def listed(outputs: Sequence[Output]) -> Listed:
    """What a list shows of them: the first whose names a page, a link and a terminal carry."""
    shown = [one for one in outputs if not UNTOLD & set(map(category, one.name))][:LISTED_MAX]
    return Listed(shown, len(outputs) - len(shown))


def sent(one: Output) -> FileResponse:
    """To be saved, never shown: it was written by somebody's job."""
    return FileResponse(
        one.path.open("rb"), as_attachment=True, filename=one.path.name,
        content_type="application/octet-stream",
    )  # fmt: skip


def output_named(job: Job, name: str, *, at: datetime) -> Output:
    """Only what lies there: a name never leads out of the folder. Raises NotFound."""
    folder = _folder(job, at)
    place = folder / name if folder else Path()
    is_plain = isfile(place) and place.resolve() == place  # noqa: PTH113  takes any name
    if folder not in place.parents or not is_plain:
        raise NotFound(noun="output")
    return Output(name, place)

"""Data sets that jobs read: a port that whoever keeps data sets fills at start-up.

A job names `SET` or `SET@VERSION`. Before anything is held the version is pinned, for whoever
submits; before the engine hears of the job its files are laid out, and access is asked again.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from madang.compute.errors import (
    DatasetNotHere,
    DatasetRepeated,
    EngineRefused,
    EngineUnwell,
)
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job
from madang.core.errors import NotAllowed, NotFound, Refused, Unwell
from madang.parties.actor import Actor

log = logging.getLogger("madang.compute")


class Provider(Protocol):
    """What a keeper of data sets does for jobs. Refusals are its own."""

    def pin(self, actor: Actor, grant: Grant, dataset: str, *, at: datetime) -> str:
        """`SET@VERSION` of what this reader gets now. Raises NotFound, Refused, NotAllowed."""

    def lay_out(self, job: Job, pinned: str, *, at: datetime) -> str:
        """The folder with the version's files, read-only. Asks access again, counts the use."""


_makers: list[Callable[[], Provider]] = []


def register_datasets(make: Callable[[], Provider]) -> None:
    """Called once at start-up by whoever keeps data sets; made when a job names one."""
    _makers.append(make)


def _provider(dataset: str) -> Provider:
    if not _makers:
        raise DatasetNotHere(dataset=dataset)
    return _makers[-1]()


def pinned_datasets(
    actor: Actor, grant: Grant, datasets: Iterable[str], *, at: datetime
) -> list[str]:
    """Each with its version. Raises DatasetNotHere, DatasetRepeated, or its keeper's."""
    found = [_provider(one).pin(actor, grant, one, at=at) for one in datasets]
    variables_of(found)
    return found


def mounts_of(job: Job, *, at: datetime) -> dict[str, str]:
    """Names as environment names, and the folders. A version that was recalled, or an access
    that ended, since the job was submitted refuses the job: EngineRefused. A full disk, or
    bytes that are damaged, let it wait: EngineUnwell."""
    named = variables_of(job.datasets)
    return {name: _laid_out(job, one, at) for one, name in named.items()}


def _laid_out(job: Job, dataset: str, at: datetime) -> str:
    try:
        return _provider(dataset).lay_out(job, dataset, at=at)
    except (NotFound, NotAllowed, Refused) as err:
        reason = f"the data set {dataset} can no longer be read ({err.code})"
        raise EngineRefused(site=job.site.code, reason=reason) from err
    except (OSError, Unwell) as err:
        log.exception("data set not laid out", extra={"job": str(job.id)})
        raise EngineUnwell(site=job.site.code, reason="data set not laid out") from err


def variables_of(pinned: Iterable[str]) -> Mapping[str, str]:
    """`hana/first@1.0` is MADANG_DATASET_hana_first to its job; a second version of the same
    set carries its number, too. Raises DatasetRepeated when two would be one."""
    names = list(pinned)
    count = Counter(_plain(one.partition("@")[0]) for one in names)
    found = {}
    for one in names:
        code = _plain(one.partition("@")[0])
        found[one] = code if count[code] == 1 else _plain(one)
    if len(set(found.values())) != len(names):
        raise DatasetRepeated(datasets=", ".join(names))
    return found


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", text)

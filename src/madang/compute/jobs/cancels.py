"""Cancels that an engine refused, for a person to see: each reading asks again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from madang.compute.findings.actions import find_all
from madang.compute.jobs.models import Job
from madang.compute.sites.models import Site
from madang.parties.actor import Actor

log = logging.getLogger("madang.compute")
CANCEL_REFUSED = "cancel_refused"


def tell_refusals(
    actor: Actor, site: Site, refused: Mapping[Job, str], *, at: datetime
) -> None:
    """A finding for each, with the engine's own words. Closed is that of a job which is over,
    or whose cancel was taken this time."""
    found: dict[tuple[str, str], Mapping[str, str | int | None]] = {}
    for job, reason in refused.items():
        log.warning("%s: job %s is not cancelled: %s", site.code, job.engine_job, reason)
        found[CANCEL_REFUSED, str(job.id)] = {
            "grant": job.grant.code, "job": job.engine_job, "reason": reason,
        }  # fmt: skip
    find_all(site, found, at=at)
    rows = site.findings.filter(cause=CANCEL_REFUSED, state="open")
    rows.exclude(what__in=[what for _, what in found]).update(
        state="explained", closed_at=at, closed_by=actor.id
    )

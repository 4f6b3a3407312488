"""What falls due by the clock: called by the worker."""

from __future__ import annotations

import logging
from datetime import datetime

from madang.compute.findings.feeding import feed_all
from madang.compute.findings.idle import advance_idle
from madang.compute.grants.actions import end_due
from madang.compute.grants.requests import lapse_requests
from madang.compute.jobs.hub_sets import sweep_datasets
from madang.compute.polling import poll_site
from madang.compute.sites.engines import engine_for
from madang.compute.sites.queries import sites
from madang.core.errors import MadangError
from madang.parties.actor import Actor

log = logging.getLogger("madang.compute")


def poll_all(actor: Actor, *, at: datetime) -> int:
    """Every site once; how many answered. One that does not, or whose terms its engine does not
    take, is read from its cursor later, and stands in no other's way."""
    answered = 0
    for site in sites():
        try:
            poll_site(actor, site, engine_for(site, at), at=at)
            answered += 1
        except MadangError as err:
            log.warning("engine unwell", extra={"site": site.code, "code": err.code})
    return answered


def compute_due(actor: Actor, *, at: datetime) -> None:
    """Safe to do again."""
    end_due(actor, at=at)
    lapse_requests(actor, at=at)
    feed_all(at=at)
    sweep_datasets(at=at)
    advance_idle(actor, at=at)

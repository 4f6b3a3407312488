"""Asking each site's own books how busy the cards are, as often as policy says."""

from __future__ import annotations

import logging
from datetime import datetime

from madang.compute.engines.slurm.commands import Commands
from madang.compute.errors import EngineRefused, EngineUnwell
from madang.compute.findings.feeds.local import read_local
from madang.compute.findings.feeds.slurm import read_slurm
from madang.compute.findings.measuring import take_means
from madang.compute.findings.models import Source
from madang.compute.policy import policy_at
from madang.compute.sites.engines import local_root, slurm_settings
from madang.compute.sites.models import EngineKind, Site
from madang.compute.sites.queries import sites

log = logging.getLogger("madang.compute")
SOURCES = {EngineKind.LOCAL: Source.CPU, EngineKind.SLURM: Source.GPUUTIL}


def feed_all(*, at: datetime) -> int:
    """Every site whose time has come; how many samples. Safe to do again."""
    taken = 0
    for site in sites():
        if _is_due(site, at):
            try:
                taken += feed_site(site, at=at)
            except (EngineUnwell, EngineRefused) as err:
                log.warning("no utilisation", extra={"site": site.code, "code": err.code})
    return taken


def _is_due(site: Site, at: datetime) -> bool:
    last = site.measured_at
    return last is None or last <= at - policy_at(at).utilisation_every


def feed_site(site: Site, *, at: datetime) -> int:
    """One reading of one site. Raises EngineUnwell."""
    if site.engine == EngineKind.LOCAL:
        told = list(read_local(local_root(site), at)) if local_root(site).exists() else []
    else:
        settings = slurm_settings(site)
        told = list(read_slurm(Commands(settings), settings.cluster, at))
    Site.objects.filter(pk=site.pk).update(measured_at=at)
    return take_means(site, told, SOURCES[EngineKind(site.engine)], at=at)

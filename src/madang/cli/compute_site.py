"""A declared site as the planner wants it, and what its ledger says was used. Loaded only when
a site of the platform is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from madang.cli.installation import opened
from madang.cli.main import set_up_django
from madang.compute.planner.afterwards import Actual
from madang.compute.planner.errors import SiteMalformed
from madang.compute.planner.site_file import SiteFile, Stage
from madang.core.clock import seoul_date, seoul_day_ends, seoul_day_starts


def declared_site(data: Path, code: str) -> SiteFile:
    """All classes of a site, their stages added up into servers. Raises SiteUnknown."""
    set_up_django()
    from madang.compute.sites.queries import classes, site_by_code  # needs the models

    with opened(data):
        site = site_by_code(code)
        rows = list(classes().filter(site=site).prefetch_related("stages"))
        sizes = {row.cards_per_server for row in rows}
        teraflops = {row.teraflops_per_card for row in rows}
        opened_on = sorted(
            (stage.opens_on, stage.cards) for row in rows for stage in row.stages.all()
        )
    if len(sizes) != 1 or not opened_on:
        reason = f"servers of {sorted(sizes)} cards; the planner takes one size"
        raise SiteMalformed(file=code, field="cards_per_server", reason=reason)
    size = sizes.pop()
    cards, stages = 0, {}
    for day, more in opened_on:
        cards += more
        stages[day] = cards // size
    found = tuple(Stage(day, nodes) for day, nodes in stages.items() if nodes)
    if not found:
        raise SiteMalformed(file=code, field="stage", reason=f"{cards} cards are no server")
    declared = teraflops.pop() if len(teraflops) == 1 else 0  # of several kinds none is said
    return SiteFile(code, size, found, teraflops_per_card=declared)


def used_at(data: Path, code: str, first: date, last: date) -> Actual:
    """GPU-seconds on effective lines of attempts that began in these days, reversals taken off,
    and the waits of jobs from their submission to their first card. Raises SiteUnknown."""
    set_up_django()
    from madang.compute.sites.queries import site_by_code  # needs the models
    from madang.compute.sites.used import used_between  # the same

    with opened(data) as installation:
        used = used_between(site_by_code(code), seoul_day_starts(first), seoul_day_ends(last))
        today = seoul_date(installation.clock.now())
    return Actual(used.gpu_seconds, used.wait_s, today)

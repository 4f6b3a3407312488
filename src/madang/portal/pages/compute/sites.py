"""Sites for everybody: what is open, busy and waiting, by day and hour, and who is served."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from madang.compute.sites.figures import (
    Share,
    concentration,
    heat_map,
    shares,
    site_figures,
)
from madang.compute.sites.queries import classes, site_by_code, sites
from madang.compute.sites.reality import cards_still, plan_and_use, queue_of
from madang.portal.charts import part_bars
from madang.portal.labels import KIND_NAMES
from madang.portal.pages.compute.drawing import heat, plan_against_use
from madang.portal.pages.compute.rule import published_rule
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import spoken


@takes("GET")
def sites_page(request: PageRequest) -> HttpResponse:
    by_kind, by_region = shares(request.at, "kind"), shares(request.at, "region")
    facts = {
        "rows": [site_figures(site, request.at) for site in sites()],
        "by_kind": by_kind,
        "by_region": by_region,
        "kind_chart": part_bars(_bars(by_kind)),
        "region_chart": part_bars(_bars(by_region)),
        "concentration": concentration(request.at),
        **published_rule(request.at),
    }
    return render(request, "compute/sites.html", facts)


def _bars(rows: Sequence[Share]) -> list[tuple[str, int, int]]:
    return [
        (
            str(KIND_NAMES.get(one.group, _("others") if one.group == "other" else one.group)),
            one.decided_gpu_seconds,
            one.used_gpu_seconds,
        )
        for one in rows
    ]


@takes("GET")
def site_page(request: PageRequest, code: str) -> HttpResponse:
    """Cards by state, the queue, the heat map, and the stage plan against what came."""
    site = site_by_code(code)
    figures = site_figures(site, request.at)
    rows = heat_map(site, request.at)
    days = plan_and_use(site, request.at)
    bars = [(site_name(site.name_ko, site.name_en), figures.cards_open, figures.cards_busy)]
    facts = {
        "figures": figures,
        "still": cards_still(site, request.at),
        "chart": part_bars(bars),
        "heat": heat(rows),
        "heat_rows": rows,
        "hours": range(24),
        "queue": queue_of(site, request.at),
        "classes": classes().filter(site=site),
        "days": [one for one in days if one.most is not None][::-1],
        "plan": plan_against_use(days, (_("cards busy, daily mean"), _("cards by the plan")))
        if days
        else None,
    }
    return render(request, "compute/site.html", facts)


def site_name(ko: str, en: str) -> str:
    return ko if spoken() == "ko" else en

"""Sites for everybody: what is open, busy and waiting, by day and hour, and who is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from madang.compute.sites.figures import HeatCell, heat_map, shares, site_figures
from madang.compute.sites.queries import site_by_code, sites
from madang.portal.charts import part_bars
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import spoken

CELL, LEFT, TOP = 34, 64, 24


@takes("GET")
def sites_page(request: PageRequest) -> HttpResponse:
    rows = [site_figures(site, request.at) for site in sites()]
    facts = {
        "rows": rows,
        "by_kind": shares(request.at, "kind"),
        "by_region": shares(request.at, "region"),
    }
    return render(request, "compute/sites.html", facts)


@takes("GET")
def site_page(request: PageRequest, code: str) -> HttpResponse:
    """Cards by state, the queue, the heat map, and the stage plan against what is open."""
    site = site_by_code(code)
    figures = site_figures(site, request.at)
    rows = heat_map(site, request.at)
    bars = [(site_name(site.name_ko, site.name_en), figures.cards_open, figures.cards_busy)]
    facts = {
        "figures": figures,
        "chart": part_bars(bars),
        "heat": drawn(rows),
        "heat_rows": rows,
        "hours": range(24),
    }
    return render(request, "compute/site.html", facts)


def site_name(ko: str, en: str) -> str:
    return ko if spoken() == "ko" else en


@dataclass(frozen=True, slots=True)
class Square:
    """One hour in the picture; `step` from 0 to 4 is its shade, `percent` its number."""

    x: int
    y: int
    step: int
    percent: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    width: int
    height: int
    squares: tuple[Square, ...]
    days: tuple[tuple[int, str], ...]
    hours: tuple[tuple[int, int], ...]


def drawn(rows: Sequence[tuple[str, Sequence[HeatCell]]]) -> HeatMap:
    """Integers in, integers out: a square for each hour of each day."""
    squares = [
        Square(LEFT + CELL * hour, TOP + CELL * day, _step(cell.percent), cell.percent)
        for day, (_, cells) in enumerate(rows)
        for hour, cell in enumerate(cells)
    ]
    days = [(TOP + CELL * day + CELL // 2, name) for day, (name, _) in enumerate(rows)]
    hours = [(LEFT + CELL * hour, hour) for hour in range(0, 24, 3)]
    width, height = LEFT + CELL * 24, TOP + CELL * len(rows)
    return HeatMap(width, height, tuple(squares), tuple(days), tuple(hours))


def _step(percent: int) -> int:
    return 0 if percent == 0 else min(4, 1 + percent * 4 // 101)

"""REST routes of sites: public figures, without a person or a firm in them."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Router, Schema

from madang.compute.sites.figures import site_figures
from madang.compute.sites.queries import site_by_code, sites
from madang.parties.api import ROWS_MAX, ApiRequest

router = Router(tags=["compute"])


class StageOut(Schema):
    gpu_class: str
    cards: int
    opens_on: date
    is_open: bool


class SiteOut(Schema):
    code: str
    name_ko: str
    name_en: str
    engine: str
    cards_open: int
    cards_busy: int
    cards_idle: int
    jobs_queued: int
    jobs_running: int
    gpu_seconds_used: int
    polled_at: datetime | None
    stages: list[StageOut]


@router.get("/compute/sites", response=list[SiteOut], operation_id="list_sites", auth=None)
def list_sites(request: ApiRequest) -> list[dict[str, object]]:
    return [site_figures(site, request.at).as_data() for site in sites()[:ROWS_MAX]]


@router.get("/compute/sites/{code}", response=SiteOut, operation_id="show_site", auth=None)
def show_site(request: ApiRequest, code: str) -> dict[str, object]:
    return site_figures(site_by_code(code), request.at).as_data()

"""Reading sites: which are there, and how many of their cards are open. Sites are public."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet, Sum

from madang.compute.classes.models import GpuClass, Stage
from madang.compute.errors import ClassUnknown, SiteUnknown
from madang.compute.sites.models import Site
from madang.core.clock import seoul_date


def sites() -> QuerySet[Site]:
    return Site.objects.order_by("code")


def site_by_code(code: str) -> Site:
    row = sites().filter(code=code).first()
    if row is None:
        raise SiteUnknown(site=code)
    return row


def classes() -> QuerySet[GpuClass]:
    return GpuClass.objects.select_related("site", "offering").order_by("code")


def class_by_code(code: str) -> GpuClass:
    row = classes().filter(code=code).first()
    if row is None:
        raise ClassUnknown(gpu_class=code)
    return row


def cards_open(gpu_class: GpuClass, at: datetime) -> int:
    """Cards of the stages whose day has come, in Seoul."""
    return _sum(Stage.objects.filter(gpu_class=gpu_class), at)


def cards_at(site: Site, at: datetime) -> int:
    return _sum(Stage.objects.filter(gpu_class__site=site), at)


def _sum(stages: QuerySet[Stage], at: datetime) -> int:
    found = stages.filter(opens_on__lte=seoul_date(at)).aggregate(cards=Sum("cards"))
    return int(found["cards"] or 0)

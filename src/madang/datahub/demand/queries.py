"""What was asked for, by how many."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from madang.datahub.demand.models import DemandItem, DemandSurvey


@dataclass(frozen=True, slots=True)
class Cluster:
    """Like answers under the first of them; `count` is how many there are."""

    item: DemandItem
    count: int


def clusters(survey: DemandSurvey) -> list[Cluster]:
    """Most asked for first."""
    rows = survey.items.filter(merged_into=None).annotate(like=Count("merged"))
    return [Cluster(row, row.like + 1) for row in rows.order_by("-like", "id")]


def survey_by_code(code: str) -> DemandSurvey | None:
    return DemandSurvey.objects.filter(code=code).first()

"""What was asked for, by how many."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from madang.core.errors import NotFound
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


def demand_for(identifier: UUID) -> DemandItem:
    """The first of a cluster of a published survey. Raises NotFound."""
    rows = DemandItem.objects.select_related("survey").filter(survey__state="published")
    row = rows.filter(pk=identifier, merged_into=None).first()
    if row is None:
        raise NotFound
    return row


def survey_by_code(code: str) -> DemandSurvey | None:
    return DemandSurvey.objects.filter(code=code).first()


def public_surveys() -> QuerySet[DemandSurvey]:
    """Newest first; drafts are the agency's alone."""
    return DemandSurvey.objects.exclude(state="draft").order_by("-opens_at")


def arranged(survey: DemandSurvey) -> list[tuple[Cluster, list[DemandItem]]]:
    """Clusters with the answers inside, for who merges and splits them."""
    inside: dict[UUID | None, list[DemandItem]] = {}
    for row in survey.items.exclude(merged_into=None).order_by("id"):
        inside.setdefault(row.merged_into_id, []).append(row)
    return [(one, inside.get(one.item.pk, [])) for one in clusters(survey)]

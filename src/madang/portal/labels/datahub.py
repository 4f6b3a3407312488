"""Data sets: demand, building, quality, releases, access: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from madang.datahub.access.workflow import ACCESS
from madang.datahub.comments.workflow import COMMENT
from madang.datahub.deliveries.workflow import DELIVERY
from madang.datahub.demand.workflow import DEMAND, SURVEY
from madang.datahub.plan.workflow import BUILD_GOAL, BUILD_PROJECT
from madang.datahub.quality.workflow import QUALITY
from madang.datahub.releases.workflow import RELEASE
from madang.datahub.results.workflow import RESULT
from madang.datahub.terms.workflow import BUILD_TERMS
from madang.datahub.versions.workflow import VERSION

LABELS: dict[str, Callable[[str, str], str]] = {
    "access_request": ACCESS.label,
    "build_goal": BUILD_GOAL.label,
    "build_terms": BUILD_TERMS.label,
    "comment": COMMENT.label,
    "delivery": DELIVERY.label,
    "demand": DEMAND.label,
    "demand_survey": SURVEY.label,
    "result_export": RESULT.label,
    "build_project": BUILD_PROJECT.label,
    "quality_check": QUALITY.label,
    "data_release": RELEASE.label,
    "data_version": VERSION.label,
}

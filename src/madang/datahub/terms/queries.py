"""Which terms hold, and who reads them."""

from __future__ import annotations

from madang.datahub.plan.models import BuildProject
from madang.datahub.terms.models import BuildTerms


def terms_in_force(project: BuildProject) -> BuildTerms | None:
    return project.terms.filter(state="in_force").first()


def open_terms(project: BuildProject) -> BuildTerms | None:
    """What waits for a signature."""
    return project.terms.filter(state__in=["proposed", "offered"]).first()

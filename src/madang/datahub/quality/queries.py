"""Checks of a digest, and who reads them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.datahub.quality.models import QualityCheck
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_sets_for
from madang.parties.actor import Actor

STANDING = ("passed", "waived")


def standing_check(digest: str, targets_digest: str = "") -> QualityCheck | None:
    """The newest check of this digest that was not done again, if it lets a release through.

    With a digest of targets: of those very targets, so that easier ones count for nothing.
    """
    rows = QualityCheck.objects.filter(digest=digest).exclude(state="rechecked")
    if targets_digest:
        rows = rows.filter(targets_digest=targets_digest)
    found = rows.order_by("-ran_at", "-id").first()
    return found if found is not None and found.state in STANDING else None


def checks_of(data_set: DataSet) -> QuerySet[QualityCheck]:
    rows = QualityCheck.objects.filter(commit__data_set=data_set)
    return rows.select_related("commit", "waiver").order_by("-ran_at", "-id")


def check_for(actor: Actor | None, identifier: UUID) -> QualityCheck:
    """Raises NotFound for checks of data sets that this reader does not see."""
    rows = QualityCheck.objects.select_related("commit__data_set")
    row = rows.filter(pk=identifier, commit__data_set__in=data_sets_for(actor)).first()
    if row is None:
        raise NotFound
    return row

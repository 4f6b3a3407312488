"""Who reads which version; recalled ones keep their row, never their bytes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_sets_for
from madang.datahub.versions.models import Version
from madang.parties.actor import Actor


def versions_of(data_set: DataSet) -> QuerySet[Version]:
    rows = Version.objects.filter(data_set=data_set).select_related(
        "commit", "release", "recall"
    )
    return rows.order_by("-sealed_at", "-id").defer("commit__index")


def version_for(actor: Actor | None, identifier: UUID) -> Version:
    """Of a data set that this reader sees. Raises NotFound."""
    rows = Version.objects.select_related("data_set", "commit")
    row = rows.filter(pk=identifier, data_set__in=data_sets_for(actor)).first()
    if row is None:
        raise NotFound
    return row


def locked_version(identifier: UUID) -> Version:
    rows = Version.objects.select_for_update(of=("self",)).select_related("data_set", "commit")
    row = rows.filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row

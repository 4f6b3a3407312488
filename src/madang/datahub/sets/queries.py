"""Who reads which data set."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor


def data_sets_for(actor: Actor | None) -> QuerySet[DataSet]:
    """Open names for everybody; private ones for their organisation, operators, auditors."""
    rows = DataSet.objects.select_related("organisation").order_by("code")
    if actor is None:
        return rows.filter(is_private=False)
    if actor.sees_everything:
        return rows
    return rows.filter(Q(is_private=False) | Q(organisation__in=actor.organisations))


def data_set_for(actor: Actor | None, code: str) -> DataSet:
    row = data_sets_for(actor).filter(code=code).first()
    if row is None:
        raise NotFound
    return row

"""Who sees which request, and who may have its files."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.datahub.results.models import ResultExport, ResultFile
from madang.parties.actor import Actor, Role


def exports_for(actor: Actor) -> QuerySet[ResultExport]:
    """One's own; all for the agency and its auditors. Who built the set sees none of them."""
    rows = ResultExport.objects.select_related("data_set", "person", "decided_by")
    rows = rows.prefetch_related("files").order_by("-asked_at")
    if actor.sees_everything:
        return rows
    return rows.filter(person=UUID(actor.id)) if actor.roles else rows.none()


def export_for(actor: Actor, identifier: UUID) -> ResultExport:
    row = exports_for(actor).filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row


def file_for(actor: Actor, identifier: UUID) -> ResultFile:
    """Its requester has it once it is let out; who decides has it to look at."""
    row = ResultFile.objects.select_related("export").filter(pk=identifier).first()
    if row is None or not _may_have(actor, row.export):
        raise NotFound
    return row


def _may_have(actor: Actor, export: ResultExport) -> bool:
    if str(export.person_id) == actor.id:
        return export.state == "approved"
    return actor.has(Role.OPERATOR)

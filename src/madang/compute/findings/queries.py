"""Reading idle cases: who may see one."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.compute.findings.models import IdleCase
from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role


def idle_cases_of(actor: Actor) -> QuerySet[IdleCase]:
    """Every case that the actor may see, newest first."""
    rows = IdleCase.objects.select_related("grant__organisation", "grant__gpu_class__site")
    rows = rows.order_by("-found_at", "-id")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    if actor.has(Role.BENEFICIARY):
        return rows.filter(grant__organisation__in=actor.organisations)
    return rows.none()


def idle_case_for(actor: Actor, identifier: UUID) -> IdleCase:
    """One case. Raises NotFound also for what the actor may not see."""
    found = idle_cases_of(actor).filter(pk=identifier).first()
    if found is None:
        raise NotFound(noun="idle_case")
    return found


def open_case_of(actor: Actor, grant: str) -> IdleCase:
    """The case of a grant that is not closed yet: a grant has at most one."""
    found = idle_cases_of(actor).filter(grant__code=grant, closed_at=None).first()
    if found is None:
        raise NotFound(noun="idle_case")
    return found


def idle_report(case: IdleCase) -> dict[str, object]:
    """The answer of the commands and of the API."""
    return {
        "id": str(case.id),
        "grant": case.grant.code,
        "state": case.state,
        "permille": case.permille,
        "next_at": rfc3339(case.next_at),
        "objection": case.objection,
        "answer": case.answer,
        "reclaimed_gpu_seconds": case.reclaimed_gpu_seconds,
        "found_at": rfc3339(case.found_at),
        "closed_at": rfc3339(case.closed_at) if case.closed_at else None,
    }

"""Progress reports 중간보고: handed in by the grant's people, accepted by an operator."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from madang.compute.errors import GrantNotOpen, ReportMissing, TranchesGiven
from madang.compute.grants.actions import give_tranche
from madang.compute.grants.models import Grant, ProgressReport
from madang.compute.grants.queries import LIVING, grants_of, locked_grant, state_at
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.events.actions import record_event


@transaction.atomic
def submit_report(actor: Actor, grant: Grant, *, text: str, at: datetime) -> ProgressReport:
    """For the tranche that comes next. Raises TranchesGiven, GrantNotOpen."""
    actor.need_at(Role.BENEFICIARY, grant.organisation_id)
    row = locked_grant(grant.id)
    _need_living(row, at)
    if row.tranches_given >= len(row.tranches):
        raise TranchesGiven
    made = ProgressReport.objects.create(
        grant=row, tranche=row.tranches_given + 1, text=text, by=actor.id, at=at
    )
    _note(actor, made, "gpu_report.submit", at)
    return made


def report_for(actor: Actor, identifier: UUID) -> ProgressReport:
    """Raises NotFound also for what the actor may not see."""
    rows = ProgressReport.objects.filter(pk=identifier, grant__in=grants_of(actor))
    found = rows.first()
    if found is None:
        raise NotFound(noun="report")
    return found


def reports_waiting() -> QuerySet[ProgressReport]:
    """Those that an operator can accept: of a living grant, for its next tranche."""
    rows = ProgressReport.objects.filter(state="submitted", grant__state__in=LIVING)
    return rows.filter(tranche=F("grant__tranches_given") + 1).select_related("grant")


@transaction.atomic
def accept_report(actor: Actor, report: ProgressReport, *, at: datetime) -> Grant:
    """The next tranche is given: by somebody who did not write the report. Raises GrantNotOpen:
    what is given to a grant whose days are over could neither be used nor expire."""
    actor.need(Role.OPERATOR)
    need_four_eyes(actor, report.by)
    grant = locked_grant(report.grant_id)
    _need_living(grant, at)
    row = ProgressReport.objects.select_for_update(no_key=True).get(pk=report.pk)
    if row.state != "submitted" or row.tranche != grant.tranches_given + 1:
        raise ReportMissing
    row.state = "accepted"
    row.save(update_fields=["state"])
    give_tranche(actor, grant, at=at)
    _note(actor, row, "gpu_report.accept", at)
    return grant


def _need_living(grant: Grant, at: datetime) -> None:
    if grant.state not in LIVING or at >= grant.ends_at:
        raise GrantNotOpen(grant=grant.code, state=state_at(grant, at))


def _note(actor: Actor, row: ProgressReport, action: str, at: datetime) -> None:
    record_event(
        actor, action, subject_type="gpu_report", subject_id=row.id, at=at,
        facts={"tranche": row.tranche},
    )  # fmt: skip

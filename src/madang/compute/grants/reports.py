"""Progress reports 중간보고: handed in by the grant's people, accepted by an operator, or
refused with a reason; then another can be handed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from madang.compute.errors import DecisionInvalid, GrantNotOpen, ReportMissing, TranchesGiven
from madang.compute.grants.actions import give_tranche
from madang.compute.grants.models import Grant, ProgressReport
from madang.compute.grants.queries import LIVING, grants_of, locked_grant, state_at
from madang.compute.grants.workflow import REPORT
from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.errors import FactInvalid
from madang.parties.events.actions import record_event
from madang.parties.events.queries import reasons_of
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of


@transaction.atomic
def submit_report(actor: Actor, grant: Grant, *, text: str, at: datetime) -> ProgressReport:
    """For the tranche that comes next. Raises TranchesGiven, GrantNotOpen, and FactInvalid for
    one that says nothing."""
    actor.need_at(Role.BENEFICIARY, grant.organisation_id)
    if not text.strip():
        raise FactInvalid(field="text", reason="empty")
    row = locked_grant(grant.id)
    _need_living(row, at)
    if row.tranches_given >= len(row.tranches):
        raise TranchesGiven
    made = ProgressReport.objects.create(
        grant=row, tranche=row.tranches_given + 1, text=text, by=actor.id, at=at
    )
    record_event(
        actor, "gpu_report.submit", subject_type="gpu_report", subject_id=made.id, at=at,
        after=made.state, facts={"tranche": made.tranche},
    )  # fmt: skip
    return made


def report_for(actor: Actor, identifier: UUID) -> ProgressReport:
    """Raises NotFound also for what the actor may not see."""
    rows = ProgressReport.objects.filter(pk=identifier, grant__in=grants_of(actor))
    found = rows.first()
    if found is None:
        raise NotFound(noun="report")
    return found


def report_reports(found: Iterable[ProgressReport]) -> list[dict[str, object]]:
    """The answer of the commands and of the API. `reason`: why one was refused."""
    rows = list(found)
    why = reasons_of(
        "gpu_report.refuse", [str(row.id) for row in rows], subject_type="gpu_report"
    )
    return [
        {"id": str(row.id), "grant": row.grant.code, "tranche": row.tranche,
         "state": row.state, "text": row.text, "at": rfc3339(row.at),
         "reason": why.get(str(row.id), "")}
        for row in rows
    ]  # fmt: skip


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
    grant, row = _awaited(report, at)
    REPORT.move(row, "accept", actor, at=at, facts={"tranche": row.tranche})
    give_tranche(actor, grant, at=at)
    return grant


@transaction.atomic
def refuse_report(
    actor: Actor, report: ProgressReport, *, reason: str, at: datetime
) -> ProgressReport:
    """It brings no tranche, and its grant's people are told why: the next report can. Raises
    DecisionInvalid without a reason, and what accept_report does."""
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise DecisionInvalid(reason="a reason is needed")
    grant, row = _awaited(report, at)
    REPORT.move(row, "refuse", actor, at=at, reason=reason, facts={"tranche": row.tranche})
    send_notice(
        members_of(grant.organisation_id, Role.BENEFICIARY), "compute.report.refused",
        subject_type="gpu_report", subject_id=row.id, at=at,
        facts={"grant": grant.code, "reason": reason},
    )  # fmt: skip
    return row


def _awaited(report: ProgressReport, at: datetime) -> tuple[Grant, ProgressReport]:
    """Both locked, the grant first. Raises GrantNotOpen, and ReportMissing where its tranche
    was given for another."""
    grant = locked_grant(report.grant_id)
    _need_living(grant, at)
    row = ProgressReport.objects.select_for_update(no_key=True).get(pk=report.pk)
    if row.tranche != grant.tranches_given + 1:
        raise ReportMissing
    return grant, row


def _need_living(grant: Grant, at: datetime) -> None:
    if grant.state not in LIVING or at >= grant.ends_at:
        raise GrantNotOpen(grant=grant.code, state=state_at(grant, at))

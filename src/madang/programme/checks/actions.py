"""Planning checks and recording what they found. The award's lock is taken first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.awards.queries import locked_award
from madang.programme.checks.models import CheckKind, ExecutionCheck
from madang.programme.checks.workflow import CHECK
from madang.programme.errors import OwnOrganisation, ReasonMissing
from madang.programme.reports.queries import measured_of

RESULTS = {"passed": "pass", "improve": "improve", "failed": "fail"}


@transaction.atomic
def plan_check(
    actor: Actor, award_id: UUID, *, kind: CheckKind, due_at: datetime, at: datetime
) -> ExecutionCheck:
    """점검 예정: the beneficiary is told until when."""
    actor.need(Role.OPERATOR)
    award = locked_award(award_id)
    row = ExecutionCheck.objects.create(
        award=award, kind=kind, due_at=due_at, planned_by=actor.id
    )
    record_event(
        actor, "check.plan", subject_type="check", subject_id=row.id, at=at, after=row.state,
        facts={"award": str(award.id), "kind": row.kind},
    )  # fmt: skip
    _tell(row, "programme.check.planned", at, due=rfc3339(due_at))
    return row


@transaction.atomic
def record_check(
    actor: Actor, check_id: UUID, *, result: str, reason: str, at: datetime
) -> ExecutionCheck:
    """점검 결과, with what was found; the measured use of the day is kept beside it.

    Nobody checks a firm of his own. Raises OwnOrganisation, ReasonMissing.
    """
    found = ExecutionCheck.objects.filter(pk=check_id).values_list("award_id", flat=True)
    award_id = found.first()
    if award_id is None:
        raise NotFound
    award = locked_award(award_id)
    row = ExecutionCheck.objects.select_for_update().get(pk=check_id)
    row.award = award
    if not reason.strip():
        raise ReasonMissing
    CHECK.move(row, RESULTS[result], actor, at=at, reason=reason)
    if not actor.is_system and actor.acts_for(award.organisation_id):
        raise OwnOrganisation
    row.measured, row.done_by, row.done_at = measured_of(award, at), actor.id, at
    row.save(update_fields=["measured", "done_by", "done_at"])
    _tell(row, "programme.check.done", at, result=row.state)
    return row


def _tell(row: ExecutionCheck, kind: str, at: datetime, **facts: str) -> None:
    send_notice(
        members_of(row.award.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="check",
        subject_id=row.id,
        at=at,
        facts={"call": row.award.call.code, **facts},
    )

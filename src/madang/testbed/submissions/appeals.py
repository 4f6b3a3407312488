"""Appeals 이의신청 against a decision: with reasons, in time, answered by another person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.testbed.errors import AppealLate, NothingToAppeal
from madang.testbed.policy import policy_at
from madang.testbed.submissions.actions import (
    locked_submission,
    need_reason,
    restore_submission,
    tell,
)
from madang.testbed.submissions.models import DECIDED_STATES, SubmissionAppeal
from madang.testbed.submissions.workflow import APPEAL


@transaction.atomic
def appeal_submission(
    actor: Actor, submission: UUID, *, text: str, at: datetime
) -> SubmissionAppeal:
    """Once for each decision. Filed again, it answers with the appeal that stands."""
    row = locked_submission(submission)
    actor.need_at(Role.MAKER, row.organisation_id)
    if row.state not in DECIDED_STATES or row.decided_at is None:
        raise NothingToAppeal
    held = row.appeals.filter(about=row.decided_at).first()
    if held is not None:
        return held
    need_reason(text)
    until = row.decided_at + policy_at(row.decided_at).appeal
    if at >= until:
        raise AppealLate(until=rfc3339(until))
    appeal = SubmissionAppeal.objects.create(
        submission=row, about=row.decided_at, against=row.decided_by, text=text, by=actor.id,
        filed_at=at,
    )  # fmt: skip
    record_event(
        actor, "testbed_appeal.file", subject_type="testbed_appeal", subject_id=appeal.id,
        at=at, after=appeal.state, facts={"submission": str(row.id)},
    )  # fmt: skip
    return appeal


@transaction.atomic
def decide_submission_appeal(
    actor: Actor, appeal: UUID, *, upheld: bool, reason: str, at: datetime
) -> SubmissionAppeal:
    """인용: looked at again from the step that was wrong. 기각: the decision stands."""
    actor.need(Role.OPERATOR)
    found = SubmissionAppeal.objects.filter(pk=appeal).first()
    if found is None:
        raise NotFound
    row = locked_submission(found.submission_id)
    held = SubmissionAppeal.objects.select_for_update().get(pk=appeal)
    need_reason(reason)
    APPEAL.move(held, "uphold" if upheld else "deny", actor, at=at)
    held.answer, held.decided_by, held.decided_at = reason.strip(), actor.id, at
    held.save(update_fields=["answer", "decided_by", "decided_at"])
    if upheld and row.decided_at == held.about:
        restore_submission(actor, row, reason=reason, at=at)
    tell(row, "appeal_upheld" if upheld else "appeal_denied", at)
    return held

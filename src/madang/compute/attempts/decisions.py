"""A person decides about an attempt on which the books do not agree."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from madang.compute.attempts.models import Attempt, AttemptFactRow
from madang.compute.attempts.settling import end_of
from madang.compute.attempts.writing import Sheet
from madang.compute.engines.types import RunState
from madang.compute.errors import DecisionInvalid, NotDisputed
from madang.compute.grants.actions import collect_owed
from madang.compute.grants.queries import locked_grant
from madang.compute.jobs.models import OPEN
from madang.compute.jobs.workflow import JOB, MOVES
from madang.compute.lines.actions import post_attempt
from madang.compute.policy import policy_at
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.events.actions import record_event


@transaction.atomic
def decide_attempt(
    actor: Actor, attempt: Attempt, *, ended_at: datetime, reason: str, at: datetime
) -> Attempt:
    """Its end is what the person says; the line is posted from it. What the engine tells
    otherwise about this very attempt is no longer taken, unless its word changes again.

    Raises NotDisputed, DecisionInvalid.
    """
    actor.need(Role.OPERATOR)
    grant = locked_grant(attempt.job.grant_id)
    row = (
        Attempt.objects.select_for_update(of=("self",), no_key=True)
        .select_related("job")
        .get(pk=attempt.pk)
    )
    if not row.is_disputed:
        raise NotDisputed
    _check(row, ended_at, reason, at)
    _note(row, ended_at, at)
    platform = system_actor(actor.origin)
    sheet = Sheet(platform, at)
    post_attempt(platform, grant, row, policy_at(at), sheet, at=at)
    sheet.write()
    if grant.owed_back:
        collect_owed(platform, grant, at=at)
    for finding in row.findings.filter(state="open"):
        finding.state, finding.closed_at, finding.closed_by = "decided", at, actor.id
        finding.save(update_fields=["state", "closed_at", "closed_by"])
    record_event(
        actor, "gpu_attempt.decide", subject_type="gpu_attempt", subject_id=str(row.no), at=at,
        reason=reason, facts={"version": row.fact_version},
    )  # fmt: skip
    _close_job(platform, row, at)
    return row


def _check(row: Attempt, ended_at: datetime, reason: str, at: datetime) -> None:
    if not reason.strip():
        raise DecisionInvalid(reason="a reason is needed")
    if row.started_at is None or not row.started_at <= ended_at <= at:
        raise DecisionInvalid(reason="the end lies before the start, or in the future")


def _note(row: Attempt, ended_at: datetime, at: datetime) -> None:
    """A version of the facts like any other, told by a person."""
    row.decided_digest = row.fact_digest
    row.fact_version += 1
    said = f"{row.hold}:{row.fact_version}:{ended_at.isoformat()}"
    row.fact_digest = hashlib.sha256(said.encode()).hexdigest()
    row.ended_at, row.is_disputed, row.observed_at = ended_at, False, at
    if RunState(row.state).is_live:
        row.state = RunState.COMPLETED.value
    row.save()
    AttemptFactRow.objects.create(
        attempt=row, version=row.fact_version, source="decision", state=row.state,
        cards=row.cards, started_at=row.started_at, ended_at=row.ended_at,
        suspended_s=row.suspended_s, digest=row.fact_digest, observed_at=at,
    )  # fmt: skip


def _close_job(actor: Actor, row: Attempt, at: datetime) -> None:
    job = row.job
    runs = Q(ended_at=None) & ~Q(attempt_key="")  # also one that could hold nothing
    if job.state in OPEN and not job.attempts.filter(Q(is_held=True) | runs).exists():
        job.ended_at, state = end_of(list(job.attempts.all()))
        job.save(update_fields=["ended_at"])
        JOB.move(job, MOVES[state.value], actor, at=at)

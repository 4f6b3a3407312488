"""A person decides whether something that came is the submission whose answer was lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from madang.compute.attempts.submissions import EARLY
from madang.compute.errors import DecisionInvalid, NotInDoubt
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import locked_grant
from madang.compute.jobs.arrivals import (
    UNANSWERED,
    UNSETTLED,
    Arrival,
    doubts_about,
    is_taken,
)
from madang.compute.jobs.handing import locked_job
from madang.compute.jobs.models import Job, JobState
from madang.compute.jobs.workflow import JOB
from madang.compute.sites.cursors import set_back
from madang.compute.sites.models import Site
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.events.actions import record_event

ENGINE_JOB = re.compile(r"[0-9]{1,18}")


def decided_job(engine_job: str, *, never_ran: bool) -> str:
    """What the decision says came of it; none where it never ran. Raises DecisionInvalid."""
    if never_ran == bool(engine_job):
        raise DecisionInvalid(reason="either a job or that it never ran")
    return engine_job


@transaction.atomic
def decide_submission(
    actor: Actor, job: Job, *, engine_job: str, reason: str, at: datetime
) -> Job:
    """`engine_job` is the one that came of it; none did where that is empty, and the next poll
    sends it again. What else comes to light asks anew. Where the books do not settle what came
    it can be one that they do not tell: the person has it from the cluster.

    Raises NotInDoubt, DecisionInvalid.
    """
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise DecisionInvalid(reason="a reason is needed")
    locked_grant(job.grant_id)
    row = locked_job(job)
    found = list(doubts_about([row]).filter(state="open").select_for_update(no_key=True))
    if row.state != JobState.INTENT or row.engine_job or not found:
        raise NotInDoubt
    if engine_job:
        _take(actor, row, engine_job, _came_at(row, found, engine_job), reason, at)
    _read_again(row, found)
    for one in found:
        one.state, one.closed_at, one.closed_by = "decided", at, actor.id
        one.save(update_fields=["state", "closed_at", "closed_by"])
    record_event(
        actor, "gpu_job.decide", subject_type="gpu_job", subject_id=row.id, at=at,
        reason=reason, facts={"engine_job": engine_job, "never_ran": not engine_job},
    )  # fmt: skip
    return row


def _came_at(job: Job, found: list[Finding], engine_job: str) -> datetime | None:
    """When it was submitted; None where no book tells."""
    told = [one.detail for one in found if one.detail.get("engine_job") == engine_job]
    arrivals = [
        Arrival(engine_job, datetime.fromisoformat(str(one["submitted_at"]))) for one in told
    ]
    free = [one.submitted_at for one in arrivals if not is_taken(job.site, one)]
    if free:
        return min(free)
    asked = Arrival(engine_job, job.asked_at or job.created_at)
    if told or not _is_unsettled(found) or is_taken(job.site, asked):
        raise DecisionInvalid(reason="it is none of those that may be this job")
    if not ENGINE_JOB.fullmatch(engine_job):
        raise DecisionInvalid(reason="not an id of a job")
    return None


def _is_unsettled(found: Iterable[Finding]) -> bool:
    return any(one.cause == UNSETTLED for one in found)


def _take(
    actor: Actor, row: Job, engine_job: str, came_at: datetime | None, reason: str, at: datetime
) -> None:
    """As if the engine had answered."""
    row.engine_job, row.engine_at = engine_job, came_at
    row.save(update_fields=["engine_job", "engine_at"])
    JOB.move(row, "take", system_actor(actor.origin), at=at, reason=reason)


def _read_again(row: Job, found: Iterable[Finding]) -> None:
    """What came may have been read long ago, as nobody's, be it this job's or a stray: the next
    reading begins where the first of it did."""
    told = [one.detail["submitted_at"] for one in found if one.cause == UNANSWERED]
    came = min(datetime.fromisoformat(str(one)) for one in told) if told else row.created_at
    if _is_unsettled(found):
        came = min(came, row.created_at) - EARLY
    site = Site.objects.select_for_update(no_key=True).get(pk=row.site_id)
    site.cursor = set_back(site.cursor, came)
    site.save(update_fields=["cursor"])

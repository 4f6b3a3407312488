"""Jobs that an engine took and of which nobody knows any more, before any run was told: what
they hold returns after a time that policy names. A run told later is posted all the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from madang.compute.attempts.models import Attempt
from madang.compute.attempts.settling import Controlled, Place, give_up
from madang.compute.attempts.writing import Sheet
from madang.compute.findings.actions import find
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job, JobState, engine_key_of
from madang.compute.policy import ComputePolicy
from madang.compute.sites.models import Site
from madang.parties.actor import Actor
from madang.parties.events.actions import record_event

JOBS_MAX = 100_000


def untold(
    site: Site, has: Controlled, policy: ComputePolicy, *, at: datetime
) -> dict[Place, datetime]:
    """Jobs that have been missing for long enough, and since when. Notes who is missing from
    now on, and who was seen again."""
    told = Attempt.objects.filter(job=OuterRef("pk")).exclude(attempt_key="")
    rows = Job.objects.filter(site=site, state=JobState.QUEUED, engine_job__gt="")
    rows = rows.filter(~Exists(told) | Q(missing_since__isnull=False))
    missing, seen, long = [], [], {}
    for id, grant, since in rows.values_list("id", "grant_id", "missing_since")[:JOBS_MAX]:
        if engine_key_of(id) in has.live | has.ending:
            seen.append(id)
        elif since is None:
            missing.append(id)
        elif at >= since + policy.untold_lost:
            long[grant, id] = since
    Job.objects.filter(pk__in=missing).update(missing_since=at)
    Job.objects.filter(pk__in=seen, missing_since__isnull=False).update(missing_since=None)
    return long


def lose(
    actor: Actor, grant: Grant, job: Job, attempts: list[Attempt], sheet: Sheet, *,
    at: datetime,
) -> None:  # fmt: skip
    """Lost: its holds return, with an event and a finding for the site. Grant and job are
    locked."""
    if job.state != JobState.QUEUED or any(one.attempt_key for one in attempts):
        return  # told after all, in this very reading
    held = [one for one in attempts if one.is_held]
    released = sum(one.held_gpu_seconds for one in held)
    facts: Mapping[str, str | int | bool | None] = {
        "held_gpu_seconds": released, "missing_since": str(job.missing_since),
    }  # fmt: skip
    record_event(
        actor, "gpu_job.give_up", subject_type="gpu_job", subject_id=job.id, at=at, facts=facts
    )
    find(job.site, "untold", str(job.id), gpu_seconds=released, at=at)
    for one in held:
        give_up(actor, grant, one, sheet, at=at)
    job.ended_at = at
    sheet.end(job)
    sheet.move(job, "lose")

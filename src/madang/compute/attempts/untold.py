"""Jobs that an engine took and of which nobody knows any more, before any run was told: what
they hold returns after a time that policy names. A run told later is posted all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from madang.compute.attempts.models import Attempt
from madang.compute.attempts.settling import Controlled, Place, give_up
from madang.compute.attempts.writing import Sheet
from madang.compute.findings.actions import find
from madang.compute.grants.actions import collect_owed
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job, JobState, engine_key_of
from madang.compute.policy import ComputePolicy
from madang.compute.sites.models import Site
from madang.parties.actor import Actor
from madang.parties.events.actions import record_event

JOBS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Missing:
    """Jobs of which nobody has told a run: those missing from now on, those that were seen
    again, and those that have been missing for long enough, and since when."""

    new: set[Place] = field(default_factory=set)
    seen: set[Place] = field(default_factory=set)
    long: dict[Place, datetime] = field(default_factory=dict)

    @property
    def places(self) -> set[Place]:
        return self.new | self.seen | self.long.keys()

    def note(self, *, at: datetime) -> None:
        """Who is missing from now on, and who no longer is. Grants and jobs are locked."""
        _jobs(self.new).filter(missing_since=None).update(missing_since=at)
        _jobs(self.seen).update(missing_since=None)


def _jobs(places: set[Place]) -> QuerySet[Job]:
    ids: list[UUID] = [job for _, job in places]
    return Job.objects.filter(pk__in=ids)


def untold(site: Site, has: Controlled, policy: ComputePolicy, *, at: datetime) -> Missing:
    """Looks and changes nothing: rows are changed in the order in which they are locked."""
    told = Attempt.objects.filter(job=OuterRef("pk")).exclude(attempt_key="")
    rows = Job.objects.filter(site=site, state=JobState.QUEUED, engine_job__gt="")
    rows = rows.filter(~Exists(told) | Q(missing_since__isnull=False))
    found, controlled = Missing(), has.live | has.ending
    for id, grant, since in rows.values_list("id", "grant_id", "missing_since")[:JOBS_MAX]:
        if since is None:
            if engine_key_of(id) not in controlled:
                found.new.add((grant, id))
        elif engine_key_of(id) in controlled:
            found.seen.add((grant, id))
        elif at >= since + policy.untold_lost:
            found.long[grant, id] = since
    return found


def lose(
    actor: Actor, grant: Grant, job: Job, attempts: list[Attempt], sheet: Sheet, *,
    since: datetime, at: datetime,
) -> None:  # fmt: skip
    """Lost: its holds return, with an event and a finding for the site. Grant and job are
    locked."""
    if job.state != JobState.QUEUED or any(one.attempt_key for one in attempts):
        return  # told after all, in this very reading
    if job.missing_since != since:
        return  # another reading has seen it meanwhile
    held = [one for one in attempts if one.is_held]
    released = sum(one.held_gpu_seconds for one in held)
    facts: Mapping[str, str | int | bool | None] = {
        "held_gpu_seconds": released, "missing_since": str(since),
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
    if grant.owed_back:
        sheet.write()  # what it held pays first what the grant owes
        collect_owed(actor, grant, at=at)

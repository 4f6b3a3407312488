"""Jobs that nobody submitted through the platform, on the account of one of its grants:
`sbatch` in a job, for instance. They take cards, so they cost; and nothing was held for them,
so they end.

Each becomes a job of the grant, told as any other from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from madang.compute.attempts.submissions import EARLY
from madang.compute.engines.types import AttemptFact
from madang.compute.findings.actions import close_finding, find
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job, JobState, engine_key_of
from madang.compute.jobs.workflow import JOB
from madang.compute.policy import ComputePolicy
from madang.compute.sites.models import Site
from madang.parties.actor import Actor

STRAY = "stray"
CHARGED = "charge"
REASON = "not submitted through the platform"
ENDING_S = 300
"""What one that runs is held for beyond now: it is cancelled, and takes some time to end."""


def adopt(
    actor: Actor,
    site: Site,
    strangers: Sequence[AttemptFact],
    policy: ComputePolicy,
    *,
    at: datetime,
) -> dict[UUID, list[AttemptFact]]:
    """By grant, the facts of jobs that are the grant's own from now on, under their keys. None
    where policy leaves them. In the caller's transaction, before anything is locked."""
    if policy.stray_job != CHARGED or not strangers:
        return {}
    accounts = {one.account for one in strangers}
    rows = Grant.objects.filter(account__in=accounts, gpu_class__site=site)
    grants = {row.account: row for row in rows}
    by_job: dict[tuple[UUID, str], list[AttemptFact]] = defaultdict(list)
    unanswered = _unanswered(grants.values(), policy, at)
    for one in strangers:
        grant = grants.get(one.account)
        if grant is None or one.submitted_at < grant.created_at - EARLY:
            continue
        if not _may_be(one, unanswered.get(grant.id, ())):
            by_job[grant.id, one.submission].append(one)
    found: dict[UUID, list[AttemptFact]] = defaultdict(list)
    for (grant_id, _), facts in sorted(by_job.items()):
        job = _make(actor, site, grants[facts[0].account], facts, at)
        found[grant_id] += [replace(one, key=engine_key_of(job)) for one in facts]
    return found


def _id_of(site: Site, fact: AttemptFact) -> UUID:
    """The same stray is the same job, whoever reads it. Ids come again on another day."""
    return uuid5(site.id, f"{STRAY}/{fact.submission}/{fact.submitted_at.isoformat()}")


Wanted = tuple[datetime, datetime]
"""When an intent was written down, and until when what it asked for may still arrive."""


def _unanswered(
    grants: Iterable[Grant], policy: ComputePolicy, at: datetime
) -> Mapping[UUID, Sequence[Wanted]]:
    """Submissions that no engine has answered yet: a stranger may be one of them, whose job has
    another name by now."""
    rows = Job.objects.filter(
        grant__in=[one.id for one in grants], state=JobState.INTENT, engine_job="",
        asked_at__isnull=False,
    )  # fmt: skip
    found: dict[UUID, list[Wanted]] = defaultdict(list)
    for grant, since, asked in rows.values_list("grant_id", "created_at", "asked_at"):
        found[grant].append((since - EARLY, (asked or at) + policy.unclear_settle))
    return found


def _may_be(fact: AttemptFact, wanted: Iterable[Wanted]) -> bool:
    return any(since <= fact.submitted_at <= until for since, until in wanted)


def _make(
    actor: Actor, site: Site, grant: Grant, facts: Sequence[AttemptFact], at: datetime
) -> UUID:
    """A row as if it had been submitted, its cancel already decided; its id. Parts of one job
    are submitted one after another: by the first of them."""
    first = min(facts, key=lambda one: one.submitted_at)
    job_id = _id_of(site, first)
    began = min((one.started_at for one in facts if one.started_at), default=at)
    ended = max((one.ended_at for one in facts if one.ended_at), default=None)
    is_over = ended is not None and all(one.ended_at for one in facts)
    until = ended if is_over and ended else max(at, began) + timedelta(seconds=ENDING_S)
    row = Job(
        id=job_id, grant=grant, site=site, name=STRAY, by=actor.id, content={},
        key=f"{STRAY}-{first.submission}-{int(first.submitted_at.timestamp())}",
        cards=max(1, *(one.cards for one in facts)),
        time_limit_s=max(1, -(-(until - began) // timedelta(seconds=1))),
        engine_job=first.submission, engine_at=first.submitted_at,
        created_at=first.submitted_at, cancel_asked_at=at, cancel_reason=REASON,
    )  # fmt: skip
    Job.objects.bulk_create([row], ignore_conflicts=True)
    kept = Job.objects.select_for_update(no_key=True).get(pk=job_id)
    if kept.state == JobState.INTENT:
        JOB.move(kept, "take", actor, at=at, reason=REASON)
    for one in facts:
        close_finding(actor, site, "unmatched", one.attempt_key, at=at)
        find(site, STRAY, one.attempt_key, detail={"grant": grant.code}, at=at)
    return job_id

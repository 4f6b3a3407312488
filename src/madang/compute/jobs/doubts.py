"""Submissions about which a person decides, each with what there is to decide by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from madang.compute.findings.models import Finding
from madang.compute.jobs.arrivals import DOUBTS, UNANSWERED, UNSETTLED, window_of
from madang.compute.jobs.models import Job, JobState
from madang.compute.jobs.queries import grant_ref
from madang.compute.policy import policy_at
from madang.core.clock import rfc3339
from madang.core.words import korean
from madang.parties.actor import Actor, Role

SHOWN_MAX = 200


def submissions_in_doubt(actor: Actor, *, at: datetime) -> list[dict[str, object]]:
    """Those that wait for a person, the longest first. `arrivals`: what came in the window in
    which each can have come, and may be it; `unsettled`: why the books do not tell all."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    rows = Finding.objects.filter(cause__in=DOUBTS, state="open").order_by("found_at", "id")
    found: dict[UUID, list[Finding]] = defaultdict(list)
    for row in rows:
        found[UUID(str(row.detail["job"]))].append(row)
    waits = Job.objects.filter(state=JobState.INTENT, engine_job="")
    jobs = waits.select_related("site", "grant__gpu_class__site").in_bulk(list(found))
    settle = policy_at(at).unclear_settle
    told = [
        {**_about(jobs[id], window_of(jobs[id], settle)), **_evidence(rows)}
        for id, rows in found.items()
        if id in jobs
    ]
    return told[:SHOWN_MAX]


def _about(job: Job, window: tuple[datetime, datetime]) -> dict[str, object]:
    """`name`: under which it was sent, and which a job can have changed; `user`: which none
    can."""
    since, until = window
    return {
        "id": str(job.id),
        "key": job.key,
        "grant": job.grant.code,
        "site": job.site.code,
        "name": job.engine_key,
        "user": grant_ref(job.grant).user,
        "account": job.grant.account,
        "cards": job.cards,
        "time_limit_s": job.time_limit_s,
        "asked_at": rfc3339(job.asked_at or job.created_at),
        "came_from": rfc3339(since),
        "came_until": rfc3339(until),
    }


def _evidence(found: Sequence[Finding]) -> dict[str, object]:
    why = [str(one.detail["reason"]) for one in found if one.cause == UNSETTLED]
    arrivals = [_arrival(one.detail) for one in found if one.cause == UNANSWERED]
    return {
        "found_at": rfc3339(found[0].found_at),
        "unsettled": why[-1] if why else None,
        "unsettled_ko": korean(why[-1], "madang.compute") if why else None,
        "arrivals": sorted(arrivals, key=lambda one: (one["submitted_at"], one["engine_job"])),
    }


def _arrival(detail: Mapping[str, object]) -> dict[str, str]:
    return {
        "engine_job": str(detail["engine_job"]),
        "submitted_at": rfc3339(datetime.fromisoformat(str(detail["submitted_at"]))),
        "account": str(detail.get("account", "")),
        "state": str(detail.get("state", "")),
    }

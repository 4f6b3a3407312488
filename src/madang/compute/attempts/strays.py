"""Jobs that nobody submitted through the platform, on the account of one of its grants:
`sbatch` in a job, for instance. They take cards, so they cost; and nothing was held for them,
so they end.

Each becomes a job of the grant, told as any other from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db.models import Exists, OuterRef, Q

from madang.compute.attempts.models import Attempt
from madang.compute.attempts.settling import Place
from madang.compute.attempts.submissions import EARLY, by_id
from madang.compute.engines.types import AttemptFact
from madang.compute.findings.actions import close_finding, find
from madang.compute.grants.models import Grant
from madang.compute.jobs.arrivals import window_of
from madang.compute.jobs.models import OPEN, Job, JobState, engine_key_of
from madang.compute.jobs.workflow import JOB
from madang.compute.policy import ComputePolicy
from madang.compute.sites.cursors import set_back
from madang.compute.sites.models import Site
from madang.core.ids import uuid7
from madang.parties.actor import Actor

STRAY = "stray"
CHARGED = "charge"
REASON = "not submitted through the platform"
CODES_MAX = 20
ENDING_S = 300
"""What one that runs is held for beyond now: it is cancelled, and takes some time to end."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """By grant, the facts of strays under their keys; and when the first of those was submitted
    that may be a submission without an answer, and were left for later."""

    facts: dict[UUID, list[AttemptFact]]
    passed_over_at: datetime | None = None


def adopt(
    actor: Actor,
    site: Site,
    strangers: Sequence[AttemptFact],
    known: Mapping[Place, Sequence[AttemptFact]],
    policy: ComputePolicy,
    *,
    at: datetime,
) -> Adopted:
    """What are the grants' own jobs from now on. None where policy leaves them. In the
    caller's transaction, before anything is locked. `known` are the facts of this reading that
    tell of other jobs.

    Where one user runs the jobs of several grants each of them can name the account of any
    other. A grant of which nothing ran at that time has no part in it, and pays nothing.

    What was submitted and has no key of ours by now is no stray: jobs are looked for by id
    behind the look for unanswered ones, so that none is answered between the two."""
    if not strangers:
        return Adopted({})
    rows = Grant.objects.filter(
        account__in={one.account for one in strangers}, gpu_class__site=site
    )
    grants = {row.account: row for row in rows}
    by_job: dict[tuple[UUID, str], list[AttemptFact]] = defaultdict(list)
    found: dict[UUID, list[AttemptFact]] = defaultdict(list)
    unanswered, passed = _unanswered(site, policy), []
    for one, now in zip(strangers, by_id(site, strangers), strict=True):
        grant = grants.get(one.account)
        if grant is None:
            continue
        if now.key != one.key:
            found[grant.id].append(now)
        elif policy.stray_job != CHARGED or one.submitted_at < grant.created_at - EARLY:
            continue
        elif _may_be(one.submitted_at, unanswered):
            passed.append(one.submitted_at)
        else:
            by_job[grant.id, one.submission].append(one)
    runs = _runs_at(site, known, [_first(facts)[0] for facts in by_job.values()])
    for (grant_id, _), facts in sorted(by_job.items(), key=lambda item: _first(item[1])):
        grant = grants[facts[0].account]
        ran = {one.grant for one in runs if one.was_at(_first(facts)[0])}
        job = _make(actor, site, grant, facts, ran, at)
        if grant_id in ran:  # what it submits in its turn is the grant's as well
            runs += [_Run(grant_id, one.started_at, one.ended_at) for one in facts]
        found[grant_id] += [replace(one, key=engine_key_of(job)) for one in facts]
    return Adopted(found, min(passed, default=None))


def _first(facts: Sequence[AttemptFact]) -> tuple[datetime, str]:
    return min((one.submitted_at, one.submission) for one in facts)


@dataclass(frozen=True, slots=True)
class _Run:
    """Of a job of a grant: only while one runs can it submit anything."""

    grant: UUID
    started_at: datetime | None
    ended_at: datetime | None

    def was_at(self, at: datetime) -> bool:
        if self.started_at is None or at < self.started_at - EARLY:
            return False
        return self.ended_at is None or at <= self.ended_at + EARLY


def _runs_at(
    site: Site, known: Mapping[Place, Sequence[AttemptFact]], times: Sequence[datetime]
) -> list[_Run]:
    """What ran at the site at any of these times, with what this reading tells of it, and what
    may have run: nobody knows yet about a submission without an answer. Strays of which a grant
    has no part are none of its runs."""
    if not times:
        return []
    rows = Attempt.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=min(times) - EARLY), site=site,
        started_at__lte=max(times) + EARLY, job__is_borne=False,
    )  # fmt: skip
    told = {
        key: _Run(grant, start, end)
        for key, grant, start, end in rows.values_list(
            "attempt_key", "job__grant_id", "started_at", "ended_at"
        )
    }
    jobs = Job.objects.filter(pk__in={job for _, job in known}, is_borne=True)
    borne = set(jobs.values_list("pk", flat=True))
    for (grant, job), facts in known.items():
        for one in facts if job not in borne else ():
            told[one.attempt_key] = _Run(grant, one.started_at, one.ended_at)
    unanswered = Job.objects.filter(
        site=site, state=JobState.INTENT, engine_job="", asked_at__isnull=False
    )
    waits = unanswered.values_list("grant_id", "created_at")
    return [*told.values(), *(_Run(grant, since, None) for grant, since in waits)]


def _id_of(grant: Grant, fact: AttemptFact) -> UUID:
    """The same stray is the same job, whoever reads it. Ids come again on another day, and the
    parts of one job may be on several accounts."""
    return uuid5(grant.id, f"{STRAY}/{fact.submission}/{fact.submitted_at.isoformat()}")


Wanted = tuple[datetime, datetime]
"""When an intent was written down, and until when what it asked for may still arrive."""


def _unanswered(site: Site, policy: ComputePolicy) -> Sequence[Wanted]:
    """Submissions that no engine has answered yet: a stranger may be one of them, whose job has
    another name by now, and another account of the same user if it was changed in time."""
    rows = Job.objects.filter(
        site=site, state=JobState.INTENT, engine_job="", asked_at__isnull=False
    )
    found = rows.only("created_at", "asked_at")
    return [window_of(job, policy.unclear_settle) for job in found]


def _may_be(submitted_at: datetime, wanted: Iterable[Wanted]) -> bool:
    return any(since <= submitted_at <= until for since, until in wanted)


def read_on(
    site: Site, cursor: str, passed_over_at: datetime | None, policy: ComputePolicy
) -> None:
    """The next reading goes on from `cursor`; or from where strangers were passed over, once
    no answer is missing any more that may be about the first of them: it can have come long
    after the last reading that told them. The site is locked last of all, as ever."""
    row = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    waits = row.passed_over_at
    if row.cursor == site.cursor:  # else somebody has set it back since
        row.cursor = cursor
    if waits is not None and not _may_be(waits, _unanswered(site, policy)):
        row.cursor, waits = set_back(row.cursor, waits), None
    row.passed_over_at = min((one for one in (waits, passed_over_at) if one), default=None)
    row.save(update_fields=["cursor", "passed_over_at"])


def _make(
    actor: Actor, site: Site, grant: Grant, facts: Sequence[AttemptFact], ran: Collection[UUID],
    at: datetime,
) -> UUID:  # fmt: skip
    """A row as if it had been submitted, its cancel already decided; its id. Parts of one job
    are submitted one after another: by the first of them."""
    first = min(facts, key=lambda one: one.submitted_at)
    job_id = _id_of(grant, first)
    began = min((one.started_at for one in facts if one.started_at), default=at)
    ended = max((one.ended_at for one in facts if one.ended_at), default=None)
    is_over = ended is not None and all(one.ended_at for one in facts)
    until = ended if is_over and ended else max(at, began) + timedelta(seconds=ENDING_S)
    row = Job(
        id=job_id, grant=grant, site=site, name=STRAY, by=actor.id, content={},
        key=f"{STRAY}-{first.submission}-{uuid7().hex}",  # none that anybody could have used
        cards=max(1, *(one.cards for one in facts)),
        time_limit_s=max(1, -(-(until - began) // timedelta(seconds=1))),
        is_borne=not grant.user and grant.id not in ran,
        engine_job=first.submission, engine_at=first.submitted_at,
        created_at=first.submitted_at, cancel_asked_at=at, cancel_reason=REASON,
    )  # fmt: skip
    Job.objects.bulk_create([row], ignore_conflicts=True)
    kept = Job.objects.select_for_update(no_key=True).get(pk=job_id)
    if kept.state == JobState.INTENT:
        JOB.move(kept, "take", actor, at=at, reason=REASON)
    for one in facts:
        close_finding(actor, site, "unmatched", one.attempt_key, at=at)
    detail: dict[str, str | int | None] = {
        "grant": grant.code, "job": first.submission, "borne": int(kept.is_borne),
        "ran": ", ".join(_codes(ran)),
    }  # fmt: skip
    find(site, STRAY, str(job_id), detail=detail, at=at)
    return job_id


def _codes(grants: Collection[UUID]) -> Sequence[str]:
    """Of those that ran at the time, for whoever asks which of them it was."""
    rows = Grant.objects.filter(pk__in=grants, user="").order_by("code")
    return list(rows.values_list("code", flat=True)[:CODES_MAX])


def explain(actor: Actor, site: Site, *, at: datetime) -> None:
    """Findings of what has ended and is posted are closed: the lines say all there is to say.
    What is nobody's stays open."""
    ours = site.findings.filter(state="open")
    strays = [UUID(what) for (what,) in ours.filter(cause=STRAY).values_list("what")]
    if strays:
        waits = Attempt.objects.filter(
            Q(is_held=True) | Q(is_disputed=True), job=OuterRef("pk")
        )
        over = Job.objects.filter(pk__in=strays).exclude(state__in=OPEN).exclude(Exists(waits))
        for job in over:
            close_finding(actor, site, STRAY, str(job.id), at=at)
    posted = Attempt.objects.filter(
        site=site, attempt_key=OuterRef("what"), ended_at__isnull=False, is_held=False,
        is_disputed=False,
    )  # fmt: skip
    ours.filter(Exists(posted), cause="unmatched").update(
        state="explained", closed_at=at, closed_by=actor.id
    )

"""Submissions without an answer that nobody finds: is it certain that none of them came?

A job can take the key from all that accounting remembers of it. So what is not found is not
absent; absent it is when nothing came of that user in that time that is not known for another
job. Where something did, only a person can say whether it is the one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from madang.compute.attempts.submissions import EARLY, our_key
from madang.compute.engines.types import AttemptFact, Engine
from madang.compute.errors import EngineRefused, EngineUnwell
from madang.compute.findings.actions import find_all
from madang.compute.findings.models import Finding
from madang.compute.jobs.models import OPEN, Job, JobState
from madang.compute.jobs.queries import grant_ref
from madang.compute.sites.models import Site
from madang.parties.actor import Actor

UNANSWERED = "unanswered"
UNSETTLED = "unsettled"
DOUBTS = (UNANSWERED, UNSETTLED)
"""Causes of findings about which a person decides: something came that may be it; or nobody
can say for long what came."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that came, by its id at the engine and when it was submitted; on which account
    and in which state, for whoever decides."""

    engine_job: str
    submitted_at: datetime
    account: str = field(default="", compare=False)
    state: str = field(default="", compare=False)

    def named(self, job: UUID) -> str:
        """The finding that it may be this job."""
        return f"{job}:{self.engine_job}@{self.submitted_at.isoformat()}"


Doubts = Mapping[UUID, Sequence[Arrival]]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Submissions of which the books do not settle what came of them, and why. `late`: those
    about which a person is asked by now; `seen`: what may be them as far as can be seen;
    `ruled_out`: those of which a person has said that they never ran, and nothing else came."""

    reason: str
    late: Sequence[Job] = ()
    seen: Doubts = field(default_factory=dict)
    ruled_out: frozenset[UUID] = frozenset()


def unsettled_of(
    engine: Engine, jobs: Sequence[Job], settle: timedelta, after: timedelta, *, reason: str,
    at: datetime,
) -> Unsettled:  # fmt: skip
    """What is known of jobs whose books cannot be read whole. `after`: policy's
    `unsettled_found`, since they were last asked for."""
    late = [job for job in jobs if at >= (job.asked_at or job.created_at) + after]
    if not late:
        return Unsettled(reason)
    try:
        seen = doubts_of(engine, late, settle, whole=False)
    except (EngineUnwell, EngineRefused):
        seen = {}
    rows = doubts_about(late).filter(cause=UNSETTLED, state="decided")
    decided = set(rows.values_list("what", flat=True))
    ruled_out = {job.id for job in late if _waiting(job) in decided and job.id not in seen}
    left = [job for job in late if job.id not in ruled_out]
    return Unsettled(reason, left, seen, frozenset(ruled_out))


def _waiting(job: Job) -> str:
    """The finding that nobody can say what came of its last asking."""
    return f"{job.id}@{(job.asked_at or job.created_at).isoformat()}"


def doubts_of(
    engine: Engine, jobs: Sequence[Job], settle: timedelta, *, whole: bool = True
) -> Doubts:
    """What may be each of these jobs, whose last answer was lost and can no longer come. What
    a person has ruled out is none of it. Raises EngineUnwell: then nothing is certain."""
    site, found = jobs[0].site, {}
    refs = {ref.user: ref for ref in (grant_ref(job.grant) for job in jobs)}
    since = min(job.created_at for job in jobs) - EARLY
    by_user = {
        user: engine.arrivals(ref, since=since, whole=whole) for user, ref in refs.items()
    }
    claims = _claims(site, [one for facts in by_user.values() for one in facts])
    decided = set(doubts_about(jobs).filter(state="decided").values_list("what", flat=True))
    for job in jobs:
        since, until = window_of(job, settle)
        may_be = {
            Arrival(one.submission, one.submitted_at, one.account, one.state.value)
            for one in by_user[grant_ref(job.grant).user]
            if since <= one.submitted_at <= until and claims.get(_id(one), job.id) == job.id
        }
        left = [one for one in may_be if one.named(job.id) not in decided]
        if left:
            found[job.id] = sorted(left, key=lambda one: (one.submitted_at, one.engine_job))
    return found


def window_of(job: Job, settle: timedelta) -> tuple[datetime, datetime]:
    """In which what was sent for it may have come, by the engine's clock."""
    return job.created_at - EARLY, (job.asked_at or job.created_at) + settle + EARLY


_Id = tuple[str, datetime]


def _id(fact: AttemptFact) -> _Id:
    return fact.submission, fact.submitted_at


def _claims(site: Site, facts: Sequence[AttemptFact]) -> Mapping[_Id, UUID]:
    """Whose each of them is: by the id under which a job was taken; else by the key of one that
    has no answer either, which takes the first that has it."""
    found: dict[_Id, UUID] = {}
    keys = {UUID(hex=key) for one in facts if (key := our_key(one))}
    waits = Job.objects.filter(site=site, pk__in=keys, state=JobState.INTENT, engine_job="")
    waiting = set(waits.values_list("pk", flat=True))
    for one in sorted(facts, key=lambda one: (one.submitted_at, one.submission)):
        key = our_key(one)
        if key and UUID(hex=key) in waiting:
            waiting.remove(UUID(hex=key))
            found[_id(one)] = UUID(hex=key)
    return {**found, **_taken(site, facts)}


def _taken(site: Site, facts: Iterable[AttemptFact]) -> Mapping[_Id, UUID]:
    """Ids come again: a job has its own from when it was wanted until it was over."""
    had: dict[str, list[tuple[datetime, datetime | None, UUID]]] = defaultdict(list)
    ids = {one.submission for one in facts} | {one.job_id for one in facts}
    rows = Job.objects.filter(site=site, engine_job__in=ids).order_by("created_at")
    for id, since, state, ended, job in rows.values_list(
        "engine_job", "created_at", "state", "ended_at", "pk"
    ):
        had[id].append((since - EARLY, None if state in OPEN else ended, job))
    found: dict[_Id, UUID] = {}
    for one in facts:
        for since, ended, job in had[one.submission] or had[one.job_id]:
            if since <= one.submitted_at and (not ended or one.submitted_at <= ended + EARLY):
                found[_id(one)] = job
    return found


def is_taken(site: Site, arrival: Arrival) -> bool:
    """It is known for some job by now."""
    rows = Job.objects.filter(site=site, engine_job=arrival.engine_job)
    rows = rows.filter(created_at__lte=arrival.submitted_at + EARLY)
    return rows.exclude(ended_at__lt=arrival.submitted_at - EARLY).exists()


def doubts_about(jobs: Iterable[Job]) -> QuerySet[Finding]:
    """Findings that something may be one of these jobs, or that nobody can say."""
    return Finding.objects.filter(
        cause__in=DOUBTS, detail__job__in=[str(one.pk) for one in jobs]
    )


def tell_doubts(jobs: Iterable[Job], doubts: Doubts, *, at: datetime) -> None:
    """A finding for each thing that may be one of them: neither is sent again before a person
    has decided."""
    for job in jobs:
        found: dict[tuple[str, str], Mapping[str, str | int | None]] = {
            (UNANSWERED, one.named(job.id)): {
                "job": str(job.id), "key": job.key, "grant": job.grant.code,
                "engine_job": one.engine_job, "submitted_at": one.submitted_at.isoformat(),
                "account": one.account, "state": one.state,
            }
            for one in doubts.get(job.id, ())
        }  # fmt: skip
        find_all(job.site, found, at=at)


def tell_unsettled(jobs: Iterable[Job], unsettled: Unsettled, *, at: datetime) -> None:
    """A finding for each of these that waits for so long that a person can decide."""
    late = {job.id for job in unsettled.late}
    for job in (one for one in jobs if one.id in late):
        detail: Mapping[str, str | int | None] = {
            "job": str(job.id), "key": job.key, "grant": job.grant.code,
            "reason": unsettled.reason,
        }  # fmt: skip
        find_all(job.site, {(UNSETTLED, _waiting(job)): detail}, at=at)


def explain_settled(actor: Actor, jobs: Iterable[Job], *, at: datetime) -> None:
    """The books could be read: what came of them, if anything did, is told by its own name."""
    doubts_about(jobs).filter(cause=UNSETTLED, state="open").update(
        state="explained", closed_at=at, closed_by=actor.id
    )


def explain_answered(actor: Actor, site: Site, *, at: datetime) -> None:
    """The engine has them, or has refused them: nothing of it is in doubt any more."""
    rows = site.findings.filter(cause__in=DOUBTS, state="open")
    told = {UUID(str(detail["job"])) for detail in rows.values_list("detail", flat=True)}
    if told:
        waits = Job.objects.filter(pk__in=told, state=JobState.INTENT)
        over = told - set(waits.values_list("pk", flat=True))
        rows.filter(detail__job__in=[str(one) for one in over]).update(
            state="explained", closed_at=at, closed_by=actor.id
        )

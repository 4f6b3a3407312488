"""Taking what an engine tells: each attempt once, each change of its facts once.

One grant at a time, under its lock, in the caller's transaction: the facts, the lines and what
they post stand or fall together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.compute.attempts.holds import open_attempt, open_rest
from madang.compute.attempts.models import Attempt, AttemptFactRow
from madang.compute.attempts.settling import Place, Taken
from madang.compute.attempts.unheard import heard_late
from madang.compute.engines.types import AttemptFact
from madang.compute.findings.actions import close_finding, find
from madang.compute.grants.actions import collect_owed
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import lock_vouchers, locked_grants
from madang.compute.jobs.models import Job
from madang.compute.lines.actions import post_attempt
from madang.compute.policy import ComputePolicy
from madang.compute.sites.models import Site
from madang.core.errors import Refused
from madang.parties.actor import Actor

AT_ONCE = 5_000
"""Rows in one statement."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts of one engine about one job. `doubted` maps attempt keys to the cause for which
    its books do not agree; `vanished` are those that nobody tells any more; `clocks` are
    findings about times that cannot be, open until now."""

    facts: Sequence[AttemptFact]
    doubted: Mapping[str, str]
    vanished: frozenset[str] = frozenset()
    clocks: frozenset[str] = frozenset()


@dataclass(slots=True)
class Rows:
    """A job as it stands, with its grant, both locked: and so its attempts."""

    grant: Grant
    job: Job
    attempts: list[Attempt]


def locked_rows(site: Site, places: Iterable[Place]) -> dict[Place, Rows]:
    """Grants first, then their jobs, then what pays for them, each in their one order: in few
    statements."""
    wanted = sorted(set(places))
    grants = locked_grants(grant for grant, _ in wanted)
    jobs: dict[UUID, Rows] = {}
    ordered = sorted(job for _, job in wanted)
    for start in range(0, len(ordered), AT_ONCE):
        ids = ordered[start : start + AT_ONCE]
        rows = Job.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("id")
        for job in rows.defer("script", "content", "datasets"):
            job.site, job.grant = site, grants[job.grant_id]
            jobs[job.id] = Rows(job.grant, job, [])
        for attempt in Attempt.objects.filter(job__in=ids).order_by("number"):
            found = jobs[attempt.job_id]
            attempt.site, attempt.job = site, found.job
            found.attempts.append(attempt)
    lock_vouchers(grants.values())
    return {place: jobs[place[1]] for place in wanted}


def take_facts(
    actor: Actor,
    rows: Rows,
    reading: Reading,
    policy: ComputePolicy,
    taken: Taken,
    *,
    at: datetime,
) -> bool:
    """Everything that one reading says about the attempts of one job. False: something in it
    cannot be, and the job waits for a better word."""
    grant, job, attempts = rows.grant, rows.job, rows.attempts
    for fact in sorted(reading.facts, key=_order):
        if fact.started_at is None and fact.ended_at is None:
            continue  # it waits: nothing of it is known yet that could cost
        if _is_impossible(actor, job, fact, reading, policy, at):
            return False
        attempt = _attempt_of(actor, grant, job, attempts, fact, policy, taken, at)
        _take(actor, grant, attempt, fact, reading, policy, taken, at)
    for attempt in attempts:
        if attempt.attempt_key in reading.vanished:
            attempt.is_disputed = True
            taken.sheet.note(attempt)
            find(job.site, "vanished", attempt.attempt_key, attempt=attempt, at=at)
    return True


def _order(fact: AttemptFact) -> tuple[datetime, datetime]:
    return fact.submitted_at, fact.started_at or fact.submitted_at


def _is_impossible(
    actor: Actor,
    job: Job,
    fact: AttemptFact,
    reading: Reading,
    policy: ComputePolicy,
    at: datetime,
) -> bool:
    """An end before its start, or in the future: found, held, never counted."""
    ends_early = fact.ended_at and fact.started_at and fact.ended_at < fact.started_at
    ends_late = fact.ended_at and fact.ended_at > at + policy.clock_skew
    what = f"{job.id}:{fact.attempt_key}"
    if ends_early or ends_late:
        if what in reading.clocks:
            return True  # found before, and open
        detail = {"start": str(fact.started_at), "end": str(fact.ended_at), "now": str(at)}
        find(job.site, "clock", what, detail=detail, at=at)
        return True
    if what in reading.clocks:
        close_finding(actor, job.site, "clock", what, at=at)
    return False


def _attempt_of(
    actor: Actor,
    grant: Grant,
    job: Job,
    attempts: list[Attempt],
    fact: AttemptFact,
    policy: ComputePolicy,
    taken: Taken,
    at: datetime,
) -> Attempt:
    """The attempt of this fact: known, or the next one that waits, or one more."""
    known = [one for one in attempts if one.attempt_key == fact.attempt_key]
    if not known and fact.started_at is None:
        known = _ended_at_once(attempts, fact)
    known = known or heard_late(actor, attempts, fact, at=at)
    if known:
        return known[0]
    waiting = [one for one in attempts if one.is_held and not one.attempt_key]
    if not waiting:
        waiting = [_one_more(actor, grant, job, len(attempts) + 1, policy, taken, at)]
        attempts += waiting
    waiting[0].attempt_key = fact.attempt_key
    return waiting[0]


def _ended_at_once(attempts: Iterable[Attempt], fact: AttemptFact) -> list[Attempt]:
    """Seen running, and then booked as one that never held a card: the same attempt, and by
    the books it cost nothing."""
    begun = fact.attempt_key.removesuffix("-")
    return [one for one in attempts if one.attempt_key.startswith(begun) and not one.ended_at]


def _one_more(
    actor: Actor,
    grant: Grant,
    job: Job,
    number: int,
    policy: ComputePolicy,
    taken: Taken,
    at: datetime,
) -> Attempt:
    """The engine ran it again before it could hold anything. What does not fit holds what is
    left, the programme bears the rest, and the job is cancelled: no quota is exceeded."""
    taken.sheet.write()  # what was used leaves room
    if job.is_borne:
        return open_rest(actor, grant, job, number, takes_rest=False, at=at)
    try:
        return open_attempt(actor, grant, job, at=at, number=number)
    except Refused:
        taken.too_much.append(job.id)
        takes_rest = policy.unheld_run == "grant"
        return open_rest(actor, grant, job, number, takes_rest=takes_rest, at=at)


def _take(
    actor: Actor,
    grant: Grant,
    attempt: Attempt,
    fact: AttemptFact,
    reading: Reading,
    policy: ComputePolicy,
    taken: Taken,
    at: datetime,
) -> None:
    if fact.digest == attempt.decided_digest:
        return  # a person has decided about exactly this: the decision stands
    doubt = reading.doubted.get(fact.attempt_key, "")
    is_new = attempt.fact_digest != fact.digest
    if not is_new and not doubt and not attempt.is_disputed:
        return
    if doubt != "" or attempt.is_disputed:
        _doubt(actor, attempt, fact, doubt, at)
    if is_new:
        taken.sheet.fact(_note(attempt, fact, at))
        taken.changed += 1
    taken.sheet.note(attempt)
    if attempt.ended_at is not None and not attempt.is_disputed:
        line = post_attempt(actor, grant, attempt, policy, taken.sheet, at=at)
        taken.lines += line is not None
        if grant.owed_back:
            taken.sheet.write()
            collect_owed(actor, grant, at=at)


def _note(attempt: Attempt, fact: AttemptFact, at: datetime) -> AttemptFactRow:
    """A new version of the facts: the row says what is known, the fact row stays for good."""
    attempt.fact_version += 1
    attempt.fact_digest = fact.digest
    attempt.cards = fact.cards
    attempt.started_at = fact.started_at
    attempt.ended_at = fact.ended_at
    attempt.suspended_s = fact.suspended_s
    attempt.state = fact.state.value
    attempt.observed_at = at
    return AttemptFactRow(
        attempt=attempt, version=attempt.fact_version, source=fact.source,
        state=fact.state.value, cards=fact.cards, started_at=fact.started_at,
        ended_at=fact.ended_at, suspended_s=fact.suspended_s, evidence=fact.evidence[:200],
        digest=fact.digest, observed_at=at,
    )  # fmt: skip


def _doubt(actor: Actor, attempt: Attempt, fact: AttemptFact, cause: str, at: datetime) -> None:
    """DISPUTED: the books do not agree. Nothing is posted and the hold stays until they do, or
    a person decides."""
    what = fact.attempt_key
    site = attempt.site
    if cause:
        attempt.is_disputed = True
        find(site, cause, what, attempt=attempt, detail={"fact": fact.evidence}, at=at)
        return
    attempt.is_disputed = False
    for known in site.findings.filter(what=what, state="open"):
        close_finding(actor, site, known.cause, what, at=at)

"""The engine's books against ours: GPU-milliseconds by attempt, explained line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from madang.compute.attempts.models import Attempt
from madang.compute.attempts.submissions import OUR_ACCOUNT, our_key
from madang.compute.attempts.unheard import NEAR, jobs_by_engine_id, task_of
from madang.compute.comparing import (
    DECIDED,
    OVERWRITTEN,
    UNMATCHED,
    UNPOSTED,
    VANISHED,
    Difference,
    Posted,
    Report,
    Told,
    Whose,
    compare,
    explained,
)
from madang.compute.engines.types import UNHEARD, AttemptFact, Discrepancy, Engine
from madang.compute.lines.amounts import gpu_ms_of
from madang.compute.policy import policy_at
from madang.compute.sites.models import Site

AMOUNTS = frozenset({UNHEARD, "overcounted"})
"""What books say of an amount alone: with a person's word nothing is left to do. A phantom
holds cards whatever was decided."""


def reconcile_site(site: Site, engine: Engine, since: datetime, until: datetime) -> Report:
    """Compare one window. Reads only: what should be posted is posted by a poll.

    Raises EngineUnwell: books that cannot be read are not empty books.
    """
    report = Report(site.code)
    facts, _ = engine.usage(str(int(since.timestamp())))
    inside = {one.attempt_key: one for one in facts if one.submitted_at <= until}
    report.attempts = len(inside)
    report.doubts = engine.reconcile(since, until)
    stays = [one.node for one in report.doubts if one.cause == UNHEARD and one.node]
    told = sorted(_told(inside.values(), _impossible(site)))
    ours = _summed(posted(site.id, since), report)
    missed: list[Told] = []
    for one in compare(_counted(told, report), ours):
        if one.cause == UNMATCHED and _is_ours(inside[one.attempt_key]):
            missed.append((one.attempt_key, one.told_ms, False))
        else:
            report.add(_witnessed(one, stays))
    for one in _looked_up(site, missed, report):
        report.add(one)
    report.doubts = _judged(site, report.doubts)
    report.whose = _whose(site, report)
    return report


def _judged(site: Site, doubts: Sequence[Discrepancy]) -> list[Discrepancy]:
    """The same; what a person has decided since, or was charged before the books forgot it,
    waits for nobody."""
    jobs = [had[-1] for had in jobs_by_engine_id(site, {one.job_id for one in doubts}).values()]
    rows = Attempt.objects.filter(job__in=jobs, is_disputed=False, is_held=False)
    settled = [
        (task_of(row), row.started_at, row.decided_digest != "")
        for row in rows
        if row.started_at and row.ended_at
    ]
    return [_judged_one(one, settled) for one in doubts]


def _judged_one(one: Discrepancy, settled: Iterable[tuple[str, datetime, bool]]) -> Discrepancy:
    seen = one.accounting or one.node
    begun = seen.started_at if seen else None
    if begun is None or one.cause not in AMOUNTS:
        return one
    for task, started_at, is_decided in settled:
        if task == one.job_id and abs(started_at - begun) <= NEAR:
            cause = OVERWRITTEN if one.cause == UNHEARD else one.cause
            return replace(one, cause=DECIDED if is_decided else cause)
    return one


def _impossible(site: Site) -> set[str]:
    """Attempts told with times that cannot be: no amount while their findings are open."""
    found = site.findings.filter(cause="clock", state="open").values_list("what", flat=True)
    return {what.partition(":")[2] for what in found}


def _is_ours(fact: AttemptFact) -> bool:
    return OUR_ACCOUNT.fullmatch(fact.account) is not None or our_key(fact) != ""


def _looked_up(site: Site, missed: Sequence[Told], report: Report) -> Iterator[Difference]:
    """What was told of jobs of ours and is not among our attempts of these hours: perhaps it is
    one of the hours before. What is none, and was never found to be nobody's, was lost on the
    way from the books: it is drift, not somebody else's job."""
    keys = [key for key, _, _ in missed]
    found = site.findings.filter(cause=UNMATCHED, what__in=keys)
    known = set(found.values_list("what", flat=True))
    for one in compare(missed, _summed(posted_under(site.id, keys), report)):
        is_lost = one.cause == UNMATCHED and one.attempt_key not in known
        yield explained(one, UNPOSTED) if is_lost else one


def _whose(site: Site, report: Report) -> dict[str, Whose]:
    """What a person calls them by: each line by its attempt, each doubt by the last job that
    had its id."""
    keys = [one.attempt_key for one in report.lines]
    rows = Attempt.objects.filter(site=site, attempt_key__in=keys)
    lines = rows.values_list("attempt_key", "job__grant__code", "job__key")
    jobs = jobs_by_engine_id(site, {one.job_id for one in report.doubts})
    doubts = {id: (had[-1].grant.code, had[-1].key) for id, had in jobs.items()}
    return {**doubts, **{attempt: (grant, key) for attempt, grant, key in lines}}


def _witnessed(one: Difference, stays: Sequence[AttemptFact]) -> Difference:
    """What accounting told, and we posted, before the same submission ran again in its place:
    the node saw it still."""
    if one.cause != VANISHED:
        return one
    job_id, _, times = one.attempt_key.partition("@")
    begun = float(times.partition("/")[2])
    starts = [stay.submitted_at.timestamp() for stay in stays if stay.job_id == job_id]
    if any(abs(start - begun) <= NEAR.total_seconds() for start in starts):
        return explained(one, OVERWRITTEN)
    return one


def _told(facts: Iterable[AttemptFact], impossible: Collection[str]) -> Iterator[Told]:
    for fact in facts:
        if fact.started_at is None and fact.ended_at is None:
            continue
        ends_early = fact.ended_at and fact.started_at and fact.ended_at < fact.started_at
        is_none = ends_early or fact.attempt_key in impossible
        ms = 0 if is_none else gpu_ms_of(fact.cards, fact.started_at, fact.ended_at)
        yield fact.attempt_key, ms, fact.ended_at is None


def _counted(told: Iterable[Told], report: Report) -> Iterator[Told]:
    for one in told:
        report.told_ms += one[1]
        yield one


def _summed(rows: Iterable[Posted], report: Report) -> Iterator[Posted]:
    for one in rows:
        report.posted_ms += one[1]
        yield one


_POSTED = """
SELECT a.attempt_key,
       coalesce(sum(CASE l.kind WHEN 'use' THEN l.gpu_ms ELSE -l.gpu_ms END), 0)::bigint,
       CASE WHEN a.is_disputed THEN 'disputed'
            WHEN bool_or(f.source = 'decision') THEN 'decided' ELSE '' END,
       a.ended_at IS NULL
  FROM compute_attempt a LEFT JOIN compute_line l ON l.attempt_id = a.no
  LEFT JOIN compute_attemptfactrow f
    ON a.decided_digest <> '' AND f.attempt_id = a.no AND f.version = a.fact_version
 WHERE a.site_id = %s AND a.attempt_key <> '' AND {which}
 GROUP BY a.no ORDER BY a.attempt_key COLLATE "C"
"""
_SINCE = _POSTED.format(which="coalesce(a.ended_at, 'infinity') > %s")
_UNDER = _POSTED.format(which="a.attempt_key = ANY(%s)")
FETCH = 5_000


def posted(site: UUID, since: datetime) -> Iterator[Posted]:
    """Our attempts in the order of their keys, through a cursor of the server's."""
    with transaction.atomic(), connection.cursor() as outer:
        server = outer.connection.cursor(name="compute_posted")
        with server:
            server.itersize = FETCH
            server.execute(_SINCE, (site, since))
            yield from server


def posted_under(site: UUID, keys: Sequence[str]) -> Iterator[Posted]:
    """Those of our attempts that have these keys, in their order."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(_UNDER, (site, list(keys)))
            yield from cursor.fetchall()


def window_of(at: datetime, hours: int) -> tuple[datetime, datetime]:
    """The last hours, up to now and what the engine's clock may be ahead."""
    return at - timedelta(hours=hours), at + policy_at(at).clock_skew

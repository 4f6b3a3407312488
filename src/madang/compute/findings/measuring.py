"""Samples of utilisation: taken from what a source tells, and read as a mean over a window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from madang.compute.classes.models import GpuClass
from madang.compute.errors import SampleInvalid
from madang.compute.findings.models import Source, UtilisationSample
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job, JobState
from madang.compute.policy import ComputePolicy
from madang.compute.sites.models import Site
from madang.core.errors import NotAllowed
from madang.parties.actor import Actor, Role

WHOLE = 1000
SECOND = timedelta(seconds=1)
MS = timedelta(milliseconds=1)
RANK = {source.value: rank for rank, source in enumerate(Source)}


@dataclass(frozen=True, slots=True)
class Told:
    """A mean since a job's start, as an engine's own books tell it. `key` is ours."""

    key: str
    elapsed_ms: int
    permille: int


@dataclass(frozen=True, slots=True)
class Interval:
    """What an exporter saw of an engine's job over the `seconds` that end at `at`."""

    engine_job: str
    permille: int
    seconds: int
    at: datetime


@transaction.atomic
def take_intervals(
    actor: Actor, site: Site, rows: Iterable[Interval], *, at: datetime
) -> tuple[int, int]:
    """What an exporter (DCGM, for instance) has seen: how many were taken, and how many name
    no job that the actor may tell of. The same again is nothing. Raises SampleInvalid for
    numbers that cannot be."""
    classes = _classes_of_teller(actor, site)
    told = list(rows)
    for row in told:
        _check(row, at)
    names = {row.engine_job for row in told}
    found = Job.objects.filter(site=site, grant__gpu_class__in=classes, engine_job__in=names)
    newest = {job.engine_job: job for job in found.only("engine_job").order_by("created_at")}
    samples = [
        UtilisationSample(
            job=newest[row.engine_job], source=Source.EXPORTER, permille=row.permille,
            seconds=row.seconds, at=row.at,
        )
        for row in told
        if row.engine_job in newest
    ]  # fmt: skip
    UtilisationSample.objects.bulk_create(samples, ignore_conflicts=True)
    return len(samples), len(told) - len(samples)


def _classes_of_teller(actor: Actor, site: Site) -> QuerySet[GpuClass]:
    """All of a site to an operator; to a supplier those that it sells there: its exporter needs
    no more than a supplier's token, and says nothing of the cards of others, which would be
    taken back when they seem idle."""
    rows = GpuClass.objects.filter(site=site)
    if actor.has(Role.OPERATOR):
        return rows
    actor.need(Role.SUPPLIER)
    mine = rows.filter(offering__supplier__in=actor.suppliers)
    if not mine.exists():
        raise NotAllowed
    return mine


def _check(row: Interval, at: datetime) -> None:
    if not 0 <= row.permille <= WHOLE:
        raise SampleInvalid(field="permille", reason="0 to 1000")
    if row.seconds <= 0:
        raise SampleInvalid(field="seconds", reason="not positive")
    if row.at > at + timedelta(minutes=1):
        raise SampleInvalid(field="at", reason="in the future")


def take_means(site: Site, told: Iterable[Told], source: Source, *, at: datetime) -> int:
    """Means since the start become samples of what happened since the last one; how many."""
    means = {one.key: one for one in told}
    running = Job.objects.filter(site=site, state=JobState.RUNNING)
    jobs = [job for job in running if job.engine_key in means]
    before = _latest(jobs, source)
    made = [_sample(job, means[job.engine_key], before.get(job.pk), source, at) for job in jobs]
    rows = [row for row in made if row is not None]
    UtilisationSample.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _latest(jobs: Iterable[Job], source: Source) -> Mapping[object, UtilisationSample]:
    rows = UtilisationSample.objects.filter(job__in=list(jobs), source=source)
    newest = rows.order_by("job_id", "-at").distinct("job_id")
    return {row.job_id: row for row in newest}


def _sample(
    job: Job, told: Told, before: UtilisationSample | None, source: Source, at: datetime
) -> UtilisationSample | None:
    """A job that was queued again starts anew: its mean then counts from its new start."""
    since_ms, seen = 0, 0
    if before is not None and before.told_ms is not None and before.told_ms <= told.elapsed_ms:
        since_ms, seen = before.told_ms, before.told_ms * (before.told_permille or 0)
    passed_ms = told.elapsed_ms - since_ms
    if passed_ms < SECOND // MS:
        return None
    mean = (told.elapsed_ms * told.permille - seen) // passed_ms
    return UtilisationSample(
        job=job, permille=min(max(mean, 0), WHOLE), seconds=passed_ms * MS // SECOND,
        source=source, told_ms=told.elapsed_ms, told_permille=told.permille, at=at,
    )  # fmt: skip


def utilisation_of(grant: Grant, policy: ComputePolicy, at: datetime) -> int | None:
    """Mean over the window, by cards and seconds, in thousandths. None: measured for too short
    a time to say anything. Of several sources about one job the best word counts."""
    rows = UtilisationSample.objects.filter(
        job__grant=grant, at__gt=at - policy.idle_window, at__lte=at
    )
    summed = rows.values_list("job_id", "source", "job__cards").annotate(
        measured=Sum("seconds"), busy=Sum(F("seconds") * F("permille"))
    )
    by_job: dict[object, list[tuple[int, int, int, int]]] = defaultdict(list)
    for job, source, cards, seconds, busy in summed:
        by_job[job].append((RANK[source], cards, seconds, busy))
    best = [max(found) for found in by_job.values()]
    if sum(seconds for _, _, seconds, _ in best) < max(1, policy.idle_measured_s_min):
        return None
    whole = sum(cards * seconds for _, cards, seconds, _ in best)
    return sum(cards * busy for _, cards, _, busy in best) // whole

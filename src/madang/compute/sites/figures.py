"""Figures of a site for everybody: cards by state, queue, use by day and hour, shares.

From our own rows alone, as of the last reading of the engine; groups smaller than the
disclosure policy allows are not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum

from madang.compute.attempts.models import Attempt
from madang.compute.classes.models import Stage
from madang.compute.grants.models import Grant, GrantState
from madang.compute.jobs.models import Job, JobState
from madang.compute.lines.models import Line, LineKind
from madang.compute.sites.models import Site
from madang.compute.sites.queries import cards_at
from madang.core.clock import SEOUL, seoul_date
from madang.parties.policies.queries import current_policy

HOUR = timedelta(hours=1)
DAYS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class SiteFigures:
    site: Site
    cards_open: int
    cards_busy: int
    jobs_queued: int
    jobs_running: int
    gpu_seconds_used: int
    stages: tuple[dict[str, object], ...]

    @property
    def cards_idle(self) -> int:
        return max(0, self.cards_open - self.cards_busy)

    def as_data(self) -> dict[str, object]:
        return {
            "code": self.site.code,
            "name_ko": self.site.name_ko,
            "name_en": self.site.name_en,
            "engine": self.site.engine,
            "cards_open": self.cards_open,
            "cards_busy": self.cards_busy,
            "cards_idle": self.cards_idle,
            "jobs_queued": self.jobs_queued,
            "jobs_running": self.jobs_running,
            "gpu_seconds_used": self.gpu_seconds_used,
            "polled_at": self.site.polled_at,
            "stages": list(self.stages),
        }


def site_figures(site: Site, at: datetime) -> SiteFigures:
    running = Attempt.objects.filter(site=site, started_at__isnull=False, ended_at=None)
    states = dict(
        Job.objects.filter(site=site).values_list("state").annotate(n=Count("id")).order_by()
    )
    return SiteFigures(
        site,
        cards_open=cards_at(site, at),
        cards_busy=int(running.aggregate(n=Sum("cards"))["n"] or 0),
        jobs_queued=states.get(JobState.QUEUED, 0) + states.get(JobState.INTENT, 0),
        jobs_running=states.get(JobState.RUNNING, 0),
        gpu_seconds_used=_used(site),
        stages=tuple(_stage(row, at) for row in _stages(site)),
    )


def _stages(site: Site) -> Iterable[Stage]:
    rows = Stage.objects.filter(gpu_class__site=site).select_related("gpu_class")
    return rows.order_by("opens_on", "gpu_class__code")


def _stage(row: Stage, at: datetime) -> dict[str, object]:
    return {
        "gpu_class": row.gpu_class.code,
        "cards": row.cards,
        "opens_on": row.opens_on,
        "is_open": row.opens_on <= seoul_date(at),
    }


def _used(site: Site) -> int:
    """GPU-seconds on effective lines, charged and borne."""
    both = Sum("user_gpu_seconds") + Sum("borne_gpu_seconds")
    rows = Line.objects.filter(attempt__site=site)
    used = rows.filter(kind=LineKind.USE).aggregate(n=both)["n"] or 0
    return int(used - (rows.filter(kind=LineKind.REVERSAL).aggregate(n=both)["n"] or 0))


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One hour of one day in Seoul: the share of the cards open that day that was busy while it
    passed, in per cent, rounded up. None: it has not come, or no card was open."""

    percent: int | None


def heat_map(site: Site, at: datetime) -> list[tuple[str, list[HeatCell]]]:
    """The last days, an hour a cell: the table that the picture is drawn from."""
    first = (at - timedelta(days=DAYS_SHOWN - 1)).astimezone(SEOUL)
    first = first.replace(hour=0, minute=0, second=0, microsecond=0)
    busy_ms = _busy_by_hour(site, first, at)
    rows = []
    for day in range(DAYS_SHOWN):
        begins = first + timedelta(days=day)
        cards = cards_at(site, begins)
        hours = [begins + hour * HOUR for hour in range(24)]
        cells = [HeatCell(_percent(busy_ms[one], cards, one, at)) for one in hours]
        rows.append((f"{begins:%m-%d}", cells))
    return rows


def _percent(busy_ms: int, cards: int, hour: datetime, at: datetime) -> int | None:
    whole_ms = cards * (min(HOUR, at - hour) // timedelta(milliseconds=1))
    return min(100, -(-100 * busy_ms // whole_ms)) if whole_ms > 0 else None


def _busy_by_hour(site: Site, first: datetime, at: datetime) -> Counter[datetime]:
    found: Counter[datetime] = Counter()
    rows = Attempt.objects.filter(site=site, started_at__lt=at)
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=first))
    for started, ended, cards in rows.values_list("started_at", "ended_at", "cards"):
        assert started is not None, "filtered above"
        begins, until = max(started, first), min(ended or at, at)
        hour = begins.astimezone(SEOUL).replace(minute=0, second=0, microsecond=0)
        while hour < until:
            inside = min(until, hour + HOUR) - max(begins, hour)
            found[hour] += cards * (inside // timedelta(milliseconds=1))
            hour += HOUR
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """One group's part of what was granted and used."""

    group: str
    organisations: int
    grants: int
    decided_gpu_seconds: int
    used_gpu_seconds: int


@dataclass(frozen=True, slots=True)
class Concentration:
    """편중: how much of all time the largest holders have; nobody is named."""

    organisations: int
    largest_permille: int
    largest_tenth_permille: int


def concentration(at: datetime) -> Concentration | None:
    """Of what was granted and not withdrawn. None with fewer organisations than may be shown
    (their shares would name them)."""
    rows = Grant.objects.exclude(state=GrantState.WITHDRAWN).values_list("organisation")
    sums = sorted(
        (int(n) for _, n in rows.annotate(n=Sum("gpu_seconds")).order_by()), reverse=True
    )
    if len(sums) < current_policy("disclosure", at).number("small_cell_min"):
        return None
    whole, tenth = sum(sums), -(-len(sums) // 10)
    return Concentration(len(sums), 1000 * sums[0] // whole, 1000 * sum(sums[:tenth]) // whole)


def shares(at: datetime, by: str) -> list[Share]:
    """Fairness 형평: by `kind` or `region` of organisations. Groups of few organisations,
    however many grants these have, are put together; with the next larger one where they would
    still be few, for what is left out could be had from the sums of all sites."""
    least = current_policy("disclosure", at).number("small_cell_min")
    name = f"organisation__{by}"
    rows = Grant.objects.exclude(state=GrantState.WITHDRAWN).values_list(name)
    counted = rows.annotate(
        of=Count("organisation", distinct=True), n=Count("id"), decided=Sum("gpu_seconds")
    ).order_by(name)
    used = _used_by(name)
    found = [
        Share(group or "–", of, n, int(decided), used[group])
        for group, of, n, decided in counted
    ]
    small = [one for one in found if one.organisations < least]
    shown = [one for one in found if one.organisations >= least]
    if small and shown and sum(one.organisations for one in small) < least:
        small.append(min(shown, key=lambda one: one.organisations))
        shown.remove(small[-1])
    if sum(one.organisations for one in small) >= least:
        shown.append(_together(small))
    return shown


def _together(small: list[Share]) -> Share:
    return Share(
        "other",
        sum(one.organisations for one in small),
        sum(one.grants for one in small),
        sum(one.decided_gpu_seconds for one in small),
        sum(one.used_gpu_seconds for one in small),
    )


def _used_by(name: str) -> Counter[str]:
    place = f"attempt__job__grant__{name}"
    found: Counter[str] = Counter()
    rows = (
        Line.objects.values_list(place, "kind").annotate(n=Sum("user_gpu_seconds")).order_by()
    )
    for group, kind, amount in rows:
        found[group] += -amount if kind == LineKind.REVERSAL else amount
    return found

"""The stage plan against what came, the queue, and cards that are held but stand still. Public:
sums over a site, without a person or a firm in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from madang.compute.attempts.models import Attempt
from madang.compute.classes.models import Stage
from madang.compute.findings.models import UtilisationSample
from madang.compute.jobs.models import Job, JobState
from madang.compute.policy import policy_at
from madang.compute.sites.models import Site
from madang.core.clock import seoul_date, seoul_day_ends, seoul_day_starts

DAY = timedelta(days=1)
DAYS_BACK = 90
DAYS_AHEAD = 365
SECOND = timedelta(seconds=1)
S_PER_DAY = DAY // SECOND


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """One day in Seoul: cards that the plan opens, cards busy on average and at the most.
    None: the day has not come. `busy_tenths` are tenths of a card."""

    day: date
    planned: int
    busy_tenths: int | None
    most: int | None

    @property
    def busy_text(self) -> str:
        whole, tenth = divmod(self.busy_tenths or 0, 10)
        return f"{whole:,}.{tenth}"


def plan_and_use(site: Site, at: datetime) -> list[DayOfUse]:
    """From the first stage, or ninety days ago, until the last stage opens or today."""
    stages = list(Stage.objects.filter(gpu_class__site=site).values_list("opens_on", "cards"))
    if not stages:
        return []
    today, opens = seoul_date(at), [day for day, _ in stages]
    first = min(max(min(opens), today - DAYS_BACK * DAY), today)
    last = min(max(*opens, today), today + DAYS_AHEAD * DAY)
    held = _held(site, first, at)
    days = [first + n * DAY for n in range((last - first) // DAY + 1)]
    return [_day(one, stages, held, today, at) for one in days]


Stay = tuple[datetime, datetime, int]


def _held(site: Site, first: date, at: datetime) -> list[Stay]:
    """Attempts with cards since the first day: start, end (now for open ones), cards."""
    rows = Attempt.objects.filter(site=site, started_at__lt=at)
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=seoul_day_starts(first)))
    found = rows.values_list("started_at", "ended_at", "cards")
    return [(start, end or at, cards) for start, end, cards in found if start is not None]


def _day(
    day: date, stages: list[tuple[date, int]], held: list[Stay], today: date, at: datetime
) -> DayOfUse:
    planned = sum(cards for opens_on, cards in stages if opens_on <= day)
    if day > today:
        return DayOfUse(day, planned, None, None)
    begins, ends = seoul_day_starts(day), min(seoul_day_ends(day), at)
    inside = [
        (max(start, begins), min(end, ends), cards)
        for start, end, cards in held
        if start < ends and end > begins
    ]
    card_s = sum(((end - start) // SECOND) * cards for start, end, cards in inside)
    passed_s = max(1, (ends - begins) // SECOND)
    return DayOfUse(day, planned, 10 * card_s // passed_s, _most(inside))


def _most(inside: list[Stay]) -> int:
    """The most cards at one time; what ends at an instant makes room for what starts then."""
    changes: Counter[tuple[datetime, int]] = Counter()
    for start, end, cards in inside:
        changes[start, 1] += cards
        changes[end, 0] -= cards
    most = now = 0
    for _, cards in sorted(changes.items()):
        now += cards
        most = max(most, now)
    return most


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one class of cards."""

    gpu_class: str
    jobs: int
    cards: int
    longest_s: int

    @property
    def longest_minutes(self) -> int:
        return self.longest_s // 60


def queue_of(site: Site, at: datetime) -> list[Queue]:
    waiting: QuerySet[Job] = Job.objects.filter(
        site=site, state__in=[JobState.INTENT, JobState.QUEUED]
    )
    rows = waiting.values_list("grant__gpu_class__code", "cards", "created_at")
    found: dict[str, list[tuple[int, datetime]]] = {}
    for code, cards, since in rows:
        found.setdefault(code, []).append((cards, since))
    return [
        Queue(
            code,
            len(some),
            sum(cards for cards, _ in some),
            max(0, (at - min(since for _, since in some)) // SECOND),
        )
        for code, some in sorted(found.items())
    ]


def cards_still(site: Site, at: datetime) -> int | None:
    """Cards of running jobs whose last measurement lies below the threshold of policy. None:
    nothing was measured in the window."""
    policy = policy_at(at)
    rows = UtilisationSample.objects.filter(
        job__site=site, job__state=JobState.RUNNING, at__gt=at - policy.idle_window
    )
    newest = rows.order_by("job_id", "-at").distinct("job_id")
    seen = list(newest.values_list("permille", "job__cards"))
    if not seen:
        return None
    return sum(cards for permille, cards in seen if permille < policy.idle_permille_max)

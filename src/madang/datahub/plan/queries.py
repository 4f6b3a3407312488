"""The roadmap: promised, contracted, delivered, opened, used, counted from rows each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import QuerySet

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.datahub.releases.models import Release
from madang.datahub.releases.workflow import SHOWN, WAITING
from madang.datahub.sets.models import DataSet, Field
from madang.datahub.uses.models import Use
from madang.parties.actor import Actor, Role

GONE = ("failed", "terminated")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """One field in one half-year. Everything but target and published is counted."""

    field: str
    half_year: str
    target: int
    published: int | None
    source: str
    contracted: int
    delivered: int
    opened: int
    used: int

    @property
    def shown(self) -> int:
        """What the picture draws as done: what we count, else what a source says."""
        return max(self.opened, self.published or 0)


@dataclass(frozen=True, slots=True)
class LateRelease:
    """A release that is not open on its day, or was opened after it."""

    data_set: DataSet
    number: str
    opens_on: date
    days_late: int
    is_open: bool


def half_year_of(day: date) -> str:
    return f"{day.year}H{1 if day.month <= 6 else 2}"


def roadmap() -> list[Standing]:
    """Each goal, and each field and half-year in which something was opened without one."""
    contracted, delivered = _projects()
    opened, used = _opened()
    goals = list(BuildGoal.objects.order_by("half_year", "field"))
    rows = [
        _standing(g.field, g.half_year, g, contracted, delivered, opened, used) for g in goals
    ]
    known = {(g.field, g.half_year) for g in goals}
    for key in sorted(set(opened) - known):
        rows.append(_standing(*key, None, contracted, delivered, opened, used))
    return rows


def _standing(
    field: str,
    half_year: str,
    goal: BuildGoal | None,
    contracted: Counter[Key],
    delivered: Counter[Key],
    opened: Counter[Key],
    used: Counter[Key],
) -> Standing:
    counts = [_count(c, field, half_year) for c in (contracted, delivered, opened, used)]
    return Standing(
        field,
        half_year,
        goal.target if goal else 0,
        goal.published if goal else None,
        goal.source if goal else "",
        *counts,
    )


def _count(counter: Counter[Key], field: str, half_year: str) -> int:
    """A goal over all fields counts everything up to its half-year."""
    if field:
        return counter[field, half_year]
    return sum(n for (_, half), n in counter.items() if half <= half_year)


def _projects() -> tuple[Counter[Key], Counter[Key]]:
    rows = BuildProject.objects.select_related("goal").exclude(state__in=GONE)
    contracted: Counter[Key] = Counter()
    delivered: Counter[Key] = Counter()
    for row in rows:
        key = (row.goal.field, row.goal.half_year)
        contracted[key] += 1
        delivered[key] += row.state == "accepted"
    return contracted, delivered


def _opened() -> tuple[Counter[Key], Counter[Key]]:
    """A kind counts once, in the half-year in which its first version was opened."""
    first: dict[object, Key] = {}
    rows = Release.objects.exclude(opened_at=None).select_related("version__data_set")
    shown = {row.version.data_set_id for row in rows if row.state in SHOWN}
    for row in rows.order_by("opened_at"):
        data_set = row.version.data_set
        assert row.opened_at is not None
        half = half_year_of(seoul_date(row.opened_at))
        if data_set.pk in shown:
            first.setdefault(data_set.pk, (data_set.field, half))
    used = set(Use.objects.values_list("version__data_set", flat=True).distinct())
    return Counter(first.values()), Counter(k for pk, k in first.items() if pk in used)


def opened_for(goal: BuildGoal) -> int:
    """What was opened here for one goal."""
    return _count(_opened()[0], goal.field, goal.half_year)


def late_releases(today: date) -> list[LateRelease]:
    """Not open on the day after the promised one, or opened later than promised."""
    found = []
    rows = Release.objects.filter(opens_on__lt=today).select_related("version__data_set")
    for row in rows.order_by("opens_on"):
        end = seoul_date(row.opened_at) if row.opened_at else today
        days_late = (end - row.opens_on) // timedelta(days=1)
        is_waiting = row.opened_at is None and row.state in WAITING
        if days_late > 0 and (is_waiting or row.opened_at is not None):
            version = row.version
            found.append(
                LateRelease(
                    version.data_set, version.number, row.opens_on, days_late, not is_waiting
                )
            )
    return found


def unused_sets() -> list[DataSet]:
    """Opened and never used by anybody."""
    used = Use.objects.values("version__data_set")
    rows = DataSet.objects.filter(versions__release__state__in=SHOWN).exclude(pk__in=used)
    return list(rows.distinct().order_by("code"))


def field_names() -> dict[str, str]:
    return dict(Field.choices)


def projects_for(actor: Actor) -> QuerySet[BuildProject]:
    """A builder's own; all for operators and auditors."""
    rows = BuildProject.objects.select_related("goal", "organisation", "data_set", "award")
    rows = rows.order_by("due_on", "code")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role in (Role.BUILDER, Role.BENEFICIARY)]
    return rows.filter(organisation__in=own)


def project_for(
    actor: Actor, *, code: str = "", identifier: UUID | None = None
) -> BuildProject:
    """By code or by id. Raises NotFound also for what the actor may not see."""
    wanted = {"pk": identifier} if identifier is not None else {"code": code}
    row = projects_for(actor).filter(**wanted).first()
    if row is None:
        raise NotFound
    return row

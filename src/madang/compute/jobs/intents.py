"""Writing submissions down, with what they hold, before any engine hears of them: many at a
time, of one grant or of several, in a number of statements that does not grow with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from madang.compute.attempts.holds import open_attempts
from madang.compute.errors import JobExists
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import locked_grants
from madang.compute.jobs.datasets import pinned_datasets, variables_of
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder, check_grant, check_order
from madang.compute.sites.queries import cards_open
from madang.parties.actor import Actor, system_actor
from madang.parties.canonical import Json, digest_of
from madang.parties.events.actions import Happened, record_events

Place = tuple[UUID, str]
"""A grant and a client's key: what names a job for good."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One submission: who asks, on which grant, for what."""

    actor: Actor
    grant: Grant
    order: JobOrder

    @property
    def place(self) -> Place:
        return self.grant.id, self.order.key


@dataclass(frozen=True, slots=True)
class Intended:
    """Jobs by place: those that were known, and those that this call has made."""

    known: Mapping[Place, Job]
    fresh: Mapping[Place, Job]

    def job(self, place: Place) -> Job:
        return self.fresh.get(place) or self.known[place]


@dataclass(slots=True)
class _Bounds:
    """What an order may not exceed, asked once for each class."""

    step_s: int
    at: datetime
    _open: dict[UUID, int] = field(default_factory=dict)

    def cards(self, grant: Grant) -> int:
        found = self._open.get(grant.gpu_class_id)
        if found is None:
            found = self._open[grant.gpu_class_id] = cards_open(grant.gpu_class, self.at)
        return found


@transaction.atomic
def write_intents(wanted: Sequence[Wanted], *, step_s: int, at: datetime) -> Intended:
    """All of them or none. Locks their grants, in their one order.

    A fresh one is marked as asked when the engine hears of it as soon as this is committed: a
    crash from here on leaves a question, not a guess. Raises JobExists, QuotaInsufficient and
    what check_order does.
    """
    grants = locked_grants(one.grant.id for one in wanted)
    contents = _contents(wanted)
    known = _known(contents)
    for place, job in known.items():
        job.grant = grants[place[0]]
        _check_same(contents[place], job.content, place[1])
    new = {one.place: one for one in wanted if one.place not in known}
    if not new:
        return Intended(known, {})
    for grant_id in {grant_id for grant_id, _ in new}:
        check_grant(grants[grant_id], at)
    bounds = _Bounds(step_s, at)
    fresh = {
        place: _made(one, grants[place[0]], contents[place], bounds, at)
        for place, one in new.items()
    }
    Job.objects.bulk_create(fresh.values())
    _hold(new, fresh, grants, at)
    return Intended(known, fresh)


def _known(places: Mapping[Place, object]) -> dict[Place, Job]:
    grants = {grant for grant, _ in places}
    named = Q(grant__in=grants, key__in={key for _, key in places})
    rows = Job.objects.select_related("site").filter(named)
    found = {(job.grant_id, job.key): job for job in rows}
    return {place: job for place, job in found.items() if place in places}


def _hold(
    new: Mapping[Place, Wanted],
    fresh: Mapping[Place, Job],
    grants: Mapping[UUID, Grant],
    at: datetime,
) -> None:
    """An attempt with its hold for each task, and the event of each job."""
    first = next(iter(new.values()))
    numbered = [
        (grants[place[0]], job, n)
        for place, job in fresh.items()
        for n in range(1, max(job.array, 1) + 1)
    ]
    open_attempts(system_actor(first.actor.origin), numbered, at=at)
    facts = [
        Happened(job.id, after=job.state, by=new[place].actor,
                 facts={"cards": job.cards, "time_limit_s": job.time_limit_s})
        for place, job in fresh.items()
    ]  # fmt: skip
    record_events(first.actor, "gpu_job.intend", facts, subject_type="gpu_job", at=at)


def _contents(wanted: Sequence[Wanted]) -> dict[Place, dict[str, Json]]:
    """By place. The same key twice with different contents is refused, as it is over time."""
    found: dict[Place, dict[str, Json]] = {}
    for one in wanted:
        content = one.order.content()
        _check_same(content, found.setdefault(one.place, content), one.order.key)
    return found


def _check_same(content: Mapping[str, Json], known: Mapping[str, Json], key: str) -> None:
    for name, value in content.items():
        if known.get(name) != value:
            raise JobExists(key=key, field=name)


def _made(
    one: Wanted, grant: Grant, content: dict[str, Json], bounds: _Bounds, at: datetime
) -> Job:
    order = one.order
    limit_s = check_order(
        grant, order, step_s=bounds.step_s, cards_open=bounds.cards(grant), at=at
    )
    datasets = pinned_datasets(one.actor, grant, order.datasets, at=at)
    program = order.program(variables_of(datasets).values())
    is_asked_at_once = grant.engine_ready and not datasets
    return Job(
        grant=grant, site=grant.gpu_class.site, key=order.key, name=order.name,
        cards=order.cards, time_limit_s=limit_s, script=program, image=order.image,
        datasets=datasets, array=order.array, content=content,
        content_sha256=digest_of(content), by=one.actor.id, created_at=at,
        asked_at=at if is_asked_at_once else None,
    )  # fmt: skip

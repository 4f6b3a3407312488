"""Writing submissions down, with what they hold, before any engine hears of them: many at a
time, of one grant or of several, in a number of statements that does not grow with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from madang.compute.attempts.holds import HoldShort, open_attempts
from madang.compute.attempts.models import Attempt
from madang.compute.errors import JobExists
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import lock_again
from madang.compute.jobs.datasets import pinned_datasets, variables_of
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder, check_grant, check_order, check_words
from madang.compute.policy import ask_unclear_settle
from madang.core.clock import seoul_date
from madang.core.errors import MadangError
from madang.parties.actor import Actor, system_actor
from madang.parties.canonical import Json, digest_of
from madang.parties.events.actions import Happened, record_events
from madang.parties.rows import Answer, asked, insert_rows, pipelined

Place = tuple[UUID, str]
"""A grant and a client's key: what names a job for good."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One submission: who asks, on which grant, for what; since when by the monotonic clock."""

    actor: Actor
    grant: Grant
    order: JobOrder
    since_s: float | None = None

    @property
    def place(self) -> Place:
        return self.grant.id, self.order.key


@dataclass(frozen=True, slots=True)
class Intended:
    """Jobs by place: those that were known, and those that this call has made, whose attempts
    stand by job. `settle` is how long an unanswered question may still arrive."""

    known: Mapping[Place, Job]
    fresh: Mapping[Place, Job]
    attempts: Mapping[UUID, Sequence[Attempt]]
    settle: timedelta

    def job(self, place: Place) -> Job:
        return self.fresh.get(place) or self.known[place]


class Unwritten(Exception):
    """Nothing was written down, for the sake of some of the wanted: `places`, and why. The
    others can be written down without them."""

    def __init__(self, places: Collection[Place], reason: MadangError) -> None:
        super().__init__(places)
        self.places, self.reason = frozenset(places), reason


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What an order may not exceed: the engine's step of time, and the open cards by class."""

    step_s: int
    cards: Mapping[UUID, int]


@transaction.atomic
def write_intents(wanted: Sequence[Wanted], *, step_s: int, at: datetime) -> Intended:
    """All of them or none. Locks their grants, in their one order.

    A fresh one is marked as asked when the engine hears of it as soon as this is committed: a
    crash from here on leaves a question, not a guess. Raises Unwritten, for JobExists,
    QuotaInsufficient and what check_order does.
    """
    with pipelined():
        return _written(wanted, step_s, at)


def _written(wanted: Sequence[Wanted], step_s: int, at: datetime) -> Intended:
    """What is read is asked together: each statement sees what was committed when it began,
    and those behind the locks begin when the locks are held."""
    contents = _contents(wanted)
    locked = lock_again(one.grant for one in wanted)
    jobs = _ask_known(contents)
    stages = _ask_cards([one.grant for one in wanted], at)
    unclear_settle = ask_unclear_settle(at)
    grants, known, cards, settle = locked(), jobs(), stages(), unclear_settle()
    refusals = _Refusals()
    for place, job in known.items():
        job.grant = grants[place[0]]
        with refusals.of(place):
            _check_same(contents[place], job.content, place[1])
    new = {one.place: one for one in wanted if one.place not in known}
    bounds, fresh = _Bounds(step_s, cards), {}
    for place, one in new.items():
        with refusals.of(place):
            fresh[place] = _made(one, grants[place[0]], contents[place], bounds, at)
    refusals.tell()
    if not fresh:
        return Intended(known, {}, {}, settle)
    insert_rows(list(fresh.values()))
    return Intended(known, fresh, _hold(new, fresh, grants, at), settle)


class _Refusals:
    """Each wanted one is looked at, so that all that cannot be are told at once."""

    def __init__(self) -> None:
        self._found: dict[Place, MadangError] = {}

    @contextmanager
    def of(self, place: Place) -> Iterator[None]:
        try:
            yield
        except MadangError as err:
            self._found.setdefault(place, err)

    def tell(self) -> None:
        if self._found:
            first = next(iter(self._found.values()))
            raise Unwritten(self._found, first) from first


_KNOWN = """
SELECT j.id FROM compute_job j
  JOIN unnest(%s::uuid[], %s::text[]) AS v(grant_id, key)
    ON j.grant_id = v.grant_id AND j.key = v.key
"""
_CARDS = """
SELECT gpu_class_id, sum(cards) FROM compute_stage
 WHERE gpu_class_id = ANY (%s) AND opens_on <= %s GROUP BY gpu_class_id
"""


def _ask_known(places: Collection[Place]) -> Answer[dict[Place, Job]]:
    """Jobs that are there already."""
    columns = [grant for grant, _ in places], [key for _, key in places]
    read = asked(_KNOWN, columns, tuple[UUID])

    def known() -> dict[Place, Job]:
        found = [id for (id,) in read()]
        rows = Job.objects.select_related("site").filter(pk__in=found) if found else ()
        return {(job.grant_id, job.key): job for job in rows}

    return known


def _ask_cards(grants: Collection[Grant], at: datetime) -> Answer[dict[UUID, int]]:
    """How many cards of each class are open."""
    classes = list({grant.gpu_class_id for grant in grants})
    read = asked(_CARDS, [classes, seoul_date(at)], tuple[UUID, int])
    return lambda: dict.fromkeys(classes, 0) | dict(read())


def _hold(
    new: Mapping[Place, Wanted],
    fresh: Mapping[Place, Job],
    grants: Mapping[UUID, Grant],
    at: datetime,
) -> dict[UUID, list[Attempt]]:
    """An attempt with its hold for each task, by job, and the event of each job."""
    first = next(iter(new.values()))
    numbered = [
        (grants[place[0]], job, n)
        for place, job in fresh.items()
        for n in range(1, max(job.array, 1) + 1)
    ]
    try:
        made = open_attempts(system_actor(first.actor.origin), numbered, at=at)
    except HoldShort as err:
        short = [place for place in fresh if place[0] in err.grants]
        raise Unwritten(short, err.reason) from err.reason
    facts = [
        Happened(job.id, after=job.state, by=new[place].actor,
                 facts={"cards": job.cards, "time_limit_s": job.time_limit_s})
        for place, job in fresh.items()
    ]  # fmt: skip
    record_events(first.actor, "gpu_job.intend", facts, subject_type="gpu_job", at=at)
    by_job: dict[UUID, list[Attempt]] = defaultdict(list)
    for attempt in made:
        by_job[attempt.job_id].append(attempt)
    return by_job


def _contents(wanted: Sequence[Wanted]) -> dict[Place, dict[str, Json]]:
    """By place. The same key twice with different contents is refused, as it is over time."""
    found: dict[Place, dict[str, Json]] = {}
    refusals = _Refusals()
    for one in wanted:
        content = one.order.content()
        with refusals.of(one.place):
            check_words(one.order)
            _check_same(content, found.setdefault(one.place, content), one.order.key)
    refusals.tell()
    return found


def _check_same(content: Mapping[str, Json], known: Mapping[str, Json], key: str) -> None:
    for name, value in content.items():
        if known.get(name) != value:
            raise JobExists(key=key, field=name)


def _made(
    one: Wanted, grant: Grant, content: dict[str, Json], bounds: _Bounds, at: datetime
) -> Job:
    order = one.order
    check_grant(grant, at)
    limit_s = check_order(
        grant, order, step_s=bounds.step_s, cards_open=bounds.cards[grant.gpu_class_id], at=at
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

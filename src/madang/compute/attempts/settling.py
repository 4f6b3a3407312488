"""What a job is, and what it must hold: by its attempts and by what its engine still has.

Nothing here is about one reading: whoever asks, as often as he asks, the answer follows from
the rows and from the controller's list. The caller holds the grant's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from madang.compute.attempts.holds import open_attempt, release_money
from madang.compute.attempts.models import Attempt
from madang.compute.attempts.unheard import task_of
from madang.compute.attempts.writing import Sheet
from madang.compute.engines.types import RunState
from madang.compute.grants.actions import collect_owed
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import OPEN, Job, JobState
from madang.compute.jobs.workflow import MOVES
from madang.core.errors import Refused
from madang.parties.actor import Actor

JOB_STATES = {
    RunState.COMPLETED: JobState.COMPLETED,
    RunState.FAILED: JobState.FAILED,
    RunState.CANCELLED: JobState.CANCELLED,
    RunState.TIMEOUT: JobState.TIMEOUT,
    RunState.PREEMPTED: JobState.CANCELLED,
    RunState.REQUEUED: JobState.CANCELLED,
    RunState.NODE_FAIL: JobState.LOST,
    RunState.RESIZED: JobState.LOST,
}
WORST_FIRST = (
    JobState.LOST, JobState.FAILED, JobState.TIMEOUT, JobState.CANCELLED, JobState.COMPLETED,
)  # fmt: skip
"""An array is what the worst of its tasks is."""


Place = tuple[UUID, UUID]
"""A grant and a job of it: the order in which rows are locked."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """Keys of the jobs that a controller has. `live`: waiting or running, beyond what the books
    have ended. `ending`: giving cards back, after which a requeued one will wait again."""

    live: frozenset[str] = frozenset()
    ending: frozenset[str] = frozenset()


@dataclass(slots=True)
class Taken:
    """What a reading did. `too_much` names jobs that no longer fit and are cancelled; `sheet`
    is what it changed and has not written yet."""

    sheet: Sheet
    lines: int = 0
    changed: int = 0
    too_much: list[UUID] = field(default_factory=list)


def settle_job(
    actor: Actor,
    grant: Grant,
    job: Job,
    attempts: Sequence[Attempt],
    has: Controlled,
    taken: Taken,
    *,
    at: datetime,
) -> None:
    """Queued or running while its controller has it or an attempt is open, and then it holds
    for what will still run; after that, what it ended as. Idempotent."""
    if job.state not in OPEN:
        return
    told = [one for one in attempts if one.attempt_key]
    is_live = job.engine_key in has.live or (
        job.engine_key in has.ending and _will_run_again(told)
    )
    if not told and not is_live:
        return  # nobody has told anything about it
    if is_live or any(one.ended_at is None for one in told):
        _go_on(job, told, taken.sheet)
        if is_live and job.id not in taken.too_much and not job.is_borne:
            _hold_on(actor, grant, job, attempts, taken, at)
    elif _is_over(job, told):
        _close(actor, grant, job, attempts, taken.sheet, at)


def _will_run_again(told: Sequence[Attempt]) -> bool:
    return any(RunState(one.state).may_run_again for one in _last_by_task(told))


def _go_on(job: Job, told: Sequence[Attempt], sheet: Sheet) -> None:
    runs = any(one.ended_at is None for one in told)
    _move(job, JobState.RUNNING if runs else JobState.QUEUED, sheet)


def _hold_on(
    actor: Actor, grant: Grant, job: Job, attempts: Sequence[Attempt], taken: Taken,
    at: datetime,
) -> None:  # fmt: skip
    """A hold for each task that runs or will run again, before it can start."""
    done = sum(not RunState(one.state).may_run_again for one in _last_by_task(attempts))
    missing = max(job.array - done, 1) - sum(one.is_held for one in attempts)
    if missing <= 0:
        return
    taken.sheet.write()  # what was used leaves room
    try:
        for number in range(missing):
            open_attempt(actor, grant, job, at=at, number=len(attempts) + 1 + number)
    except Refused:
        taken.too_much.append(job.id)


def _last_by_task(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The latest of each task that has ended; tasks that run are not among them."""
    last: dict[str, Attempt] = {}
    for one in sorted(attempts, key=_order):
        if one.attempt_key:
            last[task_of(one)] = one
    return [one for one in last.values() if one.ended_at is not None]


def _order(attempt: Attempt) -> tuple[float, int]:
    begun = attempt.started_at or attempt.ended_at
    return begun.timestamp() if begun else 0.0, attempt.number


def _is_over(job: Job, told: Sequence[Attempt]) -> bool:
    """All tasks of an array, or the one of a plain job, have ended and are posted."""
    is_posted = not any(one.is_held for one in told)
    return is_posted and len(_last_by_task(told)) >= max(job.array, 1)


def _close(
    actor: Actor, grant: Grant, job: Job, attempts: Sequence[Attempt], sheet: Sheet,
    at: datetime,
) -> None:  # fmt: skip
    job.ended_at, state = end_of(attempts)
    sheet.end(job)
    _move(job, state, sheet)
    for waiting in attempts:
        if waiting.is_held:  # it was held for and never came
            give_up(actor, grant, waiting, sheet, at=at)
    if grant.owed_back:
        sheet.write()
        collect_owed(actor, grant, at=at)


def end_of(attempts: Sequence[Attempt]) -> tuple[datetime, JobState]:
    """When a job ended and how: each task as its last run did, an array as its worst task."""
    last = _last_by_task(attempts)
    states = {JOB_STATES.get(RunState(one.state), JobState.LOST) for one in last}
    ended_at = max(one.ended_at for one in last if one.ended_at)
    return ended_at, next(one for one in WORST_FIRST if one in states)


def give_up(
    actor: Actor, grant: Grant, attempt: Attempt, sheet: Sheet, *, at: datetime
) -> None:
    """It never ran, or nobody knows: all that it held returns."""
    sheet.settle(grant, attempt, None)
    release_money(actor, grant, attempt, at=at)


def _move(job: Job, state: JobState, sheet: Sheet) -> None:
    if job.state == state:
        return
    again = "requeue" if job.state == JobState.RUNNING else "take"
    sheet.move(job, MOVES.get(state.value, again))

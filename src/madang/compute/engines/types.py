"""The interface of an engine, and the values that cross it.

An engine only says what happened by its own clock. What an attempt costs, whether a grant may
start a job and what to do about a disagreement is decided above, the same for all engines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class RunState(StrEnum):
    """What an engine says of a job or of one attempt. UNKNOWN is a value: absent never means
    finished. ENDING: the job is still there, giving its cards back; times told with it belong
    to no attempt. RESIZED: it went on at once with other cards, as an attempt of its own."""

    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    ENDING = "ending"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    PREEMPTED = "preempted"
    REQUEUED = "requeued"
    NODE_FAIL = "node_fail"
    RESIZED = "resized"
    UNKNOWN = "unknown"

    @property
    def is_live(self) -> bool:
        return self in HAS_CARDS or self in {RunState.PENDING, RunState.ENDING}

    @property
    def has_cards(self) -> bool:
        """States in which an attempt is running, or held."""
        return self in HAS_CARDS

    @property
    def may_run_again(self) -> bool:
        """States of an attempt after which the same job may come back."""
        return self in AGAIN


HAS_CARDS = frozenset({RunState.RUNNING, RunState.SUSPENDED})
AGAIN = frozenset({RunState.PREEMPTED, RunState.REQUEUED, RunState.NODE_FAIL, RunState.RESIZED})


@dataclass(frozen=True, slots=True)
class Caps:
    """What an engine can do. A time limit is kept in steps of `time_limit_step_s`."""

    can_preempt: bool
    can_suspend: bool
    has_hard_quota: bool
    time_limit_step_s: int
    clock: str


@dataclass(frozen=True, slots=True)
class GrantSpec:
    """A grant as an engine must know it: an account, the user that jobs run as, its cards."""

    account: str
    user: str
    gres: str
    cards_max: int


@dataclass(frozen=True, slots=True)
class GrantRef:
    account: str
    user: str


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as an engine must know it. `script` is the text of a program with its first line.

    `mounts` are folders that the job reads, by name; `image` a container image where the engine
    has containers.
    """

    grant: GrantRef
    name: str
    cards: int
    gres: str
    time_limit_s: int
    script: str
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    array: int = 0
    cards_per_server: int = 0
    """More cards than these are on several servers; 0: nobody has said how many one has."""


@dataclass(frozen=True, slots=True)
class JobRef:
    """Which job of the engine. Ids recycle: `submitted_at` tells two of one id apart."""

    job_id: str
    key: str
    grant: GrantRef
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptFact:
    """One attempt as one source tells it, by the engine's clock, half open [start, end).

    `cards` are allocated, not requested. `started_at` None: it never held a card. `key` is
    what the submitter wrote into the job, empty when the job is not ours.
    """

    job_id: str
    key: str
    account: str
    cards: int
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    suspended_s: int
    state: RunState
    source: str
    node_list: str = ""
    evidence: str = ""
    whole_job: str = ""
    """The id under which the job was submitted, where a task of an array has one of its own."""
    attempt_key: str = field(init=False, compare=False, default="")
    """Names the attempt in every source: a requeue changes submit and start."""

    def __post_init__(self) -> None:
        key = f"{self.job_id}@{_epoch(self.submitted_at)}/{_epoch(self.started_at)}"
        object.__setattr__(self, "attempt_key", key)

    @property
    def submission(self) -> str:
        return self.whole_job or self.job_id

    @property
    def digest(self) -> str:
        """Of what can change an amount or a state."""
        parts = (
            self.cards, _epoch(self.started_at), _epoch(self.ended_at), self.suspended_s,
            self.state.value,
        )  # fmt: skip
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def _epoch(at: datetime | None) -> str:
    return "-" if at is None else f"{at.timestamp():.3f}".removesuffix(".000")


UNHEARD = "unheard"
"""A node saw a run of which no other book tells. It knows the job's id, not whose it is."""

NODE_CLOCK = "node_clock"
"""A node's clock differs so much from the engine's that its word on a run is no witness: `node`
tells the run by it, under the name of the node."""

RECORDS_AWAY = "records_away"
"""What nodes saw cannot be read now. It is said of no attempt, and puts no amount in doubt."""

UNREADABLE = "unreadable"
"""The engine's books tell something of an attempt that nobody can read: nothing is known of
its amount, and it is not none."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Sources that do not agree about one attempt, in the engine's own books. `doubts`: the
    amount itself is in doubt, and nothing is posted."""

    job_id: str
    key: str
    cause: str
    accounting: AttemptFact | None
    controller: AttemptFact | None
    node: AttemptFact | None = None
    detail: str = ""
    doubts: bool = True


Cursor = str
"""From which second, in Unix time, the next reading of usage begins; empty: from the first.
Kept with what was posted."""


class Engine(Protocol):
    """Raises EngineUnwell when it does not answer, EngineRefused when it says no."""

    @property
    def id(self) -> str: ...

    def capabilities(self) -> Caps: ...

    def ensure_grant(self, grant: GrantSpec) -> GrantRef:
        """Make the account, its user and its limits so. Idempotent."""

    def set_budget(
        self, ref: GrantRef, *, gpu_seconds: int, cards_max: int, not_after: datetime
    ) -> None:
        """The engine's own limit, absolute, never a difference: a second fence."""

    def freeze(self, ref: GrantRef, reason: str) -> None:
        """No new starts; running jobs are untouched."""

    def thaw(self, ref: GrantRef) -> None: ...

    def submit(
        self, spec: JobSpec, key: str, *, since: datetime, is_first: bool = False
    ) -> JobRef:
        """Find or create by key, never a blind retry. Raises EngineUnclear without an answer.

        `since`: when the intent was written; an older job under the key is somebody else's.
        `is_first`: nobody has asked under this key before, so there is nothing to look for.
        """

    def find(self, key: str, ref: GrantRef, *, since: datetime) -> JobRef | None: ...

    def arrivals(
        self, ref: GrantRef, *, since: datetime, whole: bool = True
    ) -> list[AttemptFact]:
        """All that the user of these jobs submitted since then, under whatever name it has by
        now, and what a node ran of which no book tells whose it was. Whole, or EngineUnclear:
        by it what was not found is told from what is not there. Nothing, where nobody can take
        its key from a job. Not `whole`: what can be seen of it now, for a person to read."""

    def status(self, refs: Sequence[JobRef]) -> list[AttemptFact]:
        """What the controller says now. A job it does not know is UNKNOWN, not finished."""

    def cancel(self, ref: JobRef, reason: str, *, grace_s: int) -> None:
        """Idempotent; returns before the job is gone."""

    def usage(self, cursor: Cursor) -> tuple[list[AttemptFact], Cursor]:
        """Every attempt of an overlapping window, at least once, by the books of the engine."""

    def reconcile(self, since: datetime, until: datetime) -> list[Discrepancy]:
        """Accounting against controller against node records."""

    def log(self, ref: JobRef, *, bytes_max: int) -> str:
        """The end of what the job has written."""

    def outputs(self, ref: JobRef) -> Path | None:
        """The folder of files that the job left. None: this engine collects none."""

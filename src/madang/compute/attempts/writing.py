"""What one reading changes, written in a few statements however many jobs it tells of.

Rows change in memory first; `write` brings them to the database: what leaves the holds, then
lines, attempts, facts, and the moves of jobs. Whoever asks the ledger what is available, or
takes a new hold, writes before. The caller holds the grants' locks and has the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from madang.compute.attempts.holds import stamp_of
from madang.compute.attempts.models import Attempt, AttemptFactRow
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import quota_for
from madang.compute.jobs.models import Job
from madang.compute.jobs.workflow import JOB
from madang.compute.lines.models import Line
from madang.metering import quotas
from madang.metering.quotas import QuotaUse
from madang.parties.actor import Actor

_ATTEMPTS = """
UPDATE compute_attempt AS a
   SET attempt_key = v.attempt_key, is_held = v.is_held, cards = v.cards,
       started_at = v.started_at, ended_at = v.ended_at, suspended_s = v.suspended_s,
       state = v.state, is_disputed = v.is_disputed, fact_version = v.fact_version,
       fact_digest = v.fact_digest, observed_at = v.observed_at
  FROM unnest(%s::bigint[], %s::text[], %s::bool[], %s::int[], %s::timestamptz[],
              %s::timestamptz[], %s::int[], %s::text[], %s::bool[], %s::int[], %s::text[],
              %s::timestamptz[])
    AS v(no, attempt_key, is_held, cards, started_at, ended_at, suspended_s, state,
         is_disputed, fact_version, fact_digest, observed_at)
 WHERE a.no = v.no
"""
_COLUMNS = ("no", "attempt_key", "is_held", "cards", "started_at", "ended_at", "suspended_s",
            "state", "is_disputed", "fact_version", "fact_digest", "observed_at")  # fmt: skip
_ENDED = """
UPDATE compute_job AS j SET ended_at = v.ended_at
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS v(id, ended_at) WHERE j.id = v.id
"""


@dataclass(slots=True)
class Sheet:
    """Written by one actor, at one time."""

    actor: Actor
    at: datetime
    _uses: list[QuotaUse] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=list)
    _attempts: dict[int, Attempt] = field(default_factory=dict)
    _facts: list[AttemptFactRow] = field(default_factory=list)
    _moves: dict[str, list[Job]] = field(default_factory=lambda: defaultdict(list))
    _ended: list[Job] = field(default_factory=list)

    def note(self, attempt: Attempt) -> None:
        """It was changed in memory."""
        self._attempts[attempt.no] = attempt

    def fact(self, row: AttemptFactRow) -> None:
        self._facts.append(row)

    def line(self, row: Line) -> Line:
        self._lines.append(row)
        return row

    def settle(self, grant: Grant, attempt: Attempt, used: int | None) -> None:
        """So much of its hold was used, None: it never ran; the rest returns. Once."""
        assert attempt.is_held, attempt.no
        what = f"use:{attempt.fact_version}"
        stamp = None if used is None else stamp_of(self.actor, attempt.hold, what, self.at)
        released = stamp_of(self.actor, attempt.hold, "release", self.at)
        self._uses.append(QuotaUse(stamp, released, quota_for(grant), attempt.hold, used or 0))
        attempt.is_held = False
        self.note(attempt)

    def move(self, job: Job, step: str) -> None:
        """One step a job in one reading."""
        self._moves[step].append(job)

    def end(self, job: Job) -> None:
        self._ended.append(job)

    def write(self) -> None:
        """All that was noted, in the order that the tables need."""
        quotas.settle_many(self._uses)
        Line.objects.bulk_create(self._lines)
        self._write_attempts()
        AttemptFactRow.objects.bulk_create(self._facts)
        if self._ended:
            columns = [one.id for one in self._ended], [one.ended_at for one in self._ended]
            with connection.cursor() as cursor:
                cursor.execute(_ENDED, columns)
        for step, jobs in self._moves.items():
            JOB.move_all(jobs, step, self.actor, at=self.at)
        for kept in (self._uses, self._lines, self._facts, self._ended):
            kept.clear()
        self._attempts.clear()
        self._moves.clear()

    def _write_attempts(self) -> None:
        rows = [self._attempts[no] for no in sorted(self._attempts)]
        if rows:
            columns = [[getattr(row, name) for row in rows] for name in _COLUMNS]
            with connection.cursor() as cursor:
                cursor.execute(_ATTEMPTS, columns)

"""One sealer numbers committed journals and chains them in batches, after they committed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connections, transaction
from django.db.models.functions import Now

from madang.ledger.seals.chain import GENESIS, hash_of, root_of
from madang.ledger.seals.models import Root, Seal, SealRun
from madang.ledger.seals.queries import heads, journal_facts

BATCH = 1_000
SEALER_LOCK = 0x6D61_6461_6E67_5345

_PENDING = """
SELECT j.id, j.chain::text, pg_snapshot_xmin(pg_current_snapshot())::text
  FROM ledger_journal j
 WHERE j.xid >= (%s::text)::xid8
   AND NOT EXISTS (SELECT FROM ledger_seal s WHERE s.journal_id = j.id)
 ORDER BY j.booked_at, j.id LIMIT %s
"""
_HORIZON = """
SELECT coalesce((SELECT horizon FROM ledger_seal_run ORDER BY id DESC LIMIT 1), 0)::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one call of seal() did. `is_sealer` is false when another process was sealing."""

    sealed: int
    is_sealer: bool


def seal(*, batch: int = BATCH, using: str = "default") -> Sealed:
    """Seal every committed journal that is not sealed yet. Safe to call at any time, by any.

    A transaction that began before this one may commit later: its journals are sealed later
    and stand later in the chain. What matters is that no committed journal is passed over:
    the search starts at the oldest transaction that was still running at the last full run.
    """
    total = 0
    while True:
        done = _seal_batch(batch, using)
        if done is None:
            return Sealed(total, is_sealer=False)
        total += done
        if done < batch:
            return Sealed(total, is_sealer=True)


def _seal_batch(batch: int, using: str) -> int | None:
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
            if not cursor.fetchone()[0]:
                return None
            horizon = _horizon(using)
            cursor.execute(_PENDING, [str(horizon), batch])
            rows = cursor.fetchall()
        pending = [(id, chain) for id, chain, _ in rows]
        if not pending:
            return 0
        _chain(pending, using)
        reached = int(rows[0][2]) if len(pending) < batch else horizon
        SealRun.objects.using(using).create(sealed=len(pending), horizon=reached, at=Now())
    return len(pending)


def _horizon(using: str) -> int:
    """Where to start looking. A restored database counts transactions afresh: from zero."""
    with connections[using].cursor() as cursor:
        cursor.execute(_HORIZON)
        horizon, present = cursor.fetchone()
    return int(horizon) if horizon <= present else 0


def _chain(pending: Sequence[tuple[UUID, str]], using: str) -> None:
    ends = defaultdict(lambda: (0, GENESIS), heads(using=using))
    facts = journal_facts([id for id, _ in pending], using=using)
    seals = []
    for id, chain in pending:
        number, previous = ends[chain]
        hash = hash_of(previous, facts[id])
        ends[chain] = (number + 1, hash)
        seals.append(Seal(journal_id=id, chain=chain, number=number + 1, hash=hash))
    Seal.objects.using(using).bulk_create(seals)


def publish_root(day: date, *, using: str = "default") -> Root:
    """Write down the root of a day once; later calls return what was written."""
    with transaction.atomic(using=using):
        ends = heads(using=using)
        root, _ = Root.objects.using(using).get_or_create(
            day=day,
            defaults={
                "root": root_of(ends),
                "heads": {chain: list(end) for chain, end in ends.items()},
                "journals": Seal.objects.using(using).count(),
            },
        )
    return root


def rebuild(*, using: str = "default") -> None:
    """Empty balances and counters and fill them from entries and events. Writers wait."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT ledger_rebuild()")

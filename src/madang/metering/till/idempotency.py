"""Idempotency claims: one caller of a key wins, across workers, for as long as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.metering.policy import policy_at
from madang.metering.till.epochs import lives
from madang.metering.till.models import IdemClaim, OpenCall, WorkerEpoch
from madang.metering.usage.models import Outcome, Usage, UsageKind


@dataclass(frozen=True, slots=True)
class Claimed:
    """`outcome` in the words of wire.messages.IdemAnswer; `call` is the one that won."""

    outcome: str
    call: UUID
    replay: bytes = b""


@transaction.atomic
def claim(
    epoch: WorkerEpoch,
    *,
    key_no: int,
    idem_sha256: bytes,
    body_sha256: bytes,
    call: UUID,
    at: datetime,
) -> Claimed:
    """Win a claim, or learn what became of the one that did. Locks the claim's row."""
    row, is_new = IdemClaim.objects.select_for_update(no_key=True).get_or_create(
        key_no=key_no,
        idem_sha256=idem_sha256,
        defaults={
            "body_sha256": body_sha256, "call": call, "epoch": epoch, "claimed_at": at,
        },
    )  # fmt: skip
    if is_new or row.call == call:
        return Claimed("fresh", call)
    is_forgotten = row.claimed_at <= at - policy_at(at).idempotency_keep
    if not is_forgotten and bytes(row.body_sha256) != body_sha256:
        return Claimed("body_differs", row.call)
    outcome = "free" if is_forgotten else _outcome(row)
    if outcome != "free":
        replay = bytes(row.replay or b"") if outcome == "done" else b""
        return Claimed(outcome, row.call, replay)
    row.call, row.epoch, row.body_sha256 = call, epoch, body_sha256
    row.claimed_at, row.is_done, row.replay = at, False, None
    row.save()
    return Claimed("fresh", call)


def _outcome(row: IdemClaim) -> str:
    """What became of the winning call: in_flight, done, unknown, or free to be made again."""
    if row.is_done:
        return "done"
    if row.epoch.closed_at is None:
        return "in_flight" if lives(row.epoch) else "unknown"
    usage = Usage.objects.filter(call=row.call, kind=UsageKind.CALL).first()
    if usage is not None:
        return "free" if usage.outcome == Outcome.VOIDED else "done"
    return "unknown" if OpenCall.objects.filter(call=row.call).exists() else "free"


def store_replay(call: UUID, *, replay: bytes, free: bool) -> None:
    """A claimed call ended: keep its encrypted answer, or let the claim be made again."""
    claims = IdemClaim.objects.filter(call=call)
    if free:
        claims.delete()
    else:
        claims.update(is_done=True, replay=replay or None)


def purge(*, at: datetime) -> int:
    """Forget old answers, then old claims; how many claims went."""
    policy = policy_at(at)
    stale = IdemClaim.objects.filter(claimed_at__lte=at - policy.replay_keep)
    stale.exclude(replay=None).update(replay=None)
    gone, _ = IdemClaim.objects.filter(claimed_at__lte=at - policy.idempotency_keep).delete()
    return gone

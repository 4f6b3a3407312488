"""From the facts of an attempt to what it costs: the one place where GPU-time is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from madang.compute.engines.types import RunState

MS = timedelta(milliseconds=1)
MS_PER_S = 1000
BORNE_AS = {
    RunState.PREEMPTED: "preempted_by_programme",
    RunState.NODE_FAIL: "node_failure",
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """`user` and `borne` add up to all GPU-seconds of the attempt, rounded up once."""

    gpu_ms: int
    user_gpu_seconds: int
    borne_gpu_seconds: int
    cause: str

    @property
    def gpu_seconds(self) -> int:
        return self.user_gpu_seconds + self.borne_gpu_seconds


def gpu_ms_of(cards: int, started_at: datetime | None, ended_at: datetime | None) -> int:
    """Cards × [start, end) by the engine's clock, also while suspended: cards stay held."""
    if started_at is None or ended_at is None:
        return 0
    lasted_ms = (ended_at - started_at) // MS
    assert lasted_ms >= 0, "a negative duration is a finding, never an amount"
    return cards * lasted_ms


def amounts_of(
    *, gpu_ms: int, state: RunState, reached_gpu_seconds: int, programme_bears: frozenset[str]
) -> Amounts:
    """`reached_gpu_seconds` is the most that the user may be charged: what was held.

    What an engine took longer to stop, and what policy says, the programme bears.
    """
    whole = -(-gpu_ms // MS_PER_S)
    reason = BORNE_AS.get(state, "")
    if reason in programme_bears:
        return Amounts(gpu_ms, 0, whole, reason)
    user = min(whole, reached_gpu_seconds)
    return Amounts(gpu_ms, user, whole - user, "overrun" if user < whole else "use")

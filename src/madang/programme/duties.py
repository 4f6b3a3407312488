"""What falls due in this room by the clock: called by the worker, and safe to do again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from madang.parties.actor import system_actor
from madang.programme.agreements.amending import lapse_amendments
from madang.programme.awards.actions import lapse_due
from madang.programme.copayments.actions import meet_empty_obligations
from madang.programme.settlements.actions import settlements_due


@dataclass(frozen=True, slots=True)
class ProgrammeDue:
    """How much fell due."""

    obligations_met: int
    awards_lapsed: int
    amendments_lapsed: int
    settlements_opened: int


def programme_due(*, at: datetime, origin: str = "worker") -> ProgrammeDue:
    """Awards with nothing to deposit wait for nothing; those that nobody signed or paid for in
    time lapse, and so do amendments; projects whose vouchers have ended are to be settled."""
    actor = system_actor(origin)
    return ProgrammeDue(
        obligations_met=meet_empty_obligations(actor, at=at),
        awards_lapsed=lapse_due(actor, at=at),
        amendments_lapsed=lapse_amendments(actor, at=at),
        settlements_opened=settlements_due(actor, at=at),
    )

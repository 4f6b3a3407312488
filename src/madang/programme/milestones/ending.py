"""What becomes of the open steps of an award that ends, however it ends."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor
from madang.programme.awards.models import Award
from madang.programme.errors import ClaimsWait
from madang.programme.fulfilment.registry import is_reimbursed
from madang.programme.milestones.models import Milestone, MilestoneState
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.reimbursements.models import Purchase

DONE = frozenset({MilestoneState.ACCEPTED, MilestoneState.CANCELLED})


def cancel_open_steps(
    actor: Actor, award: Award, *, reason: str, at: datetime
) -> list[Milestone]:
    """What is not accepted is cancelled. The award's lock is held.

    What a firm bought, paid and claimed in time is accepted or refused with a reason before,
    never dropped with the award: raises ClaimsWait. The invoice of a claim that went back and
    ends here may be claimed elsewhere.
    """
    steps = award.milestones.select_for_update().order_by("number")
    rows = [row for row in steps if row.state not in DONE]
    waiting = sum(row.state == MilestoneState.SUBMITTED for row in rows)
    if waiting and is_reimbursed(award):
        raise ClaimsWait(claims=waiting)
    for row in rows:
        MILESTONE.move(row, "cancel", actor, at=at, reason=reason)
    Purchase.objects.filter(milestone__in=rows).update(refused_at=at)
    return rows

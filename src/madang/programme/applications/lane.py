"""자동승인: small requests are answered at once, under a published limit of time.

Two people have approved the lane with the call. The platform selects what is small, meets
every rule and fits the money that is left; a person looks at the rest, and until when is
written on the application. The caller holds the locks of the call and the application.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import Sum

from madang.core.money import MICRO_PER_WON
from madang.parties.actor import Actor, system_actor
from madang.parties.events.actions import record_event
from madang.programme.applications.findings import ENDED, newest_findings
from madang.programme.applications.models import (
    Application,
    ApplicationState,
    EligibilityCheck,
    EligibilityFindings,
)
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.actions import offer_award
from madang.programme.awards.models import Award
from madang.programme.calls.requirements import Requirement, requirements_from
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import BudgetExceeded

LANE = "auto"


@dataclass(frozen=True, slots=True)
class LaneWait:
    """Why a small request was not answered at once."""

    why: Literal["rules", "spent"]
    """A person answers what the rules left open; or the panel decides, the money being gone."""
    rules: tuple[Requirement, ...] = ()


def lane_wait(row: Application) -> LaneWait | None:
    """None: it was answered, or it never was for the lane."""
    if row.answer_due_at is None or row.lane:
        return None
    if row.state == ApplicationState.ELIGIBLE:
        return LaneWait("spent")
    if row.state != ApplicationState.SUBMITTED:
        return None
    unmet = {one["code"] for one in newest_findings(row) if one["outcome"] != "met"}
    rules = requirements_from(row.call.eligibility)
    return LaneWait("rules", tuple(one for one in rules if one.code in unmet))


def is_small(row: Application) -> bool:
    """Within what the call answers at once."""
    most = int(row.call.terms.get("auto_approve_won_max", 0)) * MICRO_PER_WON
    return 0 < row.requested_microwon <= most


def enter_lane(
    actor: Actor, row: Application, found: EligibilityFindings, *, at: datetime
) -> None:
    """After a submission: selected at once, or an answer due by a day."""
    if not is_small(row):
        return
    days = int(row.call.terms["auto_approve_days"])
    row.answer_due_at = due_after(at, days, holidays=holidays_at(at))
    row.save(update_fields=["answer_due_at"])
    if not found.is_met:
        return
    platform = system_actor(actor.origin)
    APPLICATION.move(row, "find_eligible", platform, at=at)
    EligibilityCheck.objects.create(
        application=row, is_eligible=True, findings=[], checked_by=platform.id, at=at
    )
    settle_small(platform, row, at=at)


def settle_small(actor: Actor, row: Application, *, at: datetime) -> bool:
    """Select an eligible small request. False when the money is gone: the panel decides."""
    if not is_small(row) or row.state != ApplicationState.ELIGIBLE or not _has_room(row):
        return False
    platform = system_actor(actor.origin)
    try:
        with transaction.atomic():
            APPLICATION.move(row, "select_small", platform, at=at, facts={"lane": LANE})
            offer_award(platform, row, at=at)
    except BudgetExceeded:
        row.state = ApplicationState.ELIGIBLE
        record_event(
            platform, "application.lane_full", subject_type="application", subject_id=row.id,
            at=at,
        )  # fmt: skip
        return False
    row.lane = LANE
    row.save(update_fields=["lane"])
    return True


def _has_room(row: Application) -> bool:
    """What the lane of this call may give away together."""
    most = int(row.call.terms.get("auto_approve_won_total", 0)) * MICRO_PER_WON
    if not most:
        return True
    given = Award.objects.filter(application__call=row.call_id, application__lane=LANE)
    given = given.exclude(state__in=ENDED)
    spent: int = given.aggregate(total=Sum("amount_microwon"))["total"] or 0
    return spent + row.requested_microwon <= most

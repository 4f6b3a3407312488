"""How far an application has come, as the steps that a firm counts in."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.programme.applications.models import Application
from madang.programme.awards.models import Award
from madang.programme.fulfilment.registry import REIMBURSE

STEPS: tuple[str | Promise, ...] = (
    _("Application"),
    _("Eligibility check"),
    _("Review"),
    _("Agreement"),
    _("Own part"),
    _("Voucher"),
)
STEPS_REIMBURSED: tuple[str | Promise, ...] = (*STEPS[:-2], _("Reimbursement"))
_OF_APPLICATION = {
    "draft": 0,
    "returned_for_completion": 0,
    "submitted": 1,
    "eligible": 2,
    "in_review": 2,
    "scored": 2,
    "reserve": 2,
    "selected": 3,
}
_OF_AWARD = {"offered": 3, "agreed": 4, "issued": len(STEPS)}


@dataclass(frozen=True, slots=True)
class Step:
    label: str | Promise
    done: bool
    now: bool


def steps_of(application: Application) -> list[Step]:
    """None of them for an application that has ended without an award."""
    award = Award.objects.filter(application=application).first()
    reached = _OF_APPLICATION.get(application.state)
    if award is not None:
        reached = _OF_AWARD.get(award.state)
    if reached is None:
        return []
    has_voucher = application.call.terms.get("pay_direction") != REIMBURSE
    shown = STEPS if has_voucher else STEPS_REIMBURSED
    return [
        Step(label, done=number < reached, now=number == reached)
        for number, label in enumerate(shown)
    ]

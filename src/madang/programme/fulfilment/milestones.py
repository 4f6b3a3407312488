"""Awards that are paid step by step for accepted work: no voucher, no deposit."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor
from madang.programme.awards.models import Award
from madang.programme.awards.workflow import AWARD
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.milestones.models import Milestone


class MilestoneFulfilment:
    """The port of kind `milestones`: in force with the last signature; P24 pays later."""

    def deposit_required_microwon(self, award: Award) -> int:
        """None: what is asked of the beneficiary is the work."""
        return 0

    def prepare(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """Nothing is owed and nothing is handed out, so the award is in force at once."""
        obligation = CoPaymentObligation.objects.select_for_update().get(award=award)
        COPAYMENT.move(obligation, "fund", actor, at=at)
        AWARD.move(award, "issue", actor, at=at)

    def deliver(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """Nothing beyond `prepare`."""

    def withdraw(self, actor: Actor, award: Award, *, reason: str, at: datetime) -> None:
        """It lapsed before the last signature: there is nothing to undo."""

    def need_work(self, milestone: Milestone, *, at: datetime) -> None:
        """Its documents and the operator's word are enough."""


class ReimbursementFulfilment(MilestoneFulfilment):
    """The port of calls that reimburse: the beneficiary pays its supplier and asks afterwards.

    Each claim is a step of its own; no voucher is made and no deposit is asked for.
    """

"""Awards that become build projects: the port of kind `dataset`, paid step by step."""

from __future__ import annotations

from datetime import datetime

from madang.datahub.deliveries.models import Delivery
from madang.datahub.errors import DeliveryNotAccepted
from madang.datahub.plan.actions import contract_proposal
from madang.datahub.plan.models import BuildProject
from madang.datahub.proposals.actions import need_ready
from madang.datahub.proposals.models import Proposal
from madang.parties.actor import Actor
from madang.programme.fulfilment.milestones import MilestoneFulfilment
from madang.programme.models import Application, Award, Milestone


class DataSetFulfilment(MilestoneFulfilment):
    """In force with the last signature, as milestones are; what is paid, a check has passed."""

    def need_ready(self, application: Application, *, at: datetime) -> None:
        """Nothing is handed in to a build call without a proposal."""
        need_ready(application)

    def prepare(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """The project begins with the proposal's own text, which both sides sign next."""
        super().prepare(actor, award, at=at)
        if BuildProject.objects.filter(award=award).exists():
            return
        assert award.application is not None, "a direct grant proposes nothing"
        rows = Proposal.objects.select_related("demand", "application__call__build_offer__goal")
        contract_proposal(actor, award, rows.get(application=award.application), at=at)

    def need_work(self, milestone: Milestone, *, at: datetime) -> None:
        """Raises DeliveryNotAccepted."""
        if not Delivery.objects.filter(milestone=milestone, state="accepted").exists():
            raise DeliveryNotAccepted(step=milestone.number)

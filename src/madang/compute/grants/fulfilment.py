"""Awards that become GPU grants: the port of kind `gpu`."""

from __future__ import annotations

from datetime import datetime

from madang.compute.grants.actions import GrantTerms, give_grant
from madang.compute.grants.models import Grant
from madang.compute.sites.queries import class_by_code
from madang.core.clock import seoul_date
from madang.parties.actor import Actor
from madang.programme.fulfilment.voucher import VoucherFulfilment
from madang.programme.models import Award


class GpuFulfilment(VoucherFulfilment):
    """A voucher for the money, as every award has, and a grant of GPU-seconds beside it."""

    def deliver(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """P6 first; then the grant, by the terms of the call and the applicant's answers."""
        super().deliver(actor, award, at=at)
        if Grant.objects.filter(award=award).exists():
            return
        terms = award.call.terms
        made = GrantTerms(
            code=f"g-{award.application.receipt_no}" if award.application else f"g-{award.id}",
            gpu_seconds=int(terms["gpu_seconds"]),
            cards_max=int(terms["gpu_cards_max"]),
            starts_on=seoul_date(at),
            ends_on=award.call.use_ends_on,
            tranches=tuple(terms["gpu_tranches"]),
            programme_year=award.call.programme_year_id,
        )
        give_grant(
            actor, award.organisation, class_by_code(str(terms["gpu_class"])), award.voucher,
            made, approved=actor.id, award=award, at=at,
        )  # fmt: skip

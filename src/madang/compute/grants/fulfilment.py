"""Awards that become GPU grants: the port of kind `gpu`, and what a call offers through it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from madang.compute.classes.models import GpuClass
from madang.compute.errors import OfferMissing
from madang.compute.grants.actions import GrantTerms, check_cards, give_grant, parts_of
from madang.compute.grants.models import GpuOffer, Grant
from madang.core.clock import seoul_date
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.programme.fulfilment.voucher import VoucherFulfilment
from madang.programme.models import Award, Call


@transaction.atomic
def offer_gpu_time(
    actor: Actor,
    call: Call,
    gpu_class: GpuClass,
    *,
    gpu_seconds: int,
    cards_max: int,
    tranches: Sequence[str],
    at: datetime,
) -> GpuOffer:
    """What each award of a call gives. While it is a draft: applicants rely on it. Raises what
    check_cards does: no award could give it."""
    actor.need(Role.OPERATOR)
    row = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
    if row.state != "draft":
        raise TransitionNotAllowed(noun="call", transition="offer", state=row.state)
    check_cards(gpu_class, cards_max)
    parts_of(gpu_seconds, tranches)
    made, _ = GpuOffer.objects.update_or_create(
        call=row,
        defaults={
            "gpu_class": gpu_class,
            "gpu_seconds": gpu_seconds,
            "cards_max": cards_max,
            "tranches": list(tranches),
        },
    )
    record_event(
        actor, "gpu_offer.set", subject_type="call", subject_id=row.id, at=at,
        facts={"gpu_seconds": gpu_seconds, "cards_max": cards_max},
    )  # fmt: skip
    return made


class GpuFulfilment(VoucherFulfilment):
    """A voucher for the money, as every award has, and a grant of GPU-seconds beside it."""

    def need_offer(self, call: Call, *, at: datetime) -> None:
        """Raises OfferMissing: its awards would come to nothing when they are delivered."""
        if not GpuOffer.objects.filter(call=call).exists():
            raise OfferMissing(call=call.code)

    def deliver(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """P6 first, then the grant with its first tranche, as the call has offered."""
        super().deliver(actor, award, at=at)
        if Grant.objects.filter(award=award).exists():
            return
        offer = GpuOffer.objects.select_related("gpu_class__site").filter(call=award.call)
        found = offer.first()
        if found is None:
            raise OfferMissing(call=award.call.code)
        assert award.application is not None, "a direct grant names its own terms"
        terms = GrantTerms(
            code=f"g-{award.application.receipt_no}".lower(),
            gpu_seconds=found.gpu_seconds,
            cards_max=found.cards_max,
            starts_on=seoul_date(at),
            ends_on=award.call.use_ends_on,
            tranches=tuple(found.tranches),
        )
        give_grant(
            actor, award.organisation, found.gpu_class, award.voucher, terms,
            approved=actor.id, award=award, at=at,
        )  # fmt: skip

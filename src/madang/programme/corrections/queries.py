"""The register of corrections."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.parties.actor import Actor, Role
from madang.programme.corrections.models import Correction


def corrections_of(actor: Actor) -> QuerySet[Correction]:
    """For operators and auditors, newest first."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return Correction.objects.select_related("voucher", "receipt").order_by("-proposed_at")

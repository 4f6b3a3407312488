"""Reading keys."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.metering.keys.models import Key
from madang.metering.vouchers.queries import vouchers_of
from madang.parties.actor import Actor


def keys_of(actor: Actor) -> QuerySet[Key]:
    """Every key of every voucher that the actor may see."""
    return Key.objects.filter(voucher__in=vouchers_of(actor)).select_related("voucher")


def key_for(actor: Actor, no: int) -> Key:
    """One key by its number. Raises NotFound also for what the actor may not see."""
    found = keys_of(actor).filter(no=no).first()
    if found is None:
        raise NotFound(noun="key")
    return found

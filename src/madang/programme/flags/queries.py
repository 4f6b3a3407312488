"""Who reads flags: operators and auditors. To everybody else there are none."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.programme.flags.models import Flag


def flags_for(actor: Actor) -> QuerySet[Flag]:
    rows = Flag.objects.prefetch_related("organisations").order_by("-changed_at", "-id")
    return rows if actor.sees_everything else rows.none()


def flag_for(actor: Actor, identifier: UUID) -> Flag:
    row = flags_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row

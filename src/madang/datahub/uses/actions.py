"""Counting uses as they happen."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.conf import settings

from madang.core.clock import seoul_date
from madang.datahub.uses.charging import charge_use
from madang.datahub.uses.models import Use, UseKind
from madang.datahub.versions.models import Version
from madang.parties.actor import Actor
from madang.parties.organisations.models import Organisation


def record_use(
    actor: Actor, version: Version, kind: UseKind, *, address: str, at: datetime
) -> None:
    """The first of the day counts, and is charged where the set has a price; what a voucher
    refuses is raised and nothing is counted. A nameless reader's network address is not kept.

    Its digest is keyed and dated, so that two days of the same reader cannot be joined.
    """
    day = seoul_date(at)
    is_person = bool(actor.roles)
    if is_person:
        who = actor.id
    else:
        text = f"{day.isoformat()} {address}".encode()
        who = hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
    if Use.objects.filter(version=version, who=who, day=day).exists():
        return
    charge_use(actor, version, at=at)
    row = Use(
        version=version, who=who, is_person=is_person, day=day, kind=kind,
        user_kind=_kind_of(actor), at=at,
    )  # fmt: skip
    Use.objects.bulk_create([row], ignore_conflicts=True)


def _kind_of(actor: Actor) -> str:
    if not actor.organisations:
        return "individual" if actor.roles else ""
    first = Organisation.objects.filter(pk__in=actor.organisations).order_by("code").first()
    return first.kind if first is not None else ""

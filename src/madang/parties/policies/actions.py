"""New versions of policy. An old one is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from madang.parties.actor import Actor, Role
from madang.parties.canonical import Json, digest_of
from madang.parties.declaring import Declared, Outcome
from madang.parties.errors import FactInvalid, PolicyImmutable, PolicyUnknown
from madang.parties.events.actions import record_event
from madang.parties.policies.checking import check_values
from madang.parties.policies.models import PolicyVersion


def _add(
    actor: Actor,
    kind: str,
    version: int,
    data: Mapping[str, Json],
    valid_from: datetime,
    at: datetime,
) -> PolicyVersion:
    """The unique number keeps two people from making the same next version."""
    try:
        with transaction.atomic():
            return PolicyVersion.objects.create(
                kind=kind,
                version=version,
                valid_from=valid_from,
                data=data,
                sha256=digest_of(data),
                created_by=actor.id,
                created_at=at,
            )
    except IntegrityError as err:
        raise PolicyImmutable(kind=kind, version=version) from err


def _check(held: Mapping[str, Json], changes: Mapping[str, Json]) -> None:
    """A policy's names are fixed by who reads it, and each keeps its kind of value."""
    for name, value in changes.items():
        if name not in held:
            raise FactInvalid(field=name, reason="not a name of this policy")
        if type(held[name]) is not type(value):
            raise FactInvalid(field=name, reason=f"not a {type(held[name]).__name__}")


@transaction.atomic
def declare_policy(
    actor: Actor, *, kind: str, changes: Mapping[str, Json], valid_from: datetime, at: datetime
) -> Declared[PolicyVersion]:
    """A new version: the latest one with these values changed; unchanged when it says so.

    Calls that are open keep the version that they were frozen with.
    """
    actor.need(Role.OPERATOR)
    latest = PolicyVersion.objects.filter(kind=kind).order_by("-version").first()
    if latest is None:
        raise PolicyUnknown(kind=kind)
    _check(latest.data, changes)
    data = {**latest.data, **changes}
    check_values(kind, data)
    if digest_of(data) == latest.sha256:
        return Declared(latest, Outcome.UNCHANGED)
    row = _add(actor, kind, latest.version + 1, data, valid_from, at)
    record_event(
        actor,
        "policy.version",
        subject_type="policy",
        subject_id=row.id,
        at=at,
        facts={"kind": kind, "version": row.version, "sha256": row.sha256},
    )
    return Declared(row, Outcome.CREATED)

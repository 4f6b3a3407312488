"""Making data sets, and changing who may read them."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotAllowed
from madang.datahub.commits.actions import begin
from madang.datahub.errors import AccessWider, DataSetExists, NameInvalid
from madang.datahub.sets.models import Access, DataSet
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.organisations.models import Organisation

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
NARROWNESS = (Access.OPEN, Access.GATED, Access.SECURE)
WRITERS = (Role.OPERATOR, Role.BUILDER)


@transaction.atomic
def create_data_set(
    actor: Actor, *, code: str, is_private: bool = True, at: datetime
) -> DataSet:
    """A new name with an empty first commit. `code` is "org/name"; the org is the maker's own.

    Raises DataSetExists, NameInvalid, NotAllowed.
    """
    actor.need(*WRITERS)
    need_name(code)
    organisation = owner_of(actor, code.partition("/")[0])
    if DataSet.objects.filter(code__iexact=code).exists():
        raise DataSetExists(name=code)
    row = DataSet.objects.create(
        code=code,
        organisation=organisation,
        is_private=is_private,
        created_by=actor.id,
        created_at=at,
        changed_at=at,
    )
    record_event(
        actor,
        "data_set.create",
        subject_type="data_set",
        subject_id=row.id,
        at=at,
        facts={"code": code},
    )
    begin(actor, row, at=at)
    return row


def need_name(code: str) -> None:
    """Raises NameInvalid."""
    owner, slash, name = code.partition("/")
    if not slash or not NAME.match(owner) or not NAME.match(name) or ".." in code:
        raise NameInvalid(name=code)


def owner_of(actor: Actor, code: str) -> Organisation | None:
    """The organisation of that code, which the maker acts for; operators make any."""
    found = Organisation.objects.filter(code=code).first()
    if actor.has(Role.OPERATOR):
        return found
    if found is None or not actor.acts_as(Role.BUILDER, found.id):
        raise NotAllowed
    return found


@transaction.atomic
def change_access(
    actor: Actor,
    data_set: UUID,
    *,
    access: Access | None = None,
    is_private: bool | None = None,
    at: datetime,
) -> DataSet:
    """Who may read. Only the owner's builders and operators change it."""
    row = DataSet.objects.select_for_update().get(pk=data_set)
    need_writer(actor, row)
    need_no_wider(actor, row, access)
    changes = {"access": access, "is_private": is_private}
    fields = [name for name, value in changes.items() if value is not None]
    for name in fields:
        setattr(row, name, changes[name])
    row.changed_at = at
    row.save(update_fields=[*fields, "changed_at"])
    record_event(
        actor,
        "data_set.access",
        subject_type="data_set",
        subject_id=row.id,
        at=at,
        facts={"access": row.access, "is_private": row.is_private},
    )
    return row


def need_no_wider(actor: Actor, row: DataSet, access: Access | None) -> None:
    """A secure set, and one that the agency opened, is made wider by the agency alone.

    Raises AccessWider.
    """
    if access is None or actor.has(Role.OPERATOR):
        return
    is_agencys = (
        row.access == Access.SECURE or row.versions.exclude(release__opened_at=None).exists()
    )
    if is_agencys and NARROWNESS.index(access) < NARROWNESS.index(Access(row.access)):
        raise AccessWider(name=row.code, access=row.access)


def may_write(actor: Actor, row: DataSet) -> bool:
    if actor.has(Role.OPERATOR):
        return True
    return row.organisation_id is not None and actor.acts_as(Role.BUILDER, row.organisation_id)


def need_writer(actor: Actor, row: DataSet) -> None:
    if not may_write(actor, row):
        raise NotAllowed

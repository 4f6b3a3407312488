"""Opening a version: only with a passing or waived check of that very digest."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.commits.actions import make_ref
from madang.datahub.commits.models import RefKind
from madang.datahub.errors import CheckMissing, ReleaseEarly
from madang.datahub.quality.queries import standing_check
from madang.datahub.releases.models import Release
from madang.datahub.releases.workflow import RELEASE, SERVED
from madang.datahub.sets.models import Access, DataSet
from madang.datahub.versions.models import Version
from madang.datahub.versions.queries import locked_version
from madang.datahub.versions.workflow import VERSION
from madang.parties.actor import Actor, Role

STEPS = {Access.OPEN: "open", Access.GATED: "restrict", Access.SECURE: "secure"}


@transaction.atomic
def prepare_release(actor: Actor, identifier: UUID, *, opens_on: date, at: datetime) -> Release:
    """Promise a day. Raises CheckMissing when no check of the version's digest stands."""
    actor.need(Role.OPERATOR)
    version = locked_version(identifier)
    check = standing_check(version.digest)
    if check is None or version.state != "sealed":
        raise CheckMissing(digest=version.digest)
    row, is_new = Release.objects.get_or_create(
        version=version,
        defaults={
            "quality_check": check,
            "opens_on": opens_on,
            "prepared_by": actor.id,
            "prepared_at": at,
        },
    )
    if is_new:
        RELEASE.move(row, "embargo", actor, at=at, facts={"opens_on": opens_on.isoformat()})
    return row


@transaction.atomic
def open_release(actor: Actor, identifier: UUID, *, at: datetime) -> Release:
    """Open a prepared version on its day or later, and put it in the place of the one before.

    The check is asked again: one that was done anew and failed since opens nothing.
    Raises CheckMissing, ReleaseEarly.
    """
    actor.need(Role.OPERATOR)
    version = locked_version(identifier)
    row = Release.objects.select_for_update().filter(version=version).first()
    if row is None:
        raise NotFound
    check = standing_check(version.digest)
    if check is None or version.state != "sealed":
        raise CheckMissing(digest=version.digest)
    if seoul_date(at) < row.opens_on:
        raise ReleaseEarly(opens_on=row.opens_on.isoformat())
    RELEASE.move(row, STEPS[Access(version.data_set.access)], actor, at=at)
    row.quality_check, row.opened_at = check, row.opened_at or at
    row.save(update_fields=["quality_check", "opened_at"])
    _supersede(actor, version, at)
    _publish(actor, version, at)
    DataSet.objects.filter(pk=version.data_set_id).update(changed_at=at)
    return row


def _supersede(actor: Actor, version: Version, at: datetime) -> None:
    before = Version.objects.select_for_update(of=("self",)).filter(
        data_set=version.data_set, state="sealed", release__state__in=SERVED
    )
    for row in before.exclude(pk=version.pk):
        VERSION.move(row, "supersede", actor, at=at)


def _publish(actor: Actor, version: Version, at: datetime) -> None:
    data_set, name = version.data_set, f"v{version.number}"
    if data_set.is_private:
        data_set.is_private = False
        data_set.save(update_fields=["is_private"])
    if not data_set.refs.filter(kind=RefKind.TAG, name=name).exists():
        make_ref(actor, data_set, RefKind.TAG, name, version.commit, at=at)


@transaction.atomic
def suspend_release(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Release:
    """Stop serving for a while; nothing is said about the data."""
    return _moved(actor, identifier, "suspend", reason, at)


@transaction.atomic
def resume_release(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Release:
    """Prepare a suspended release again; opening asks for its check anew."""
    return _moved(actor, identifier, "resume", reason, at)


@transaction.atomic
def archive_release(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Release:
    """Kept and no longer served; nothing is wrong with it, so nobody is told."""
    return _moved(actor, identifier, "archive", reason, at)


def _moved(actor: Actor, identifier: UUID, step: str, reason: str, at: datetime) -> Release:
    actor.need(Role.OPERATOR)
    version = locked_version(identifier)
    row = Release.objects.select_for_update().filter(version=version).first()
    if row is None:
        raise NotFound
    RELEASE.move(row, step, actor, at=at, reason=reason)
    return row

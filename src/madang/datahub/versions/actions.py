"""Sealing a commit as a version, and taking a version back."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from madang.datahub.commits.models import Commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.among import among
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import digests_of
from madang.datahub.contents.terms import place_of
from madang.datahub.errors import ContentDamaged, NumberInvalid, VersionRepeated
from madang.datahub.releases.models import Release
from madang.datahub.releases.workflow import RELEASE, SHOWN
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import DataSet
from madang.datahub.uses.queries import downloaders
from madang.datahub.versions.models import Recall, Version
from madang.datahub.versions.queries import locked_version
from madang.datahub.versions.workflow import VERSION
from madang.parties.actor import Actor, Role
from madang.parties.canonical import digest_of
from madang.parties.notices.actions import send_notice

NUMBER = re.compile(r"^[0-9]{1,6}(\.[0-9]{1,6}){0,3}$")
VERIFIED_AT_ONCE = 4_000
"""Files looked up by one question; those that lie together are read together."""

RECALLED = "datahub.version.recalled"


def commit_digest(commit: Commit) -> str:
    """One digest over everything that a commit holds: what checks and versions are tied to."""
    return digest_of(
        {
            "commit": commit.id,
            "tree": hashlib.sha256(bytes(commit.index)).hexdigest(),
            "files": commit.files,
            "size_bytes": commit.size_bytes,
        }
    )


@transaction.atomic
def seal_version(
    actor: Actor, data_set: DataSet, commit: Commit, *, number: str, at: datetime
) -> Version:
    """Read every byte once more, then keep the commit under this number for good.

    Raises ContentDamaged, NumberInvalid, VersionRepeated.
    """
    need_writer(actor, data_set)
    if not NUMBER.match(number):
        raise NumberInvalid(number=number[:40])
    DataSet.objects.select_for_update().get(pk=data_set.pk)
    there = Version.objects.filter(Q(number=number, data_set=data_set) | Q(commit=commit))
    if there.exists():
        raise VersionRepeated(number=number)
    digest = commit_digest(commit)
    row = Version.objects.create(
        data_set=data_set,
        number=number,
        commit=commit,
        digest=digest,
        seal=digest_of({"digest": digest, "number": number, "licence": data_set.licence}),
        licence=data_set.licence,
        sealed_by=actor.id,
        sealed_at=at,
    )
    VERSION.move(row, "quarantine", actor, at=at)
    verify(commit)
    VERSION.move(row, "seal", actor, at=at, facts={"digest": digest, "seal": row.seal})
    return row


def verify(commit: Commit) -> None:
    """Every file is what its digest says, read from the store. Raises ContentDamaged."""
    walked = tree_of(commit).walk()
    while some := {entry.sha256 for entry in islice(walked, VERIFIED_AT_ONCE)}:
        rows = Content.objects.filter(pk__in=among(some)).values_list(
            "terms", "size_bytes", "pk"
        )
        found = [(bytes(terms), size, bytes(key)) for terms, size, key in rows]
        found.sort(key=lambda one: place_of(one[0]))
        if missing := some - {key for _, _, key in found}:
            raise ContentDamaged(chunk=min(missing).hex())
        digests = digests_of([(terms, size) for terms, size, _ in found])
        for digest, (_, _, key) in zip(digests, found, strict=True):
            if digest != key:
                raise ContentDamaged(chunk=key.hex())


@transaction.atomic
def recall_version(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Recall:
    """Nothing of it is served from now on, and everybody who took it is told.

    The page keeps its name, its digest and the reason. Takes the version's lock.
    """
    actor.need(Role.OPERATOR)
    row = locked_version(identifier)
    VERSION.move(row, "recall", actor, at=at, reason=reason)
    release = Release.objects.select_for_update().filter(version=row).first()
    if release is not None and release.state in SHOWN:
        RELEASE.move(release, "withdraw", actor, at=at, reason=reason)
    facts = {"data_set": row.data_set.code, "number": row.number, "reason": reason}
    people = downloaders(row)
    send_notice(
        people, RECALLED, subject_type="data_version", subject_id=row.id, at=at, facts=facts
    )
    return Recall.objects.create(
        version=row, reason=reason, recalled_by=actor.id, at=at, told=len(people)
    )

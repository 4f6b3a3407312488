"""Asking to let results out of a secure room, and letting them go or not.

The request comes out of the room itself, from who may use the set there; somebody of the agency
who is not the requester looks at the files and decides. Nothing is to be had before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotAllowed, NotFound
from madang.datahub.access.models import AccessRequest
from madang.datahub.access.queries import has_access
from madang.datahub.access.rooms import is_in_room
from madang.datahub.contents.models import Claim
from madang.datahub.errors import (
    AccessNeeded,
    ResultIsOfTheSet,
    ResultReasonMissing,
    ResultsNotAsked,
    ResultsOutsideRoom,
    ResultsWaiting,
)
from madang.datahub.results.looking import Handed, Looked, limits_at, look
from madang.datahub.results.models import ResultExport, ResultFile
from madang.datahub.results.workflow import RESULT
from madang.datahub.sets.models import Access, DataSet
from madang.parties.actor import Actor, need_four_eyes
from madang.parties.documents.store import default_store
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.models import Person

SAYS_WHY = frozenset({"deny", "revoke"})


def need_place(actor: Actor, data_set: DataSet, *, address: str, at: datetime) -> None:
    """May they ask from here? Raises ResultsNotAsked, AccessNeeded, ResultsOutsideRoom."""
    if data_set.access != Access.SECURE:
        raise ResultsNotAsked(name=data_set.code)
    if not has_access(actor, data_set, at):
        raise AccessNeeded(name=data_set.code)
    if not is_in_room(address, at):
        raise ResultsOutsideRoom(name=data_set.code)


def ask_export(
    actor: Actor, person: Person, data_set: DataSet, *, purpose: str,
    files: Sequence[Handed], address: str, at: datetime,
) -> ResultExport:  # fmt: skip
    """Hand results in. The bytes are on disk before the rows exist; all files or none."""
    need_place(actor, data_set, address=address, at=at)
    limits = limits_at(at)
    looked = look(files, limits)
    store = default_store()
    kept = [store.put([one.data], size_bytes_max=limits.size_bytes_max) for one in looked]
    with transaction.atomic():
        DataSet.objects.select_for_update().get(pk=data_set.pk)
        waiting = ResultExport.objects.filter(person=person, state="requested").count()
        if waiting >= limits.waiting_max:
            raise ResultsWaiting(most=limits.waiting_max)
        _refuse_own_files(data_set, looked)
        row = ResultExport.objects.create(
            data_set=data_set, person=person, purpose=purpose, asked_at=at
        )
        ResultFile.objects.bulk_create(
            ResultFile(
                export=row, number=number, name=one.name, size_bytes=len(one.data),
                sha256=stored.sha256, signs=one.signs,
            )
            for number, (one, stored) in enumerate(zip(looked, kept, strict=True), 1)
        )  # fmt: skip
        _record(actor, "ask", row, at, _size(looked))
    return row


@transaction.atomic
def decide_export(
    actor: Actor, identifier: UUID, *, step: str, reason: str = "", at: datetime
) -> ResultExport:
    """`step` is approve, deny or revoke, of the agency and never of the requester.

    Takes the request's lock. A refusal has a reason; who lost the right to the set for cause
    takes nothing along.
    """
    row = _locked(identifier)
    if step in SAYS_WHY and not reason.strip():
        raise ResultReasonMissing
    need_four_eyes(actor, str(row.person_id))
    if step == "approve" and _was_revoked(row):
        raise AccessNeeded(name=row.data_set.code)
    RESULT.move(row, step, actor, at=at)
    row.decided_by_id, row.decided_at, row.reason = UUID(actor.id), at, reason
    row.save(update_fields=["decided_by", "decided_at", "reason"])
    send_notice(
        [row.person],
        f"datahub.results.{row.state}",
        subject_type="result_export",
        subject_id=row.id,
        at=at,
        facts={"data_set": row.data_set.code, "reason": reason or "–"},
    )
    return row


@transaction.atomic
def withdraw_export(actor: Actor, identifier: UUID, *, at: datetime) -> ResultExport:
    """The requester's own step, while nobody has decided. Takes the request's lock."""
    row = _locked(identifier)
    if str(row.person_id) != actor.id:
        raise NotAllowed if actor.sees_everything else NotFound
    RESULT.move(row, "withdraw", actor, at=at)
    return row


def record_taking(actor: Actor, file: ResultFile, *, at: datetime) -> None:
    """Each reading of a file is an event, of the requester's and of who looks at it."""
    facts: dict[str, str | int] = {"file": file.number, "sha256": file.sha256}
    _record(actor, "take", file.export, at, facts)


def _refuse_own_files(data_set: DataSet, looked: Sequence[Looked]) -> None:
    """Raises ResultIsOfTheSet: what was brought to the set does not leave as a result."""
    digests = {hashlib.sha256(one.data).digest(): one.name for one in looked}
    same = Claim.objects.filter(data_set=data_set, content__in=list(digests)).first()
    if same is not None:
        raise ResultIsOfTheSet(name=digests[bytes(same.content_id)])


def _was_revoked(row: ResultExport) -> bool:
    last = AccessRequest.objects.filter(data_set=row.data_set, person=row.person)
    newest = last.order_by("-asked_at").first()
    return newest is None or newest.state == "revoked"


def _size(looked: Sequence[Looked]) -> dict[str, str | int]:
    return {"files": len(looked), "size_bytes": sum(len(one.data) for one in looked)}


def _record(
    actor: Actor, what: str, row: ResultExport, at: datetime, facts: dict[str, str | int]
) -> None:
    record_event(
        actor,
        f"result_export.{what}",
        subject_type="result_export",
        subject_id=row.id,
        at=at,
        facts={"data_set": str(row.data_set_id), **facts},
    )


def _locked(identifier: UUID) -> ResultExport:
    rows = ResultExport.objects.select_for_update(of=("self",))
    row = rows.select_related("data_set", "person").filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row

"""Files of an application: put in and taken out while its text is open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.parties.documents.actions import store_document
from madang.parties.documents.models import Document
from madang.parties.documents.queries import document_for
from madang.parties.documents.store import DocumentStore
from madang.parties.events.actions import record_event
from madang.parties.policies.queries import current_policy
from madang.programme.applications.actions import (
    form_of,
    locked_application,
    refuse_closed_text,
)
from madang.programme.applications.models import Application, Attachment
from madang.programme.applications.queries import application_for
from madang.programme.applications.workflow import need_own
from madang.programme.errors import AnswerInvalid, AttachmentLimit


@transaction.atomic
def attach_document(
    actor: Actor,
    application_id: UUID,
    *,
    slot: str,
    chunks: Iterable[bytes],
    file_name: str,
    media_type: str,
    store: DocumentStore,
    at: datetime,
) -> Attachment:
    """Put a file into a slot of the form. The same bytes in the same slot stay one."""
    row = locked_application(application_id)
    need_own(row, actor, at)
    refuse_closed_text(row)
    _check_slot(row, slot)
    _refuse_too_many(row, at)
    document = store_document(
        actor,
        chunks=chunks,
        file_name=file_name,
        media_type=media_type,
        organisation=row.organisation_id,
        store=store,
        at=at,
    )
    return _put(actor, row, slot, document, at)


@transaction.atomic
def attach_stored(
    actor: Actor, application_id: UUID, *, slot: str, document_id: UUID, at: datetime
) -> Attachment:
    """Put a file of the same organisation into a slot that was handed in once before."""
    row = locked_application(application_id)
    need_own(row, actor, at)
    refuse_closed_text(row)
    _check_slot(row, slot)
    document = document_for(actor, document_id)
    if document.organisation_id != row.organisation_id:
        raise NotFound
    _refuse_too_many(row, at)
    return _put(actor, row, slot, document, at)


def _refuse_too_many(row: Application, at: datetime) -> None:
    limit = current_policy("documents", at).number("per_application")
    if row.attachments.count() >= limit:
        raise AttachmentLimit(limit=limit)


def _put(
    actor: Actor, row: Application, slot: str, document: Document, at: datetime
) -> Attachment:
    """The same bytes in the same slot stay one."""
    held = row.attachments.filter(slot=slot, document__sha256=document.sha256).first()
    if held is not None:
        return held
    made = Attachment.objects.create(application=row, slot=slot, document=document, added_at=at)
    _record(actor, "application.attach", row, document, at)
    return made


@transaction.atomic
def detach_document(
    actor: Actor, application_id: UUID, attachment_id: UUID, *, at: datetime
) -> None:
    """Take a file out of the draft. The document itself stays, by the retention policy."""
    row = locked_application(application_id)
    need_own(row, actor, at)
    refuse_closed_text(row)
    held = row.attachments.filter(pk=attachment_id).first()
    if held is None:
        raise NotFound
    _record(actor, "application.detach", row, held.document, at)
    held.delete()


def attachment_for(
    actor: Actor, application_id: UUID, attachment_id: UUID, *, at: datetime
) -> Document:
    """The file, for whoever may read the application now: a reviewer only after the pledge."""
    row = application_for(actor, application_id, at=at)
    held = row.attachments.select_related("document").filter(pk=attachment_id).first()
    if held is None:
        raise NotFound
    return held.document


def _check_slot(row: Application, slot: str) -> None:
    slots = {field.code for field in form_of(row) if field.kind == "file"}
    if slot not in slots:
        raise AnswerInvalid(field=slot, reason="no such file slot")


def _record(
    actor: Actor, action: str, row: Application, document: Document, at: datetime
) -> None:
    record_event(
        actor,
        action,
        subject_type="application",
        subject_id=row.id,
        at=at,
        facts={"document": str(document.id), "sha256": document.sha256},
    )

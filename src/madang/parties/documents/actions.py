"""Taking files in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotAllowed
from madang.parties.actor import Actor
from madang.parties.documents.models import Document
from madang.parties.documents.store import DocumentStore
from madang.parties.documents.types import check_type
from madang.parties.events.actions import record_event
from madang.parties.policies.queries import current_policy

FILE_NAME_LENGTH_MAX = 255


def store_document(
    actor: Actor,
    *,
    chunks: Iterable[bytes],
    file_name: str,
    media_type: str,
    organisation: UUID | None,
    store: DocumentStore,
    at: datetime,
    size_bytes_max: int | None = None,
) -> Document:
    """Keep a file and say whose it is. The bytes are on disk before the row exists.

    `size_bytes_max` is the caller's own limit, where its policy has another.
    """
    if organisation is not None and not actor.acts_for(organisation):
        raise NotAllowed
    policy = current_policy("documents", at)
    most = policy.number("size_bytes_max") if size_bytes_max is None else size_bytes_max
    stored = store.put(chunks, size_bytes_max=most)
    check_type(media_type, stored.head, policy.texts("media_types"))
    with transaction.atomic():
        row = Document.objects.create(
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            media_type=media_type,
            file_name=_plain_name(file_name),
            organisation_id=organisation,
            uploaded_by_id=UUID(actor.id) if not actor.is_system else None,
            uploaded_at=at,
        )
        record_event(
            actor,
            "document.store",
            subject_type="document",
            subject_id=row.id,
            at=at,
            facts={"sha256": stored.sha256, "size_bytes": stored.size_bytes},
        )
    return row


def _plain_name(file_name: str) -> str:
    """The last part of a path, without control characters."""
    last = PurePosixPath(file_name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[:FILE_NAME_LENGTH_MAX] or "file"

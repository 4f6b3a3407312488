"""Files that people hand in on a page, and how they get them again."""

from __future__ import annotations

from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponseBase

from madang.parties.documents.actions import store_document
from madang.parties.documents.api import download
from madang.parties.documents.models import Document
from madang.parties.documents.queries import document_for
from madang.parties.documents.store import default_store
from madang.portal.request import SignedInRequest, signed_in, takes


def keep_upload(
    request: SignedInRequest, sent: UploadedFile[bytes], organisation: UUID | None
) -> Document:
    """The file as a document of the organisation; without one, the agency's own."""
    return store_document(
        request.actor,
        chunks=sent.chunks(),
        file_name=sent.name or "file",
        media_type=sent.content_type or "application/octet-stream",
        organisation=organisation,
        store=default_store(),
        at=request.at,
    )


@takes("GET")
@signed_in()
def document(request: SignedInRequest, document_id: UUID) -> HttpResponseBase:
    """A file of one's own organisation; any for operators and auditors."""
    return download(document_for(request.actor, document_id))

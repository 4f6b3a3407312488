"""REST routes of documents: handed in once, named by id wherever evidence is asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.documents.actions import store_document
from madang.parties.documents.models import Document
from madang.parties.documents.queries import document_for, documents_for
from madang.parties.documents.store import default_store
from madang.parties.organisations.queries import organisations_for

router = Router(tags=["documents"])


class DocumentOut(Schema):
    id: UUID
    sha256: str
    size_bytes: int
    media_type: str
    file_name: str
    uploaded_at: datetime


def download(document: Document) -> HttpResponseBase:
    """The bytes as an attachment: a browser never draws what somebody handed in."""
    response = StreamingHttpResponse(
        default_store().read(document.sha256), content_type="application/octet-stream"
    )
    name = document.file_name.replace('"', "").encode("ascii", "replace").decode()
    response.headers["content-disposition"] = f'attachment; filename="{name}"'
    response.headers["content-length"] = str(document.size_bytes)
    return response


def _place(actor: Actor, code: str) -> UUID | None:
    """The organisation whose file it is; without a code the one that the actor acts for."""
    if not code:
        return next(iter(sorted(actor.organisations)), None)
    found = organisations_for(actor).filter(code=code).first()
    if found is None:
        raise NotFound(noun="organisation")
    return found.id


@router.get("/documents", response=list[DocumentOut], operation_id="list_documents")
def list_documents(request: ApiRequest) -> list[Document]:
    """One's own and one's organisation's; all for operators and auditors. Newest last."""
    return list(documents_for(request.actor)[:ROWS_MAX])


@router.post("/documents", response=DocumentOut, operation_id="store_document")
def post_document(
    request: ApiRequest, file: File[UploadedFile], organisation: Form[str] = ""
) -> Document:
    """Hand a file in. Its id is what milestones, goals and own parts in kind ask for."""
    return store_document(
        request.actor,
        chunks=file.chunks(),
        file_name=file.name or "file",
        media_type=file.content_type or "application/octet-stream",
        organisation=_place(request.actor, organisation),
        store=default_store(),
        at=request.at,
    )


@router.get("/documents/{document_id}", response=DocumentOut, operation_id="show_document")
def show_document(request: ApiRequest, document_id: UUID) -> Document:
    return document_for(request.actor, document_id)


@router.get("/documents/{document_id}/content", operation_id="read_document")
def read_document(request: ApiRequest, document_id: UUID) -> HttpResponseBase:
    """The file, for whoever may see it."""
    return download(document_for(request.actor, document_id))

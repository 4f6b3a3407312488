"""REST routes of people, tokens and notices, and what the routes of all rooms share."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from madang.core.errors import Language
from madang.parties.actor import Actor
from madang.parties.notices.actions import read_notice
from madang.parties.notices.models import Notice
from madang.parties.notices.queries import notices_for
from madang.parties.notices.texts import notice_text
from madang.parties.organisations.queries import organisations_for
from madang.parties.people.models import Person
from madang.parties.suppliers.queries import suppliers

ROWS_MAX = 500
router = Router(tags=["parties"])


class ApiRequest(HttpRequest):
    """A request of somebody who showed a token; `at` is one instant for all of it."""

    actor: Actor
    at: datetime
    person: Person


class Problem(Schema):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    fields: dict[str, str | int | bool | None]


class PlaceOut(Schema):
    organisation: str | None
    roles: list[str]


class MeOut(Schema):
    id: str
    email: str
    language: str
    roles: list[str]
    organisations: list[str]


class OrganisationOut(Schema):
    id: UUID
    code: str
    name_ko: str
    name_en: str
    kind: str


class SupplierOut(Schema):
    id: UUID
    code: str
    name_ko: str
    name_en: str


class NoticeOut(Schema):
    id: UUID
    kind: str
    title: str
    body: str
    sent_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None


def spoken_in(request: HttpRequest) -> Language:
    """The language that Django's middleware chose for this request."""
    return "en" if getattr(request, "LANGUAGE_CODE", "ko").startswith("en") else "ko"


def notice_out(notice: Notice, language: Language) -> NoticeOut:
    text = notice_text(notice.kind, notice.facts, language)
    return NoticeOut(
        id=notice.id,
        kind=notice.kind,
        title=text.title,
        body=text.body,
        sent_at=notice.sent_at,
        delivered_at=notice.delivered_at,
        read_at=notice.read_at,
    )


@router.get("/me", response=MeOut, operation_id="show_me")
def show_me(request: ApiRequest) -> MeOut:
    """Who the token belongs to, in which roles."""
    return MeOut(
        id=request.actor.id,
        email=request.person.email,
        language=request.person.language,
        roles=sorted(role.value for role in request.actor.roles),
        organisations=sorted(
            row.code
            for row in organisations_for(request.actor)
            if request.actor.acts_for(row.id)
        ),
    )


@router.get("/organisations", response=list[OrganisationOut], operation_id="list_organisations")
def list_organisations(request: ApiRequest) -> list[OrganisationOut]:
    """One's own; all for operators and auditors."""
    return [
        OrganisationOut.from_orm(row) for row in organisations_for(request.actor)[:ROWS_MAX]
    ]


@router.get("/suppliers", response=list[SupplierOut], operation_id="list_suppliers")
def list_suppliers(request: ApiRequest) -> list[SupplierOut]:
    return [SupplierOut.from_orm(row) for row in suppliers()[:ROWS_MAX]]


@router.get("/notices", response=list[NoticeOut], operation_id="list_notices")
def list_notices(request: ApiRequest) -> list[NoticeOut]:
    """One's own, newest first."""
    language = spoken_in(request)
    return [notice_out(row, language) for row in notices_for(request.actor)[:ROWS_MAX]]


@router.post("/notices/{notice_id}/read", response=NoticeOut, operation_id="read_notice")
def read(request: ApiRequest, notice_id: UUID) -> NoticeOut:
    """Open a notice: it counts as delivered from now on."""
    return notice_out(read_notice(request.actor, notice_id, at=request.at), spoken_in(request))

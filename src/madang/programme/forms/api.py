"""REST routes of forms: a builder whose every save is a version."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Field, Router, Schema

from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.canonical import Json
from madang.parties.exact import Number
from madang.programme.calls.api import QuestionIn
from madang.programme.forms.actions import save_form
from madang.programme.forms.models import FormVersion
from madang.programme.forms.queries import form_version, forms_for, versions_of

router = Router(tags=["calls"])
ONE = "/forms/{code}"


class FormIn(Schema):
    """Given `number`, a version that somebody saved since is not overwritten."""

    fields: Annotated[list[QuestionIn], Field(max_length=100)]
    number: Number | None = None


class FormOut(Schema):
    code: str
    number: int
    sha256: str
    created_at: datetime
    fields: list[QuestionIn]


def form_out(row: FormVersion) -> FormOut:
    return FormOut(
        code=row.form.code,
        number=row.number,
        sha256=row.sha256,
        created_at=row.created_at,
        fields=row.fields,
    )


@router.get("/forms", response=list[FormOut], operation_id="list_forms")
def list_forms(request: ApiRequest) -> list[FormOut]:
    """The newest version of each, for operators and auditors."""
    return [form_out(row) for row in forms_for(request.actor)[:ROWS_MAX]]


@router.get(ONE, response=FormOut, operation_id="show_form")
def show_form(request: ApiRequest, code: str, number: int | None = None) -> FormOut:
    request.actor.need(Role.OPERATOR, Role.AUDITOR)
    return form_out(form_version(code, number))


@router.get(ONE + "/versions", response=list[FormOut], operation_id="list_form_versions")
def list_form_versions(request: ApiRequest, code: str) -> list[FormOut]:
    return [form_out(row) for row in versions_of(request.actor, code)[:ROWS_MAX]]


@router.put(ONE, response=FormOut, operation_id="save_form")
def save(request: ApiRequest, code: str, body: FormIn) -> FormOut:
    """A new version, or the newest when nothing differs."""
    fields: list[Json] = [question.dict() for question in body.fields]
    row = save_form(request.actor, code, fields, number=body.number, at=request.at)
    return form_out(row)

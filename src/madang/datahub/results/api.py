"""REST routes of letting results out of a secure room."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http.response import HttpResponseBase
from ninja import Field, File, Form, Router, Schema
from ninja.files import UploadedFile

from madang.datahub.results import actions
from madang.datahub.results.looking import Handed
from madang.datahub.results.models import ResultExport, ResultFile
from madang.datahub.results.queries import export_for, exports_for, file_for
from madang.datahub.results.taking import attachment
from madang.datahub.sets.queries import data_set_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.remote import remote_address

router = Router(tags=["datahub"])


class ResultFileOut(Schema):
    id: UUID
    name: str
    size_bytes: int
    sha256: str
    signs: dict[str, int] | None


class ResultExportOut(Schema):
    id: UUID
    data_set: str
    state: str
    purpose: str
    asked_at: datetime
    decided_at: datetime | None
    reason: str
    files: list[ResultFileOut]


class DecideExportIn(Schema):
    step: Annotated[str, Field(pattern="^(approve|deny|revoke|withdraw)$")]
    reason: Annotated[str, Field(max_length=1000)] = ""


def _out(row: ResultExport) -> dict[str, object]:
    names = ("id", "state", "purpose", "asked_at", "decided_at", "reason")
    files = sorted(row.files.all(), key=_by_number)
    told = {name: getattr(row, name) for name in names}
    return {"data_set": row.data_set.code, "files": files, **told}


def _by_number(file: ResultFile) -> int:
    return file.number


@router.get(
    "/datahub/results", response=list[ResultExportOut], operation_id="list_result_exports"
)
def list_exports(request: ApiRequest) -> list[dict[str, object]]:
    return [_out(row) for row in exports_for(request.actor)[:ROWS_MAX]]


@router.post(
    "/datahub/sets/{owner}/{name}/results", response=ResultExportOut,
    operation_id="ask_result_export",
)  # fmt: skip
def ask(
    request: ApiRequest, owner: str, name: str, files: File[list[UploadedFile]],
    purpose: Annotated[str, Form(min_length=1, max_length=2000)],
) -> dict[str, object]:  # fmt: skip
    """Out of a secure room: hand in results; somebody of the agency looks at them."""
    row = data_set_for(request.actor, f"{owner}/{name}")
    handed = [Handed(one.name or "", one.chunks) for one in files]
    made = actions.ask_export(
        request.actor, request.person, row, purpose=purpose, files=handed,
        address=remote_address(request), at=request.at,
    )  # fmt: skip
    return _out(made)


@router.post(
    "/datahub/results/{result_export_id}/decide", response=ResultExportOut,
    operation_id="decide_result_export",
)  # fmt: skip
def decide(
    request: ApiRequest, result_export_id: UUID, body: DecideExportIn
) -> dict[str, object]:
    row = export_for(request.actor, result_export_id)
    if body.step == "withdraw":
        return _out(actions.withdraw_export(request.actor, row.id, at=request.at))
    step, reason = body.step, body.reason
    made = actions.decide_export(request.actor, row.id, step=step, reason=reason, at=request.at)
    return _out(made)


@router.get("/datahub/result-files/{result_file_id}", operation_id="take_result_file")
def take(request: ApiRequest, result_file_id: UUID) -> HttpResponseBase:
    """The file, once it was let out; who decides may look before."""
    file = file_for(request.actor, result_file_id)
    actions.record_taking(request.actor, file, at=request.at)
    return attachment(file)

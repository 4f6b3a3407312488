"""REST routes of data sets, versions and releases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.datahub.commits.queries import commit_at
from madang.datahub.ingest.uploads import ingest_uploads
from madang.datahub.releases.actions import (
    archive_release,
    open_release,
    prepare_release,
    resume_release,
    suspend_release,
)
from madang.datahub.releases.models import Release
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_set_for, data_sets_for
from madang.datahub.uses.queries import uses_by_kind, uses_of
from madang.datahub.versions.actions import recall_version, seal_version
from madang.datahub.versions.models import Version
from madang.datahub.versions.queries import version_for, versions_of
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.instants import Day

router = Router(tags=["datahub"])
Reason = Annotated[str, Field(min_length=1, max_length=400)]
STEPS = {"suspend": suspend_release, "resume": resume_release, "archive": archive_release}


class VersionOut(Schema):
    id: UUID
    number: str
    commit: str
    digest: str
    seal: str
    licence: str
    state: str
    release: str | None
    opens_on: date | None
    opened_at: datetime | None
    recalled: str | None


class DataSetOut(Schema):
    code: str
    name_ko: str
    name_en: str
    field: str
    access: str
    licence: str
    uses: int


class DataSetWithVersionsOut(DataSetOut):
    uses_by_kind: dict[str, int]
    versions: list[VersionOut]


class SealIn(Schema):
    number: Annotated[str, Field(max_length=32)]
    revision: Annotated[str, Field(max_length=200)] = "main"


class IngestIn(Schema):
    branch: Annotated[str, Field(max_length=200)] = "main"


class IngestedOut(Schema):
    commit: str
    files: int
    size_bytes: int


class PrepareIn(Schema):
    opens_on: Day


class ReasonIn(Schema):
    reason: Reason


class StepIn(Schema):
    step: Annotated[str, Field(pattern="^(suspend|resume|archive)$")]
    reason: Reason


class RecallOut(Schema):
    version: UUID
    told: int


def version_out(row: Version) -> dict[str, object]:
    release: Release | None = getattr(row, "release", None)
    recall = getattr(row, "recall", None)
    return {
        "id": row.id,
        "number": row.number,
        "commit": row.commit_id,
        "digest": row.digest,
        "seal": row.seal,
        "licence": row.licence,
        "state": row.state,
        "release": release.state if release else None,
        "opens_on": release.opens_on if release else None,
        "opened_at": release.opened_at if release else None,
        "recalled": recall.reason if recall else None,
    }


def set_out(row: DataSet) -> dict[str, object]:
    return {
        "code": row.code,
        "name_ko": row.name_ko,
        "name_en": row.name_en,
        "field": row.field,
        "access": row.access,
        "licence": row.licence,
        "uses": uses_of(row),
    }


@router.get(
    "/datahub/sets", response=list[DataSetOut], operation_id="list_data_sets", auth=None
)
def list_data_sets(request: ApiRequest, field: str = "") -> list[dict[str, object]]:
    rows = data_sets_for(request.actor)
    if field:
        rows = rows.filter(field=field)
    return [set_out(row) for row in rows[:ROWS_MAX]]


@router.get(
    "/datahub/sets/{owner}/{name}", response=DataSetWithVersionsOut,
    operation_id="show_data_set", auth=None,
)  # fmt: skip
def show_data_set(request: ApiRequest, owner: str, name: str) -> dict[str, object]:
    row = data_set_for(request.actor, f"{owner}/{name}")
    versions = [version_out(one) for one in versions_of(row)[:ROWS_MAX]]
    return {**set_out(row), "uses_by_kind": uses_by_kind(row), "versions": versions}


@router.post(
    "/datahub/sets/{owner}/{name}/versions", response=VersionOut, operation_id="seal_version"
)
def seal(request: ApiRequest, owner: str, name: str, body: SealIn) -> dict[str, object]:
    """Keep a commit under a number for good."""
    row = data_set_for(request.actor, f"{owner}/{name}")
    head = commit_at(row, body.revision)
    made = seal_version(request.actor, row, head, number=body.number, at=request.at)
    return version_out(made)


@router.post(
    "/datahub/sets/{owner}/{name}/ingest", response=IngestedOut,
    operation_id="ingest_uploads",
)  # fmt: skip
def ingest(request: ApiRequest, owner: str, name: str, body: IngestIn) -> dict[str, object]:
    """Take uploaded archives apart and give texts in UTF-8, as one commit."""
    row = data_set_for(request.actor, f"{owner}/{name}")
    head = ingest_uploads(request.actor, row, branch=body.branch, at=request.at)
    return {"commit": head.id, "files": head.files, "size_bytes": head.size_bytes}


@router.post(
    "/datahub/versions/{version_id}/prepare", response=VersionOut,
    operation_id="prepare_release",
)  # fmt: skip
def prepare(request: ApiRequest, version_id: UUID, body: PrepareIn) -> dict[str, object]:
    """Promise a day; needs a passing or waived check of the same digest."""
    prepare_release(request.actor, version_id, opens_on=body.opens_on, at=request.at)
    return version_out(version_for(request.actor, version_id))


@router.post(
    "/datahub/versions/{version_id}/open", response=VersionOut, operation_id="open_release"
)
def open_version(request: ApiRequest, version_id: UUID) -> dict[str, object]:
    open_release(request.actor, version_id, at=request.at)
    return version_out(version_for(request.actor, version_id))


@router.post(
    "/datahub/versions/{version_id}/release-step", response=VersionOut,
    operation_id="move_release",
)  # fmt: skip
def move(request: ApiRequest, version_id: UUID, body: StepIn) -> dict[str, object]:
    """Suspend, resume or archive."""
    STEPS[body.step](request.actor, version_id, reason=body.reason, at=request.at)
    return version_out(version_for(request.actor, version_id))


@router.post(
    "/datahub/versions/{version_id}/recall", response=RecallOut, operation_id="recall_version"
)
def recall(request: ApiRequest, version_id: UUID, body: ReasonIn) -> dict[str, object]:
    """Serve nothing of it any more, and tell everybody who took it."""
    made = recall_version(request.actor, version_id, reason=body.reason, at=request.at)
    return {"version": version_id, "told": made.told}

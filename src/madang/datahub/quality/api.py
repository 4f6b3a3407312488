"""REST routes of quality checks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.datahub.commits.queries import commit_at
from madang.datahub.quality import actions
from madang.datahub.quality.models import QualityCheck
from madang.datahub.quality.queries import check_for, checks_of
from madang.datahub.sets.queries import data_set_for
from madang.parties.api import ROWS_MAX, ApiRequest

router = Router(tags=["datahub"])


class CheckOut(Schema):
    id: UUID
    commit: str
    digest: str
    targets_digest: str
    report_digest: str
    state: str
    ran_at: datetime
    report: dict[str, object]


class CheckIn(Schema):
    targets: Annotated[str, Field(min_length=1, max_length=100_000)]
    revision: Annotated[str, Field(max_length=200)] = "main"


class WaiverIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


def check_out(row: QualityCheck) -> dict[str, object]:
    names = ("id", "digest", "targets_digest", "report_digest", "state", "ran_at", "report")
    return {"commit": row.commit_id, **{name: getattr(row, name) for name in names}}


@router.get(
    "/datahub/sets/{owner}/{name}/checks", response=list[CheckOut],
    operation_id="list_quality_checks",
)  # fmt: skip
def list_checks(request: ApiRequest, owner: str, name: str) -> list[dict[str, object]]:
    row = data_set_for(request.actor, f"{owner}/{name}")
    return [check_out(one) for one in checks_of(row)[:ROWS_MAX]]


@router.post(
    "/datahub/sets/{owner}/{name}/checks", response=CheckOut, operation_id="run_quality_check"
)
def run(request: ApiRequest, owner: str, name: str, body: CheckIn) -> dict[str, object]:
    """Measure a commit against a file of targets (TOML)."""
    row = data_set_for(request.actor, f"{owner}/{name}")
    head = commit_at(row, body.revision)
    return check_out(
        actions.run_check(request.actor, head, targets=body.targets, at=request.at)
    )


@router.post(
    "/datahub/checks/{quality_check_id}/rerun", response=CheckOut,
    operation_id="rerun_quality_check",
)  # fmt: skip
def rerun(request: ApiRequest, quality_check_id: UUID) -> dict[str, object]:
    check_for(request.actor, quality_check_id)
    return check_out(actions.rerun_check(request.actor, quality_check_id, at=request.at))


@router.post(
    "/datahub/checks/{quality_check_id}/waiver", response=CheckOut, operation_id="ask_waiver"
)
def ask(request: ApiRequest, quality_check_id: UUID, body: WaiverIn) -> dict[str, object]:
    """The first of two operators answers for a failed check."""
    actions.ask_waiver(request.actor, quality_check_id, reason=body.reason, at=request.at)
    return check_out(check_for(request.actor, quality_check_id))


@router.post(
    "/datahub/checks/{quality_check_id}/waiver/sign", response=CheckOut,
    operation_id="sign_waiver",
)  # fmt: skip
def sign(request: ApiRequest, quality_check_id: UUID) -> dict[str, object]:
    actions.sign_waiver(request.actor, quality_check_id, at=request.at)
    return check_out(check_for(request.actor, quality_check_id))

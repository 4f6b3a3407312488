"""REST routes of rankings, to read. The room above computes and confirms them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from madang.parties.api import ROWS_MAX, ApiRequest
from madang.review.panels.queries import panel_for
from madang.review.rankings.models import RankingRun
from madang.review.rankings.queries import outputs_of, reproduces, run_for, runs_for

router = Router(tags=["review"])


class LineOut(Schema):
    rank: int
    subject_id: str
    outcome: str
    score: str
    decided_by: str
    requested_microwon: int


class RunOut(Schema):
    id: UUID
    panel: UUID
    number: int
    state: str
    inputs_sha256: str
    outputs_sha256: str
    computed_by: str
    computed_at: datetime
    confirmed_by: list[str]
    reproduces: bool
    selected_microwon: int
    seed: str
    lines: list[LineOut]


def run_out(run: RankingRun) -> RunOut:
    outputs = outputs_of(run)
    return RunOut(
        id=run.id,
        panel=run.panel_id,
        number=run.number,
        state=run.state,
        inputs_sha256=run.inputs_sha256,
        outputs_sha256=run.outputs_sha256,
        computed_by=run.computed_by,
        computed_at=run.computed_at,
        confirmed_by=[row.person for row in run.confirmations.order_by("at")],
        reproduces=reproduces(run),
        selected_microwon=outputs.selected_microwon,
        seed=run.panel.seed,
        lines=[
            LineOut(
                rank=line.rank,
                subject_id=line.subject,
                outcome=line.outcome,
                score=line.score_text,
                decided_by=line.decided_by,
                requested_microwon=line.requested_microwon,
            )
            for line in outputs.lines
        ],
    )


@router.get("/panels/{panel_id}/rankings", response=list[RunOut], operation_id="list_rankings")
def list_rankings(request: ApiRequest, panel_id: UUID) -> list[RunOut]:
    panel = panel_for(request.actor, panel_id)
    return [run_out(row) for row in runs_for(request.actor, panel.id)[:ROWS_MAX]]


@router.get("/rankings/{run_id}", response=RunOut, operation_id="show_ranking")
def show_ranking(request: ApiRequest, run_id: UUID) -> RunOut:
    return run_out(run_for(request.actor, run_id))

"""Reading rankings. Scores are for operators and auditors; the room above tells outcomes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.review.rankings import kernel
from madang.review.rankings.models import RankingRun, RankingState


def runs_for(actor: Actor, panel: UUID) -> QuerySet[RankingRun]:
    """Superseded ones too: both are kept."""
    if not actor.has(Role.OPERATOR, Role.AUDITOR):
        return RankingRun.objects.none()
    return RankingRun.objects.filter(panel=panel).order_by("number")


def run_for(actor: Actor, identifier: UUID) -> RankingRun:
    if not actor.has(Role.OPERATOR, Role.AUDITOR):
        raise NotFound
    row = RankingRun.objects.filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def standing_run(panel: UUID) -> RankingRun | None:
    """The run that is computed or confirmed, for the room above."""
    return RankingRun.objects.filter(panel=panel).exclude(state=RankingState.SUPERSEDED).first()


def outputs_of(run: RankingRun) -> kernel.Outputs:
    return kernel.read_outputs(bytes(run.outputs))


def reproduces(run: RankingRun) -> bool:
    """True when the stored inputs give the stored result, byte for byte."""
    return kernel.rank(bytes(run.inputs)) == bytes(run.outputs)

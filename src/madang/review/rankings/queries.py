"""Reading rankings. Scores are for operators and auditors; the room above tells outcomes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.review.panels.models import ReviewPanel
from madang.review.rankings import kernel
from madang.review.rankings.models import RankingRun, RankingState
from madang.review.rules import rules_from


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


def last_confirmed(panel: ReviewPanel) -> RankingRun | None:
    """The newest run that was confirmed in full, also while another one is being made."""
    needed = rules_from(panel.rules).confirmations
    rows = panel.runs.annotate(words=Count("confirmations")).filter(words__gte=needed)
    return rows.order_by("-number").first()


def outputs_of(run: RankingRun) -> kernel.Outputs:
    return kernel.read_outputs(bytes(run.outputs))


def budget_of(run: RankingRun) -> int | None:
    """What a run ranked over, as its inputs say; later runs may have more. None: no cut."""
    return kernel.read_inputs(bytes(run.inputs)).budget_microwon


def awaits_word_of(actor: Actor, context_type: str, context_id: UUID) -> bool:
    """A computed order that this operator has not confirmed."""
    runs = RankingRun.objects.filter(
        panel__context_type=context_type, panel__context_id=context_id,
        state=RankingState.COMPUTED,
    )  # fmt: skip
    return runs.exclude(confirmations__person=actor.id).exists()


def reproduces(run: RankingRun) -> bool:
    """True when the stored inputs give the stored result, byte for byte."""
    return kernel.rank(bytes(run.inputs)) == bytes(run.outputs)

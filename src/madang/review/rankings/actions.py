"""Computing a ranking and confirming it.

The panel's lock is taken first by both, and by every review that is handed in: so inputs
stand still while they are read, and two confirmations come one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.review.assignments.models import AssignmentState
from madang.review.errors import (
    AlreadyConfirmed,
    BelowQuorum,
    NothingToRank,
    RankingStale,
)
from madang.review.panels.actions import locked_panel
from madang.review.panels.models import PanelState, ReviewPanel, Subject
from madang.review.rankings import kernel
from madang.review.rankings.models import Confirmation, RankingRun, RankingState
from madang.review.rankings.workflow import RANKING
from madang.review.reviews.models import Review
from madang.review.rules import ReviewRules, rules_from


@transaction.atomic
def compute_ranking(actor: Actor, panel_id: UUID, *, at: datetime) -> RankingRun:
    """순위 산정. Unchanged inputs answer with the standing run; others supersede it."""
    actor.need(Role.OPERATOR)
    panel = locked_panel(panel_id)
    inputs = current_inputs(panel)
    standing = panel.runs.exclude(state=RankingState.SUPERSEDED).first()
    if standing is not None:
        if standing.inputs_sha256 == kernel.digest(inputs):
            return standing
        RANKING.move(standing, "supersede", actor, at=at)
        _set_panel(panel, PanelState.REVIEWING)
    outputs = kernel.rank(inputs)
    row = RankingRun.objects.create(
        panel=panel,
        number=panel.runs.count() + 1,
        inputs=inputs,
        inputs_sha256=kernel.digest(inputs),
        outputs=outputs,
        outputs_sha256=kernel.digest(outputs),
        computed_by=actor.id,
        computed_at=at,
    )
    record_event(
        actor,
        "ranking.compute",
        subject_type="ranking",
        subject_id=row.id,
        at=at,
        after=row.state,
        facts={"inputs_sha256": row.inputs_sha256, "outputs_sha256": row.outputs_sha256},
    )
    return row


@transaction.atomic
def confirm_ranking(actor: Actor, run_id: UUID, *, at: datetime) -> RankingRun:
    """순위 확정: one more person's word; the last one that policy asks for confirms the run.

    Refused when the inputs are no longer those that were ranked, and to a person who has
    confirmed already. Computing decides nothing, so whoever computed may be one of them.
    """
    actor.need(Role.OPERATOR)
    found = RankingRun.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound
    panel = locked_panel(found.panel_id)
    row = RankingRun.objects.select_for_update().get(pk=run_id)
    if row.state != RankingState.COMPUTED:
        raise TransitionNotAllowed(noun="ranking", transition="confirm", state=row.state)
    _refuse_stale(row, panel)
    _add_confirmation(actor, row, at)
    if row.confirmations.count() >= rules_from(panel.rules).confirmations:
        RANKING.move(row, "confirm", actor, at=at)
        _set_panel(panel, PanelState.DECIDED)
    return row


def current_inputs(panel: ReviewPanel) -> bytes:
    """What a ranking would depend on now, in canonical bytes. Raises BelowQuorum."""
    rules = rules_from(panel.rules)
    subjects = Subject.objects.filter(panel=panel, withdrawn_at=None).order_by("subject_id")
    scored = _submitted(panel)
    candidates = tuple(
        _candidate(subject, scored[subject.scored_in_id or subject.pk], rules)
        for subject in subjects
    )
    if not candidates:
        raise NothingToRank
    return kernel.inputs_as_bytes(
        kernel.Inputs(rules, panel.seed, panel.budget_microwon, candidates)
    )


def _submitted(panel: ReviewPanel) -> dict[UUID, list[kernel.Scored]]:
    """Every review that counts, by subject, in one query: also those of an appeal's panel."""
    here = Q(assignment__subject__panel=panel)
    elsewhere = Q(assignment__subject__counts_for__panel=panel)
    rows = (
        Review.objects.filter(here | elsewhere, assignment__state=AssignmentState.SUBMITTED)
        .distinct()
        .values_list("assignment__subject_id", "assignment_id", "scores")
    )
    found: dict[UUID, list[kernel.Scored]] = defaultdict(list)
    for subject, assignment, scores in rows:
        found[subject].append(kernel.Scored(str(assignment), scores))
    return found


def _candidate(
    subject: Subject, scored: list[kernel.Scored], rules: ReviewRules
) -> kernel.Candidate:
    if len(scored) < rules.quorum and not subject.standing:
        raise BelowQuorum(
            quorum=rules.quorum, subject=str(subject.subject_id), submitted=len(scored)
        )
    return kernel.Candidate(
        subject=str(subject.subject_id),
        requested_microwon=subject.requested_microwon,
        bonus_milli=subject.bonus_milli,
        reviews=tuple(scored),
        standing=_standing_of(subject),
    )


def _standing_of(subject: Subject) -> kernel.Standing:
    match subject.standing:
        case "kept" | "gone" | "failed" as standing:
            return standing
        case _:
            return ""


def _refuse_stale(row: RankingRun, panel: ReviewPanel) -> None:
    if kernel.digest(current_inputs(panel)) != row.inputs_sha256:
        raise RankingStale
    assert kernel.digest(kernel.rank(bytes(row.inputs))) == row.outputs_sha256


def _add_confirmation(actor: Actor, row: RankingRun, at: datetime) -> None:
    if row.confirmations.filter(person=actor.id).exists():
        raise AlreadyConfirmed
    Confirmation.objects.create(run=row, person=actor.id, at=at)
    record_event(actor, "ranking.second", subject_type="ranking", subject_id=row.id, at=at)


def _set_panel(panel: ReviewPanel, state: PanelState) -> None:
    panel.state = state
    panel.save(update_fields=["state"])

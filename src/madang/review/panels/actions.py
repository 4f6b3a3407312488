"""Forming panels and bringing subjects before them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.canonical import digest_of
from madang.parties.events.actions import Happened, record_event, record_events
from madang.review.conflicts import Party, parties_as_json
from madang.review.errors import PanelDecided, PanelExists, ReasonMissing
from madang.review.panels.models import PanelState, ReviewPanel, Subject
from madang.review.rankings import kernel
from madang.review.rules import ReviewRules

SEED_BYTES = 32


@transaction.atomic
def form_panel(
    actor: Actor,
    *,
    context_type: str,
    context_id: UUID,
    rules: ReviewRules,
    budget_microwon: int | None,
    apart_from: ReviewPanel | None = None,
    at: datetime,
    random_hex: Callable[[int], str] = secrets.token_hex,
) -> ReviewPanel:
    """One panel per context; asked again with the same rules, the same panel."""
    actor.need(Role.OPERATOR)
    data = rules.as_json()
    row, made = ReviewPanel.objects.get_or_create(
        context_type=context_type,
        context_id=context_id,
        defaults={
            "rules": data,
            "rules_sha256": digest_of(data),
            "seed": random_hex(SEED_BYTES),
            "budget_microwon": budget_microwon,
            "apart_from": apart_from,
            "created_by": actor.id,
            "created_at": at,
        },
    )
    if not made and (row.rules_sha256, row.budget_microwon) != (
        digest_of(data),
        budget_microwon,
    ):
        raise PanelExists
    if made:
        facts = {
            "context": str(context_id),
            "rules_sha256": row.rules_sha256,
            "seed_sha256": kernel.digest(row.seed.encode()),
        }
        record_event(
            actor, "panel.form", subject_type="panel", subject_id=row.id, at=at, facts=facts
        )
    return row


@transaction.atomic
def add_subject(
    actor: Actor,
    panel: ReviewPanel,
    *,
    subject_type: str,
    subject_id: UUID,
    parties: Sequence[Party],
    requested_microwon: int,
    bonus_milli: int = 0,
    at: datetime,
) -> Subject:
    """Bring a subject before the panel, once. Takes the panel's lock."""
    actor.need(Role.OPERATOR)
    panel = ReviewPanel.objects.select_for_update().get(pk=panel.pk)
    refuse_decided(panel)
    row, made = Subject.objects.get_or_create(
        panel=panel,
        subject_type=subject_type,
        subject_id=subject_id,
        defaults={
            "parties": parties_as_json(parties),
            "requested_microwon": requested_microwon,
            "bonus_milli": bonus_milli,
            "created_at": at,
        },
    )
    if made:
        record_event(
            actor,
            "panel.subject",
            subject_type="panel",
            subject_id=panel.id,
            at=at,
            facts={"subject": str(subject_id), "type": subject_type},
        )
    return row


@dataclass(frozen=True, slots=True)
class Brought:
    """What a room brings before a panel."""

    subject_id: UUID
    parties: Sequence[Party]
    requested_microwon: int
    bonus_milli: int = 0
    topics: Sequence[str] = ()


@transaction.atomic
def add_subjects(
    actor: Actor,
    panel: ReviewPanel,
    subject_type: str,
    brought: Sequence[Brought],
    *,
    at: datetime,
) -> None:
    """Bring many subjects that are not before the panel yet. Takes the panel's lock."""
    actor.need(Role.OPERATOR)
    panel = ReviewPanel.objects.select_for_update().get(pk=panel.pk)
    refuse_decided(panel)
    Subject.objects.bulk_create(
        Subject(
            panel=panel,
            subject_type=subject_type,
            subject_id=one.subject_id,
            parties=parties_as_json(one.parties),
            requested_microwon=one.requested_microwon,
            bonus_milli=one.bonus_milli,
            topics=sorted(set(one.topics)),
            created_at=at,
        )
        for one in brought
    )
    record_events(
        actor,
        "panel.subject",
        [
            Happened(panel.id, facts={"subject": str(one.subject_id), "type": subject_type})
            for one in brought
        ],
        subject_type="panel",
        at=at,
    )


@transaction.atomic
def withdraw_subject(
    actor: Actor, *, subject_type: str, subject_id: UUID, at: datetime
) -> None:
    """The subject is not ranked any more. Its room has checked who may withdraw it."""
    for row in Subject.objects.select_for_update().filter(
        subject_type=subject_type, subject_id=subject_id, withdrawn_at=None
    ):
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        record_event(
            actor,
            "panel.withdraw",
            subject_type="panel",
            subject_id=row.panel_id,
            at=at,
            facts={"subject": str(subject_id)},
        )


@transaction.atomic
def reopen_panel(actor: Actor, panel_id: UUID, *, reason: str, at: datetime) -> ReviewPanel:
    """재평가: scores may be voided and given again. The confirmed run stands until another
    one supersedes it; both are kept. Takes the panel's lock."""
    actor.need(Role.OPERATOR)
    panel = locked_panel(panel_id)
    if not reason.strip():
        raise ReasonMissing
    if panel.state == PanelState.REVIEWING:
        return panel
    panel.state = PanelState.REVIEWING
    panel.save(update_fields=["state"])
    record_event(
        actor, "panel.reopen", subject_type="panel", subject_id=panel.id, at=at, reason=reason
    )
    return panel


@transaction.atomic
def raise_budget(
    actor: Actor, panel_id: UUID, *, by_microwon: int, at: datetime
) -> ReviewPanel:
    """More money to rank over. The room above has booked it. Takes the panel's lock."""
    panel = locked_panel(panel_id)
    assert by_microwon > 0, by_microwon
    assert panel.budget_microwon is not None, "a panel without a budget has no cut"
    wanted = panel.budget_microwon + by_microwon
    return set_budget(actor, panel_id, budget_microwon=wanted, at=at)


@transaction.atomic
def set_budget(
    actor: Actor, panel_id: UUID, *, budget_microwon: int, at: datetime
) -> ReviewPanel:
    """The money to rank over, as the room above has it now. Takes the panel's lock."""
    actor.need(Role.OPERATOR)
    panel = locked_panel(panel_id)
    refuse_decided(panel)
    by_microwon = budget_microwon - (panel.budget_microwon or 0)
    panel.budget_microwon = budget_microwon
    panel.save(update_fields=["budget_microwon"])
    record_event(
        actor,
        "panel.budget",
        subject_type="panel",
        subject_id=panel.id,
        at=at,
        facts={"by_microwon": by_microwon},
    )
    return panel


def close_panel(panel: ReviewPanel) -> None:
    """A confirmed run stands. The caller holds the panel's lock."""
    panel.state = PanelState.DECIDED
    panel.save(update_fields=["state"])


def locked_panel(identifier: UUID) -> ReviewPanel:
    row = ReviewPanel.objects.select_for_update().filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row


def refuse_decided(panel: ReviewPanel) -> None:
    """Raises PanelDecided once a ranking is confirmed."""
    if panel.state == PanelState.DECIDED:
        raise PanelDecided

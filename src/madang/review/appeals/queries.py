"""Who reads which appeal: the appellant's people, operators, auditors, and its own panel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.review.appeals.models import Appeal
from madang.review.assignments.models import OPEN_STATES, Assignment, AssignmentState
from madang.review.panels.models import ReviewPanel
from madang.review.rules import rules_from

CONTEXT = "appeal"


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision that is appealed against. Without a delivery the clock has not begun."""

    subject_type: str
    subject_id: UUID
    about: str
    organisation_id: UUID
    panel: ReviewPanel | None
    delivered_at: datetime | None
    window_ends_at: datetime | None


def appeal_against(decided: Decided) -> Appeal | None:
    """The one appeal that a decision can have."""
    return Appeal.objects.filter(
        subject_type=decided.subject_type, subject_id=decided.subject_id, about=decided.about
    ).first()


def is_appealed(decided: Decided) -> bool:
    return appeal_against(decided) is not None


def appeals_for(actor: Actor) -> QuerySet[Appeal]:
    rows = Appeal.objects.select_related("panel").order_by("filed_at", "id")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    mine = Q(organisation_id__in=own)
    if actor.has(Role.REVIEWER):
        mine |= Q(id__in=_heard_by(actor))
    return rows.filter(mine)


def appeal_for(actor: Actor, identifier: UUID) -> Appeal:
    row = appeals_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def appeal_panel(row: Appeal) -> ReviewPanel | None:
    """The panel of the appeal's own, apart from the first one."""
    return ReviewPanel.objects.filter(context_type=CONTEXT, context_id=row.id).first()


def is_heard(panel: ReviewPanel) -> bool:
    """True when every subject before the panel has its quorum of submitted reviews."""
    submitted = Count("assignments", filter=Q(assignments__state=AssignmentState.SUBMITTED))
    counts = panel.subjects.filter(withdrawn_at=None).annotate(submitted=submitted)
    quorum = rules_from(panel.rules).quorum
    return all(row.submitted >= quorum for row in counts) and counts.exists()


def _heard_by(actor: Actor) -> QuerySet[Assignment, UUID]:
    """Appeals before whose panel this reviewer sits, pledged."""
    return Assignment.objects.filter(
        reviewer__person=UUID(actor.id),
        state__in=OPEN_STATES,
        subject__panel__context_type=CONTEXT,
    ).values_list("subject__panel__context_id", flat=True)

"""The table of a milestone's states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.errors import FourEyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.errors import EvidenceMissing
from madang.programme.milestones.models import Milestone

OPERATOR = frozenset({Role.OPERATOR})
BENEFICIARY = frozenset({Role.BENEFICIARY})


def _own(row: Milestone, actor: Actor, at: datetime) -> None:
    actor.need_at(Role.BENEFICIARY, row.award.organisation_id)


def _shown(row: Milestone, actor: Actor, at: datetime) -> None:
    _own(row, actor, at)
    if not row.evidence.exists():
        raise EvidenceMissing


def _by_another(row: Milestone, actor: Actor, at: datetime) -> None:
    """A person, and neither who planned the step nor who handed the work in."""
    if actor.is_system:
        raise FourEyes
    need_four_eyes(actor, row.planned_by)
    need_four_eyes(actor, row.submitted_by)


MILESTONE: Workflow[Milestone] = Workflow(
    noun="milestone",
    initial="planned",
    states=(
        State("planned", "계획", "planned"),
        State("agreed", "합의", "agreed"),
        State("submitted", "제출", "submitted"),
        State("accepted", "승인", "accepted", final=True),
        State("cancelled", "취소", "cancelled", final=True),
    ),
    transitions=(
        Transition("agree", ("planned",), "agreed", "합의", "Agree", BENEFICIARY, _own),
        Transition("submit", ("agreed",), "submitted", "제출", "Hand in", BENEFICIARY, _shown),
        Transition("return", ("submitted",), "agreed", "보완요청", "Send back", OPERATOR),
        Transition(
            "accept", ("submitted",), "accepted", "승인", "Accept", OPERATOR, _by_another
        ),
        Transition(
            "cancel",
            ("planned", "agreed", "submitted"),
            "cancelled",
            "취소",
            "Cancel",
            OPERATOR,
        ),
    ),
)

"""The table of a flag's states. Only people decide; the platform only re-opens."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.errors import OwnOrganisation, PersonDecides
from madang.programme.flags.models import Flag

OPERATOR = frozenset({Role.OPERATOR})


def _by_a_person(flag: Flag, actor: Actor, at: datetime) -> None:
    """Of none of the organisations in question."""
    if actor.is_system:
        raise PersonDecides
    if flag.organisations.filter(id__in=actor.organisations).exists():
        raise OwnOrganisation


FLAG: Workflow[Flag] = Workflow(
    noun="flag",
    initial="open",
    states=(
        State("open", "확인 필요", "to be looked at"),
        State("cleared", "문제 없음", "cleared"),
        State("confirmed", "사실로 확인", "confirmed"),
    ),
    transitions=(
        Transition(
            "clear", ("open", "confirmed"), "cleared", "문제 없음", "Clear", OPERATOR,
            _by_a_person,
        ),
        Transition(
            "confirm", ("open", "cleared"), "confirmed", "사실로 확인", "Confirm", OPERATOR,
            _by_a_person,
        ),
        Transition("reopen", ("cleared",), "open", "다시 열기", "Open again"),
    ),
)  # fmt: skip

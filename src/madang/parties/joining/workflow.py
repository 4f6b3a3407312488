"""The request's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.joining.models import JoinRequest
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

JOIN: Workflow[JoinRequest] = Workflow(
    noun="join_request",
    initial="asked",
    states=(
        State("asked", "요청", "asked"),
        State("accepted", "수락", "accepted", final=True),
        State("declined", "거절", "declined", final=True),
    ),
    transitions=(
        Transition("accept", ("asked",), "accepted", "수락", "Accept", OPERATOR),
        Transition("decline", ("asked",), "declined", "거절", "Decline", OPERATOR),
    ),
)

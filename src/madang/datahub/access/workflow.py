"""The life of an application for use, as a table."""

from __future__ import annotations

from madang.datahub.access.models import AccessRequest
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

DECIDERS = frozenset({Role.BUILDER, Role.OPERATOR})
OPEN = ("requested", "screening")

ACCESS: Workflow[AccessRequest] = Workflow(
    noun="access_request",
    initial="requested",
    states=(
        State("requested", "신청", "Requested"),
        State("screening", "심사중", "Screening"),
        State("approved", "승인", "Approved"),
        State("denied", "반려", "Denied", final=True),
        State("expired", "만료", "Expired", final=True),
        State("revoked", "취소", "Revoked", final=True),
    ),
    transitions=(
        Transition("screen", ("requested",), "screening", "심사", "Screen", DECIDERS),
        Transition("approve", OPEN, "approved", "승인", "Approve", DECIDERS),
        Transition("deny", OPEN, "denied", "반려", "Deny", DECIDERS),
        Transition("expire", ("approved",), "expired", "만료", "Expire"),
        Transition("revoke", ("approved",), "revoked", "취소", "Revoke", DECIDERS),
    ),
)

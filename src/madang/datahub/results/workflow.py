"""The life of a request to let results out, as a table.

Whoever withdraws is asked by the action: it is the requester alone.
"""

from __future__ import annotations

from madang.datahub.results.models import ResultExport
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

RESULT: Workflow[ResultExport] = Workflow(
    noun="result_export",
    initial="requested",
    states=(
        State("requested", "반출신청", "Requested"),
        State("approved", "반출승인", "Let out"),
        State("denied", "반출불가", "Kept in", final=True),
        State("withdrawn", "철회", "Withdrawn", final=True),
        State("revoked", "승인취소", "Approval taken back", final=True),
    ),
    transitions=(
        Transition("approve", ("requested",), "approved", "반출승인", "Let out", OPERATOR),
        Transition("deny", ("requested",), "denied", "반출불가", "Keep in", OPERATOR),
        Transition(
            "withdraw", ("requested",), "withdrawn", "철회", "Withdraw", frozenset(Role)
        ),
        Transition("revoke", ("approved",), "revoked", "승인취소", "Take back", OPERATOR),
    ),
)

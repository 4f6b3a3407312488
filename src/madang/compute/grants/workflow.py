"""The life of a grant, as a table."""

from __future__ import annotations

from madang.compute.grants.models import GpuRequest, Grant, ProgressReport
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

GRANT: Workflow[Grant] = Workflow(
    noun="gpu_grant",
    initial="open",
    states=(
        State("waiting", "시작전", "Not begun", derived=True),
        State("open", "사용가능", "Open"),
        State("frozen", "정지", "Frozen"),
        State("ended", "종료", "Ended", final=True),
        State("withdrawn", "회수", "Withdrawn", final=True),
    ),
    transitions=(
        Transition("freeze", ("open",), "frozen", "정지", "Freeze", OPERATOR),
        Transition("thaw", ("frozen",), "open", "정지해제", "Thaw", OPERATOR),
        Transition("end", ("open", "frozen"), "ended", "종료", "End"),
        Transition("withdraw", ("open", "frozen"), "withdrawn", "회수", "Withdraw", OPERATOR),
    ),
)

REPORT: Workflow[ProgressReport] = Workflow(
    noun="gpu_report",
    initial="submitted",
    states=(
        State("submitted", "제출", "Handed in"),
        State("accepted", "승인", "Accepted", final=True),
        State("refused", "반려", "Refused", final=True),
    ),
    transitions=(
        Transition("accept", ("submitted",), "accepted", "승인", "Accept", OPERATOR),
        Transition("refuse", ("submitted",), "refused", "반려", "Refuse", OPERATOR),
    ),
)
"""Another report can be handed in for the same tranche at any time."""

REQUEST: Workflow[GpuRequest] = Workflow(
    noun="gpu_request",
    initial="submitted",
    states=(
        State("submitted", "접수", "Submitted"),
        State("overdue", "기한 지남", "Overdue"),
        State("approved", "승인", "Approved", final=True),
        State("refused", "반려", "Refused", final=True),
    ),
    transitions=(
        Transition(
            "approve", ("submitted", "overdue"), "approved", "승인", "Approve", OPERATOR
        ),
        Transition("refuse", ("submitted", "overdue"), "refused", "반려", "Refuse", OPERATOR),
        Transition("escalate", ("submitted",), "overdue", "기한 지남", "Run out of time"),
    ),
)

"""The life of a job, as a table. The engine's word moves most of it."""

from __future__ import annotations

from madang.compute.jobs.models import Job
from madang.parties.workflow import State, Transition, Workflow

JOB: Workflow[Job] = Workflow(
    noun="gpu_job",
    initial="intent",
    states=(
        State("intent", "제출중", "Being submitted"),
        State("queued", "대기", "Queued"),
        State("running", "실행", "Running"),
        State("completed", "완료", "Completed", final=True),
        State("failed", "실패", "Failed", final=True),
        State("cancelled", "취소", "Cancelled", final=True),
        State("timeout", "시간초과", "Out of time", final=True),
        State("lost", "유실", "Lost with its node", final=True),
        State("refused", "거절", "Refused by the engine", final=True),
    ),
    transitions=(
        Transition("take", ("intent",), "queued", "접수", "Taken by the engine"),
        Transition("refuse", ("intent",), "refused", "거절", "Refused by the engine"),
        Transition("start", ("intent", "queued"), "running", "시작", "Start"),
        Transition("requeue", ("running",), "queued", "재대기", "Queued again"),
        Transition(
            "complete", ("intent", "queued", "running"), "completed", "완료", "Complete"
        ),
        Transition("fail", ("intent", "queued", "running"), "failed", "실패", "Fail"),
        Transition("cancel", ("intent", "queued", "running"), "cancelled", "취소", "Cancel"),
        Transition("time_out", ("intent", "queued", "running"), "timeout", "시간초과",
                   "Run out of time"),
        Transition("lose", ("intent", "queued", "running"), "lost", "유실", "Lose"),
    ),
)  # fmt: skip
MOVES = {
    "completed": "complete",
    "failed": "fail",
    "cancelled": "cancel",
    "timeout": "time_out",
    "lost": "lose",
    "running": "start",
}
"""Which transition leads into a state that the engine tells."""

"""GPU grants, requests, jobs: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from madang.compute.findings.workflow import IDLE
from madang.compute.grants.workflow import GRANT, REQUEST
from madang.compute.jobs.workflow import JOB

LABELS: dict[str, Callable[[str, str], str]] = {
    "gpu_grant": GRANT.label,
    "gpu_request": REQUEST.label,
    "gpu_job": JOB.label,
    "idle_case": IDLE.label,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "gpu_report": {"submitted": ("제출", "handed in"), "accepted": ("승인", "accepted")},
    "gpu_attempt": {
        "pending": ("대기", "waiting"),
        "running": ("실행", "running"),
        "suspended": ("일시중지", "suspended"),
        "completed": ("완료", "completed"),
        "failed": ("실패", "failed"),
        "cancelled": ("취소", "cancelled"),
        "timeout": ("시간초과", "out of time"),
        "preempted": ("선점됨", "preempted"),
        "requeued": ("재대기", "queued again"),
        "node_fail": ("노드 장애", "node failed"),
        "unknown": ("알 수 없음", "unknown"),
        "disputed": ("확인중", "disputed"),
    },
}

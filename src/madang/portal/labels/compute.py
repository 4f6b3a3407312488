"""GPU grants, requests, jobs: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from madang.compute.findings.workflow import IDLE
from madang.compute.grants.workflow import GRANT, REPORT, REQUEST
from madang.compute.jobs.workflow import JOB

LABELS: dict[str, Callable[[str, str], str]] = {
    "gpu_grant": GRANT.label,
    "gpu_report": REPORT.label,
    "gpu_request": REQUEST.label,
    "gpu_job": JOB.label,
    "idle_case": IDLE.label,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
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
        "resized": ("카드 수 변경", "went on with other cards"),
        "unknown": ("알 수 없음", "unknown"),
        "disputed": ("확인중", "disputed"),
    },
    "gpu_cause": {
        "borne_changed": ("부담 없는 실행의 기록이 바뀜", "a run that nobody pays was changed"),
        "cancel_refused": ("엔진이 거절한 취소", "a cancel that the engine refused"),
        "clock": ("시계가 맞지 않음", "clocks do not agree"),
        "decided": ("사람이 정함", "a person decided otherwise"),
        "node_clock": ("노드의 시계가 틀림", "a node whose clock is wrong"),
        "overcounted": ("계정 기록이 노드보다 긺", "accounting says more than the node"),
        "overwritten": ("다음 실행이 기록을 덮음", "the next run lies over the record"),
        "phantom": ("끝난 작업이 카드를 잡고 있음", "ended, still holding cards"),
        "runaway": ("제어기가 모르는 작업", "running, unknown to the controller"),
        "unanswered": (
            "응답 없는 제출일 수 있는 작업",
            "may be a submission without an answer",
        ),
        "records_away": ("노드의 기록을 읽을 수 없음", "the nodes' records cannot be read"),
        "unbooked": ("아직 계정 기록이 없음", "running, not in accounting yet"),
        "unheard": ("노드만 아는 실행", "a run that only the node knows"),
        "unreadable": ("읽을 수 없는 회계 기록", "a row of accounting that cannot be read"),
        "unsettled": (
            "장부로는 알 수 없는 응답 없는 제출",
            "a submission without an answer that no book settles",
        ),
        "stray": ("우리를 거치지 않은 작업", "a job submitted past us"),
        "unmatched": ("우리가 내지 않은 작업", "a job that is not ours"),
        "untold": ("받은 뒤로 아무도 모르는 작업", "taken, and not known since"),
        "vanished": ("사라진 실행", "nobody tells it any more"),
    },
}

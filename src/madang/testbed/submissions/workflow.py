"""The lives of a submission and of an appeal, as tables."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.testbed.submissions.models import Submission, SubmissionAppeal

OPERATOR = frozenset({Role.OPERATOR})
MAKER = frozenset({Role.MAKER, Role.OPERATOR})


def need_another(row: SubmissionAppeal, actor: Actor, at: datetime) -> None:
    """another person than the one whose decision is appealed against"""
    need_four_eyes(actor, row.against)


SUBMISSION: Workflow[Submission] = Workflow(
    noun="testbed_submission",
    initial="submitted",
    states=(
        State("ordered", "의뢰", "Ordered"),
        State("testing", "시험중", "Being tested"),
        State("submitted", "접수", "Received"),
        State("checked", "확인 완료", "Every figure holds"),
        State("faulty", "반려", "Not to be trusted"),
        State("failed", "불합격", "Failed"),
        State("trial", "시험 운전", "Trial run, not comparable"),
        State("declined", "게시 거절", "Declined"),
        State("published", "게시", "On the board"),
        State("removed", "게시 내림", "Taken off the board"),
        State("withdrawn", "철회", "Withdrawn", final=True),
    ),
    transitions=(
        Transition("accept", ("ordered",), "testing", "시험 시작", "Start the run", OPERATOR),
        Transition("deliver", ("testing",), "submitted", "보고서 완성", "Deliver the report"),
        Transition("give_up", ("testing",), "failed", "시험 실패", "End without a report"),
        Transition("check", ("submitted",), "checked", "확인", "Find every figure right"),
        Transition("fault", ("submitted",), "faulty", "반려", "Find a fault"),
        Transition("fail", ("submitted",), "failed", "불합격", "Find it failed"),
        Transition("keep_trial", ("submitted",), "trial", "시험 운전 기록", "Keep as a trial"),
        Transition("publish", ("checked",), "published", "게시", "Put on the board", OPERATOR),
        Transition(
            "decline", ("ordered", "checked"), "declined", "거절", "Decline", OPERATOR
        ),
        Transition(
            "remove", ("published",), "removed", "게시 내림", "Take off the board", OPERATOR
        ),
        Transition(
            "withdraw",
            ("ordered", "testing", "submitted", "checked", "faulty", "failed", "trial",
             "declined", "published", "removed"),
            "withdrawn", "철회", "Withdraw", MAKER,
        ),
        Transition("order_again", ("declined", "failed"), "ordered", "다시 의뢰",
                   "Order again after an appeal", OPERATOR),
        Transition("check_again", ("faulty", "failed", "declined"), "submitted", "다시 확인",
                   "Check again after an appeal", OPERATOR),
        Transition("restore", ("removed",), "published", "다시 게시",
                   "Put back after an appeal", OPERATOR),
    ),
)  # fmt: skip
APPEAL: Workflow[SubmissionAppeal] = Workflow(
    noun="testbed_appeal",
    initial="filed",
    states=(
        State("filed", "접수", "Filed"),
        State("upheld", "인용", "Upheld", final=True),
        State("denied", "기각", "Denied", final=True),
    ),
    transitions=(
        Transition("uphold", ("filed",), "upheld", "인용", "Uphold", OPERATOR, need_another),
        Transition("deny", ("filed",), "denied", "기각", "Deny", OPERATOR, need_another),
    ),
)

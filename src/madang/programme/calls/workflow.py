"""The call's table of states. `open` and `closed` come and go by the clock alone."""

from __future__ import annotations

from datetime import datetime

from madang.core.clock import rfc3339
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.calls.models import Call
from madang.programme.errors import CallClosedAlready, CallNotClosed, YearEnded
from madang.programme.years.models import YearState

OPERATOR = frozenset({Role.OPERATOR})


def need_other_person(row: Call, actor: Actor, at: datetime) -> None:
    """somebody other than who wrote it, before the deadline"""
    need_four_eyes(actor, row.created_by)
    need_before_deadline(row, actor, at)


def need_before_deadline(row: Call, actor: Actor, at: datetime) -> None:
    """before the deadline"""
    if at >= row.closes_at:
        raise CallClosedAlready


def need_closed(row: Call, actor: Actor, at: datetime) -> None:
    """at or after the deadline"""
    if at < row.closes_at:
        raise CallNotClosed(closes_at=rfc3339(row.closes_at))


def need_year(row: Call, actor: Actor, at: datetime) -> None:
    """while the year is not being closed: its budget pays what is decided anew"""
    if row.programme_year.state != YearState.OPEN:
        raise YearEnded(year=row.programme_year.year)


CALL: Workflow[Call] = Workflow(
    noun="call",
    initial="draft",
    states=(
        State("draft", "작성", "draft"),
        State("approved", "승인", "approved"),
        State("open", "접수중", "open", derived=True),
        State("closed", "마감", "closed", derived=True),
        State("reviewing", "평가", "under review"),
        State("decided", "확정", "decided"),
        State("archived", "보관", "archived"),
        State("cancelled", "취소", "cancelled", final=True),
    ),
    transitions=(
        Transition(
            "approve", ("draft",), "approved", "승인", "Approve", OPERATOR, need_other_person
        ),
        Transition(
            "adopt", ("draft",), "approved", "선언 승인", "Adopt a declaration", OPERATOR
        ),
        Transition("revise", ("approved",), "draft", "수정", "Take back to revise", OPERATOR),
        Transition("open", ("approved",), "open", "접수 시작", "opens_at is reached"),
        Transition("close", ("open",), "closed", "마감", "closes_at is reached"),
        Transition(
            "start_review",
            ("closed",),
            "reviewing",
            "평가 시작",
            "Start the review",
            OPERATOR,
            need_closed,
        ),
        Transition("decide", ("reviewing",), "decided", "확정", "Decide", OPERATOR),
        Transition(
            "reopen",
            ("decided", "archived"),
            "reviewing",
            "재평가",
            "Review anew",
            OPERATOR,
            need_year,
        ),
        Transition("archive", ("decided",), "archived", "보관", "Archive", OPERATOR),
        Transition(
            "cancel",
            ("draft", "approved", "open", "closed"),
            "cancelled",
            "취소",
            "Cancel",
            OPERATOR,
        ),
    ),
)

"""The clawback's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.core.clock import rfc3339
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.cases.models import ClawbackCase
from madang.programme.errors import HearingNotCalled, HearingNotOver, WriteOffNotProposed

OPERATOR = frozenset({Role.OPERATOR})


def need_hearing(row: ClawbackCase, actor: Actor, at: datetime) -> None:
    """a hearing was called, and the debtor answered or its day is over"""
    if row.hearing_due_at is None:
        raise HearingNotCalled
    if row.answered_at is None and at < row.hearing_due_at:
        raise HearingNotOver(hearing_due_at=rfc3339(row.hearing_due_at))


def need_other_than_opener(row: ClawbackCase, actor: Actor, at: datetime) -> None:
    """somebody other than who opened it"""
    need_four_eyes(actor, row.opened_by)


def need_other_than_decider(row: ClawbackCase, actor: Actor, at: datetime) -> None:
    """somebody other than who decided it"""
    need_four_eyes(actor, row.decided_by)


def need_other_than_decider_if_any(row: ClawbackCase, actor: Actor, at: datetime) -> None:
    """of a decided case: somebody other than who decided it"""
    if row.decided_by:
        need_other_than_decider(row, actor, at)


def need_other_than_proposer(row: ClawbackCase, actor: Actor, at: datetime) -> None:
    """proposed, by somebody else"""
    if not row.write_off_proposed_by:
        raise WriteOffNotProposed
    need_four_eyes(actor, row.write_off_proposed_by)


OWED = ("receivable", "instalment")
CLAWBACK: Workflow[ClawbackCase] = Workflow(
    noun="case",
    initial="suspected",
    states=(
        State("suspected", "의심", "suspected"),
        State("investigating", "조사", "under investigation"),
        State("heard", "의견제출", "heard"),
        State("decided", "결정", "decided"),
        State("receivable", "환수통지", "to be paid back"),
        State("instalment", "분할납부", "paid in instalments"),
        State("collected", "수납완료", "collected", final=True),
        State("set_off", "상계완료", "set off", final=True),
        State("written_off", "결손", "written off", final=True),
        State("dropped", "종결", "dropped", final=True),
    ),
    transitions=(
        Transition(
            "investigate", ("suspected",), "investigating", "조사 착수", "Investigate", OPERATOR
        ),
        Transition(
            "hear", ("investigating",), "heard", "의견 청취", "Hear", OPERATOR, need_hearing
        ),
        Transition(
            "decide",
            ("heard", "decided"),
            "decided",
            "결정",
            "Decide",
            OPERATOR,
            need_other_than_opener,
        ),
        Transition(
            "demand",
            ("decided",),
            "receivable",
            "환수 통지",
            "Book and demand",
            OPERATOR,
            need_other_than_decider,
        ),
        Transition(
            "plan", ("receivable",), "instalment", "분할납부", "Agree instalments", OPERATOR
        ),
        Transition("collect", OWED, "collected", "수납 완료", "Paid in full", OPERATOR),
        Transition("set_off", OWED, "set_off", "상계 완료", "Set off in full", OPERATOR),
        Transition(
            "write_off",
            OWED,
            "written_off",
            "결손 처분",
            "Write off",
            OPERATOR,
            need_other_than_proposer,
        ),
        Transition(
            "drop",
            ("suspected", "investigating", "heard", "decided"),
            "dropped",
            "종결",
            "Drop",
            OPERATOR,
            need_other_than_decider_if_any,
        ),
    ),
)

"""Tables of states: the year itself, what goes to the treasury, the roll-over."""

from __future__ import annotations

from datetime import datetime

from madang.core.clock import rfc3339, seoul_day_ends
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.errors import YearNotReady
from madang.programme.years.models import ProgrammeYear, RollOver, TreasuryReturn

OPERATOR = frozenset({Role.OPERATOR})


def need_over(row: ProgrammeYear, actor: Actor, at: datetime) -> None:
    """its last day is over"""
    ends = seoul_day_ends(row.ends_on)
    if at < ends:
        raise YearNotReady(reason=f"it lasts until {rfc3339(ends)}")


def need_other_closer(row: ProgrammeYear, actor: Actor, at: datetime) -> None:
    """somebody other than who began to close it"""
    need_four_eyes(actor, row.closing_by)


def need_other_preparer(row: TreasuryReturn, actor: Actor, at: datetime) -> None:
    """somebody other than who prepared it"""
    need_four_eyes(actor, row.prepared_by)


def need_other_proposer(row: RollOver, actor: Actor, at: datetime) -> None:
    """somebody other than who proposed it"""
    need_four_eyes(actor, row.proposed_by)


YEAR: Workflow[ProgrammeYear] = Workflow(
    noun="year",
    initial="open",
    states=(
        State("open", "진행", "open"),
        State("closing", "마감중", "closing"),
        State("closed", "마감", "closed", final=True),
    ),
    transitions=(
        Transition(
            "begin_close", ("open",), "closing", "마감 시작", "Begin to close", OPERATOR,
            need_over,
        ),
        Transition(
            "close", ("closing",), "closed", "마감", "Close", OPERATOR, need_other_closer
        ),
    ),
)  # fmt: skip

TREASURY: Workflow[TreasuryReturn] = Workflow(
    noun="treasury_return",
    initial="prepared",
    states=(
        State("prepared", "반납예정", "prepared"),
        State("remitted", "반납", "remitted", final=True),
    ),
    transitions=(
        Transition(
            "remit", ("prepared",), "remitted", "반납", "Remit", OPERATOR, need_other_preparer
        ),
    ),
)

ROLL_OVER: Workflow[RollOver] = Workflow(
    noun="roll_over",
    initial="proposed",
    states=(
        State("proposed", "제안", "proposed"),
        State("done", "이월", "done", final=True),
        State("refused", "반려", "refused", final=True),
    ),
    transitions=(
        Transition(
            "approve", ("proposed",), "done", "이월", "Roll over", OPERATOR, need_other_proposer
        ),
        Transition("refuse", ("proposed",), "refused", "반려", "Refuse", OPERATOR),
    ),
)

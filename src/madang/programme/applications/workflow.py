"""The application's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.core.clock import rfc3339
from madang.parties.actor import Actor, Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.calls.phases import need_open
from madang.programme.errors import CallNotOpen, CompletionOpen, OwnOrganisation

OPERATOR = frozenset({Role.OPERATOR})
BENEFICIARY = frozenset({Role.BENEFICIARY})


def need_own_and_open(row: Application, actor: Actor, at: datetime) -> None:
    """a beneficiary of the organisation, while the call is open"""
    need_own(row, actor, at)
    need_open(row.call, at)


def need_own(row: Application, actor: Actor, at: datetime) -> None:
    """a beneficiary of the organisation"""
    actor.need_at(Role.BENEFICIARY, row.organisation_id)


def need_own_and_due(row: Application, actor: Actor, at: datetime) -> None:
    """a beneficiary of the organisation, until the completion is due and the call over"""
    need_own(row, actor, at)
    due = row.completion_due_at
    if due is not None and at >= (due := max(due, row.call.closes_at)):
        raise CallNotOpen(opens_at=rfc3339(row.call.opens_at), closes_at=rfc3339(due))


def need_completion_over(row: Application, actor: Actor, at: datetime) -> None:
    """somebody who does not belong to the organisation; what is returned: after its day"""
    need_distance(row, actor, at)
    if row.state != ApplicationState.RETURNED or row.completion_due_at is None:
        return
    until = max(row.completion_due_at, row.call.closes_at)
    if at < until:
        raise CompletionOpen(until=rfc3339(until))


def need_distance(row: Application, actor: Actor, at: datetime) -> None:
    """somebody who does not belong to the organisation"""
    if not actor.is_system and row.organisation_id in actor.organisations:
        raise OwnOrganisation


APPLICATION: Workflow[Application] = Workflow(
    noun="application",
    initial="draft",
    states=(
        State("draft", "임시저장", "draft"),
        State("submitted", "접수", "received"),
        State("returned_for_completion", "보완요청", "returned for completion"),
        State("eligible", "적격", "eligible"),
        State("ineligible", "부적격", "not eligible"),
        State("in_review", "평가중", "under review"),
        State("scored", "평가완료", "scored"),
        State("selected", "선정", "selected"),
        State("reserve", "예비", "on the reserve list"),
        State("rejected", "탈락", "not selected"),
        State("withdrawn", "철회", "withdrawn", final=True),
    ),
    transitions=(
        Transition(
            "submit", ("draft",), "submitted", "제출", "Submit", BENEFICIARY, need_own_and_open
        ),
        Transition(
            "return",
            ("submitted",),
            "returned_for_completion",
            "보완 요청",
            "Ask for completion",
            OPERATOR,
            need_distance,
        ),
        Transition(
            "resubmit",
            ("returned_for_completion",),
            "submitted",
            "보완 제출",
            "Hand in the completion",
            BENEFICIARY,
            need_own_and_due,
        ),
        Transition(
            "find_eligible",
            ("submitted",),
            "eligible",
            "적격 확인",
            "Find eligible",
            OPERATOR,
            need_distance,
        ),
        Transition(
            "find_ineligible",
            ("submitted", "returned_for_completion"),
            "ineligible",
            "부적격 확인",
            "Find not eligible",
            OPERATOR,
            need_completion_over,
        ),
        Transition(
            "select_small",
            ("eligible",),
            "selected",
            "자동승인",
            "Select in the fast lane",
        ),
        Transition(
            "review", ("eligible",), "in_review", "평가 회부", "Bring to review", OPERATOR
        ),
        Transition("score", ("in_review",), "scored", "순위 산정", "Rank", OPERATOR),
        Transition("select", ("scored",), "selected", "선정", "Select", OPERATOR),
        Transition("hold", ("scored",), "reserve", "예비 선정", "Hold in reserve", OPERATOR),
        Transition("reject", ("scored",), "rejected", "탈락", "Reject", OPERATOR),
        Transition("promote", ("reserve",), "selected", "예비 승격", "Promote", OPERATOR),
        Transition(
            "reconsider",
            ("selected", "reserve", "rejected"),
            "scored",
            "재결정",
            "Decide anew after a superseding ranking",
            OPERATOR,
        ),
        Transition(
            "reinstate",
            ("ineligible",),
            "eligible",
            "적격 회복",
            "Reinstate after an upheld appeal",
            OPERATOR,
            need_distance,
        ),
        Transition(
            "withdraw",
            (
                "draft",
                "submitted",
                "returned_for_completion",
                "eligible",
                "in_review",
                "scored",
                "reserve",
            ),
            "withdrawn",
            "철회",
            "Withdraw",
            BENEFICIARY,
            need_own,
        ),
    ),
)

"""The project settlement's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.cases.models import CaseState
from madang.programme.errors import SettlementNotReady
from madang.programme.settlements.models import ProjectSettlement, SettlementState

OPERATOR = frozenset({Role.OPERATOR})
BENEFICIARY = frozenset({Role.BENEFICIARY})
UNDECIDED = (
    CaseState.SUSPECTED,
    CaseState.INVESTIGATING,
    CaseState.HEARD,
    CaseState.DECIDED,
)


def need_verified(row: ProjectSettlement, actor: Actor, at: datetime) -> None:
    """verified and audited where policy asks, every finding dealt with, by another person"""
    is_verified = row.state in {SettlementState.VERIFYING, SettlementState.FINDINGS}
    if row.needs_verification and not is_verified:
        raise SettlementNotReady(reason="an accountant has not verified it")
    if row.needs_audit and not row.audit_sha256:
        raise SettlementNotReady(reason="the audit's report is missing")
    if row.findings.filter(case=None, is_answered=False).exists():
        raise SettlementNotReady(reason="a finding is open")
    if row.verified_by:
        need_four_eyes(actor, row.verified_by)


def need_cases_decided(row: ProjectSettlement, actor: Actor, at: datetime) -> None:
    """no case of the award is still to be decided"""
    if row.award.cases.filter(state__in=UNDECIDED).exists():
        raise SettlementNotReady(reason="a case is not decided")


SETTLEMENT: Workflow[ProjectSettlement] = Workflow(
    noun="settlement",
    initial="report_due",
    states=(
        State("report_due", "보고대기", "report due"),
        State("submitted", "제출", "handed in"),
        State("under_verification", "검증", "under verification"),
        State("findings", "지적", "with findings"),
        State("confirmed", "확정", "confirmed"),
        State("returned", "반납완료", "returned", final=True),
    ),
    transitions=(
        Transition("submit", ("report_due",), "submitted", "제출", "Hand in", BENEFICIARY),
        Transition(
            "verify", ("submitted",), "under_verification", "검증", "Begin to verify", OPERATOR
        ),
        Transition(
            "find",
            ("under_verification", "findings"),
            "findings",
            "지적",
            "Record a finding",
            OPERATOR,
        ),
        Transition(
            "confirm",
            ("submitted", "under_verification", "findings"),
            "confirmed",
            "확정",
            "Confirm",
            OPERATOR,
            need_verified,
        ),
        Transition(
            "return",
            ("confirmed",),
            "returned",
            "반납",
            "Return what is left",
            OPERATOR,
            need_cases_decided,
        ),
    ),
)

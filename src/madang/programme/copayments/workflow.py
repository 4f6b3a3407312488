"""The co-payment's table of states, in cash and in kind."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.copayments.models import CoPaymentObligation, InKindEvidence

OPERATOR = frozenset({Role.OPERATOR})
ENDERS = frozenset({Role.OPERATOR, Role.BENEFICIARY})

COPAYMENT: Workflow[CoPaymentObligation] = Workflow(
    noun="copayment",
    initial="pending_deposit",
    states=(
        State("pending_deposit", "입금대기", "waiting for the deposit"),
        State("funded", "입금완료", "funded"),
        State("voided", "무효", "void", final=True),
    ),
    transitions=(
        Transition(
            "fund", ("pending_deposit",), "funded", "입금 확인", "Confirm the deposit", OPERATOR
        ),
        Transition(
            "reopen",
            ("funded",),
            "pending_deposit",
            "입금 확인 취소",
            "Take back the confirmation",
            OPERATOR,
        ),
        Transition("void", ("pending_deposit", "funded"), "voided", "무효", "Void", ENDERS),
    ),
)

IN_KIND: Workflow[InKindEvidence] = Workflow(
    noun="in_kind",
    initial="submitted",
    states=(
        State("submitted", "제출", "handed in"),
        State("accepted", "인정", "accepted", final=True),
        State("rejected", "불인정", "rejected", final=True),
    ),
    transitions=(
        Transition("accept", ("submitted",), "accepted", "인정", "Accept", OPERATOR),
        Transition("reject", ("submitted",), "rejected", "불인정", "Reject", OPERATOR),
    ),
)

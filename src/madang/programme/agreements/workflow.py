"""The agreement's table of states. Amendment and completion come with execution."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.agreements.models import Agreement

OPERATOR = frozenset({Role.OPERATOR})
SIGNERS = frozenset({Role.OPERATOR, Role.BENEFICIARY, Role.SUPPLIER})
ENDERS = frozenset({Role.OPERATOR, Role.BENEFICIARY})

AGREEMENT: Workflow[Agreement] = Workflow(
    noun="agreement",
    initial="drafting",
    states=(
        State("drafting", "작성", "drafting"),
        State("pending_signatures", "서명대기", "waiting for signatures"),
        State("signed", "체결", "signed"),
        State("lapsed", "실효", "lapsed", final=True),
    ),
    transitions=(
        Transition(
            "send", ("drafting",), "pending_signatures", "서명 요청", "Send to sign", OPERATOR
        ),
        Transition(
            "sign", ("pending_signatures",), "signed", "체결", "Last signature", SIGNERS
        ),
        Transition(
            "lapse",
            ("drafting", "pending_signatures", "signed"),
            "lapsed",
            "실효",
            "Lapse",
            ENDERS,
        ),
    ),
)

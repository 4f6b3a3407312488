"""The agreement's table of states, and the amendment's."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.agreements.models import Agreement, Amendment

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
        State("amended", "변경체결", "amended"),
        State("completed", "완료", "completed", final=True),
        State("terminated", "해약", "terminated", final=True),
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
            ("pending_signatures", "signed", "amended"),
            "lapsed",
            "실효",
            "Lapse",
            ENDERS,
        ),
        Transition("amend", ("signed", "amended"), "amended", "변경 체결", "Amend", SIGNERS),
        Transition(
            "complete", ("signed", "amended"), "completed", "완료", "Complete", OPERATOR
        ),
        Transition(
            "terminate", ("signed", "amended"), "terminated", "해약", "Terminate", OPERATOR
        ),
    ),
)

AMENDMENT: Workflow[Amendment] = Workflow(
    noun="amendment",
    initial="proposed",
    states=(
        State("proposed", "서명대기", "waiting for signatures"),
        State("signed", "체결", "signed", final=True),
        State("withdrawn", "철회", "withdrawn", final=True),
        State("lapsed", "실효", "lapsed", final=True),
    ),
    transitions=(
        Transition("sign", ("proposed",), "signed", "체결", "Last signature", SIGNERS),
        Transition("withdraw", ("proposed",), "withdrawn", "철회", "Withdraw", OPERATOR),
        Transition("lapse", ("proposed",), "lapsed", "실효", "Lapse", OPERATOR),
    ),
)

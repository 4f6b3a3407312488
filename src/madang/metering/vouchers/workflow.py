"""The life of a voucher, as a table."""

from __future__ import annotations

from datetime import datetime

from madang.metering.errors import VoucherExpired
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role
from madang.parties.workflow import State, Transition, Workflow


def _before_its_end(voucher: Voucher, actor: Actor, at: datetime) -> None:
    if at >= voucher.expires_at:
        raise VoucherExpired(voucher=voucher.code)


OPERATOR = frozenset({Role.OPERATOR})

VOUCHER: Workflow[Voucher] = Workflow(
    noun="voucher",
    initial="pending",
    states=(
        State("pending", "발급대기", "Waiting to be issued"),
        State("active", "사용가능", "Active"),
        State("suspended", "정지", "Suspended"),
        State("expired", "만료", "Expired"),
        State("closed", "정산완료", "Closed", final=True),
        State("cancelled", "취소", "Cancelled", final=True),
    ),
    transitions=(
        Transition("issue", ("pending",), "active", "발급", "Issue", OPERATOR, _before_its_end),
        Transition("cancel", ("pending",), "cancelled", "취소", "Cancel", OPERATOR),
        Transition("suspend", ("active",), "suspended", "정지", "Suspend", OPERATOR),
        Transition(
            "reinstate",
            ("suspended",),
            "active",
            "정지해제",
            "Reinstate",
            OPERATOR,
            _before_its_end,
        ),
        Transition("expire", ("active", "suspended"), "expired", "만료", "Expire"),
        Transition(
            "end", ("active", "suspended"), "expired", "조기 종료", "End early", OPERATOR
        ),
        Transition("close", ("expired",), "closed", "정산완료", "Close", OPERATOR),
    ),
)

"""Two people for what makes money: who enters it does not approve it."""

from __future__ import annotations

from madang.core.clock import is_test_mode
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.programme.errors import ApprovalMissing


def approved_by(actor: Actor, approver: Actor | None) -> str:
    """The opaque id of whoever approved. Raises ApprovalMissing or FourEyes.

    Only in test mode may the platform itself stand in for both, so that a declaration can set
    up a scenario in one step.
    """
    actor.need(Role.OPERATOR)
    if approver is not None:
        approver.need(Role.OPERATOR)
        need_four_eyes(approver, actor.id)
        return approver.id
    if actor.is_system and is_test_mode():
        return actor.id
    raise ApprovalMissing

"""Refusals of this room.

Conflict
└── TransitionNotAllowed   the row's state does not allow this step
Refused
└── FourEyes               somebody approves what they made
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Conflict, Refused


class TransitionNotAllowed(Conflict):
    code: ClassVar[str] = "parties.workflow.not_allowed_now"


class FourEyes(Refused):
    code: ClassVar[str] = "parties.approval.same_person"
    http_status: ClassVar[int] = 403

"""What can go wrong on a walk.

Refused
└── StepRefused      a public interface refused a step that should have worked
Unwell
└── CheckFailed      a step worked, but what came out is not what must come out
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Refused, Unwell


class StepRefused(Refused):
    code: ClassVar[str] = "cli.walk.step_refused"


class CheckFailed(Unwell):
    code: ClassVar[str] = "cli.walk.check_failed"

"""Where a walk takes place: the running platform, its doors, and who holds which key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from madang.cli.walk.commands import Commands
from madang.cli.walk.portal import Operation, Portal, operations_of
from madang.cli.walk.report import Report
from madang.cli.walk.script import Script
from madang.core.clock import Clock

MAKER, APPROVER = "ann@agency.example", "bob@agency.example"
TOKENS = {
    MAKER: "mdp_demo_ann",
    APPROVER: "mdp_demo_bob",
    "sales@nuri.example": "mdp_demo_nuri",
    "sales@baram.example": "mdp_demo_baram",
    "sales@gwangju.example": "mdp_demo_gwangju",
}
"""Test-mode tokens of the demonstration's declarations."""


@dataclass
class Stage:
    """`run` names this walk: it is part of every code that the walk makes."""

    data: Path
    demo: Path
    portal_url: str
    gateway_url: str
    run: str
    clock: Clock
    script: Script
    report: Report
    commands: Commands
    operations: dict[str, Operation] = field(default_factory=dict)

    def open(self) -> None:
        self.operations = operations_of(self.portal_url)

    def portal(self, who: str) -> Portal:
        """A person's door: by e-mail of the cast above, or by token."""
        return Portal(self.portal_url, TOKENS.get(who, who), self.operations)

    def now(self) -> datetime:
        return self.clock.now()

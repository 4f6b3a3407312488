"""What a walk did, told step by step and kept as `walk.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from madang.cli.amounts import won
from madang.cli.console import Console, Text
from madang.cli.walk.errors import CheckFailed
from madang.core.errors import MadangError

LABELS = {
    "budget": Text("예산", "budget"),
    "selected": Text("선정 금액", "selected"),
    "deposit": Text("자부담 예치금", "co-payment deposit"),
    "charged": Text("차감", "charged"),
    "supply": Text("공급가액", "supply value"),
    "subsidy": Text("지원금", "subsidy"),
    "own": Text("자부담", "own part"),
    "vat": Text("부가세", "VAT"),
    "total": Text("합계", "total"),
    "from_1100": Text("보조금 전용계좌에서", "from the subsidy account"),
    "from_1110": Text("자부담 예치계좌에서", "from the co-payment account"),
    "book_M_difference": Text("금전 장부 차변 - 대변", "money book, debit less credit"),
    "book_B_difference": Text("예산 장부 차변 - 대변", "budget book, debit less credit"),
    "book_K_difference": Text("비망 장부 차변 - 대변", "memoranda, debit less credit"),
    "book_Q_difference": Text("할당 장부 차변 - 대변", "quota book, debit less credit"),
}


@dataclass(slots=True)
class Step:
    """One step: what it moved, and what it made."""

    name: str
    ok: bool = False
    amounts: dict[str, int] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, *, ko: str, en: str) -> None:
        self.notes.append(str(Text(ko, en)))

    def check(self, what: str, expected: object, found: object) -> None:
        """Raises CheckFailed unless both are the same."""
        if expected != found:
            raise CheckFailed(check=what, expected=str(expected), found=str(found))

    def hold(self, what: str, condition: object) -> None:
        """Raises CheckFailed unless it holds."""
        self.check(what, expected=True, found=bool(condition))


@dataclass(slots=True)
class Report:
    """All steps, in order, and the two things that everybody asks for."""

    console: Console
    steps: list[Step] = field(default_factory=list)
    trial_balance: Mapping[str, object] = field(default_factory=dict)
    call: Mapping[str, object] = field(default_factory=dict)
    error: Mapping[str, object] = field(default_factory=dict)
    """Why the walk ended early."""

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)

    @contextmanager
    def step(self, name: str, *, ko: str, en: str) -> Iterator[Step]:
        """Tell the step, run its block, tell what came out."""
        step = Step(name)
        self.steps.append(step)
        self.console.progress(ko=f"{len(self.steps):2}. {ko}", en=f"{len(self.steps):2}. {en}")
        try:
            yield step
        except MadangError as error:
            step.note(ko=error.sentence("ko"), en=error.sentence("en"))
            self._tell(step)
            raise
        step.ok = True
        self._tell(step)

    def _tell(self, step: Step) -> None:
        names = {name: name.removesuffix("_microwon") for name in step.amounts}
        amounts = [
            f"{LABELS.get(names[name], names[name])} {won(amount)}"
            for name, amount in step.amounts.items()
        ]
        for line in [*step.notes, *amounts]:
            self.console.progress(ko=f"      {line}", en=f"      {line}")

    def as_data(self) -> dict[str, object]:
        steps = [
            {"name": one.name, "ok": one.ok, "amounts": one.amounts, "ids": one.ids}
            for one in self.steps
        ]
        return {
            "ok": self.ok,
            "steps": steps,
            "trial_balance": self.trial_balance,
            "call": self.call,
            **({"error": self.error} if self.error else {}),
        }

    def write(self, path: Path) -> None:
        """Whole or not at all: a reader never sees half a report."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(self.as_data(), ensure_ascii=False, indent=2) + "\n")
        os.replace(fresh, path)

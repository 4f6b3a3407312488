"""Which steps of the workflow tables a test takes, and which its guards refuse, by watching.

`tests/steps.txt` says of each step of each table which test takes it, and of each guard which
test is refused by it. While a test runs, the fixture `watched_steps` holds it to its lines;
`tests/unit/programme/test_every_step.py` holds the lines to the tables, so that none can miss.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from madang.core.errors import NotAllowed, Refused
from madang.parties.workflow import Transition, Workflow

TABLE = Path(__file__).parents[1] / "steps.txt"
TAKES, REFUSES = "takes", "refuses"


@dataclass
class Steps:
    """What was seen since the watch began: `call.cancel/open` taken, `call.approve` refused."""

    takes: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)

    def pairs(self) -> set[tuple[str, str]]:
        return {(TAKES, step) for step in self.takes} | {
            (REFUSES, step) for step in self.refuses
        }


@cache
def lines() -> list[tuple[str, str, str]]:
    """Way, step and test, as they stand in the table."""
    found = TABLE.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(maxsplit=2)) for line in found if line.strip() and line[0] != "#"]


@cache
def claims() -> dict[str, set[tuple[str, str]]]:
    """What each test is said to do."""
    by_test: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for way, step, test in lines():
        by_test[test].add((way, step))
    return by_test


def watch(monkeypatch) -> Steps:
    """See every step from now on; only the checks are watched, the writing stays as it is."""
    seen, check = Steps(), Workflow._checked

    def watched(table, row, code, actor, at):
        before = row.state
        try:
            step = check(table, row, code, actor, at)
        except Refused:
            if _is_of_guard(table._by_code[code], before, actor):
                seen.refuses.add(f"{table.noun}.{code}")
            raise
        seen.takes.add(f"{table.noun}.{code}/{before}")
        return step

    monkeypatch.setattr(Workflow, "_checked", watched)
    return seen


def _is_of_guard(step: Transition, before: str, actor) -> bool:
    """Role and state were right, so it was the guard."""
    try:
        actor.need(*step.who)
    except NotAllowed:
        return False
    return step.guard is not None and before in step.sources

"""Which steps of the workflow tables a test takes, and which its guards refuse, by watching.

A test claims them: `@pytest.mark.takes("call.cancel/open")` is the step `cancel` of a call in
the state `open`, `@pytest.mark.refuses("call.approve")` a refusal by that step's guard. The
fixture `steps` holds each test to what it claims; `tests/unit/programme/test_every_step.py`
holds the claims to the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from madang.core.errors import NotAllowed, Refused
from madang.parties.workflow import Transition, Workflow


@dataclass
class Steps:
    """What was seen since the watch began."""

    takes: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)


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

"""A workflow as a drawing for the docs and a table beside it."""

from __future__ import annotations

from collections.abc import Iterable

from madang.parties.workflow import Row, Transition, Workflow


def drawing(workflow: Workflow[Row]) -> str:
    """Markdown: a Mermaid state diagram, then the states and transitions as tables."""
    parts = [_diagram(workflow), _states(workflow), _transitions(workflow)]
    return "\n\n".join(parts) + "\n"


def _diagram(workflow: Workflow[Row]) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {workflow.initial}"]
    lines += [
        f"    {source} --> {move.target}: {move.code}"
        for move in workflow.transitions
        for source in move.sources
    ]
    lines += [f"    {state.code} --> [*]" for state in workflow.states if state.final]
    return "\n".join([*lines, "```"])


def _states(workflow: Workflow[Row]) -> str:
    rows = [
        (state.code, state.ko, state.en, _kind(state.final, state.derived))
        for state in workflow.states
    ]
    return _table(("State", "한국어", "English", "Kind"), rows)


def _transitions(workflow: Workflow[Row]) -> str:
    rows = [
        (
            move.code,
            ", ".join(move.sources),
            move.target,
            move.ko,
            ", ".join(sorted(role.value for role in move.who)) or "platform",
            _guard(move),
        )
        for move in workflow.transitions
    ]
    return _table(("Transition", "From", "To", "한국어", "Who", "Guard"), rows)


def _guard(move: Transition[Row]) -> str:
    if move.guard is None:
        return ""
    return (move.guard.__doc__ or move.guard.__name__).strip().splitlines()[0]


def _kind(final: bool, derived: bool) -> str:
    return "final" if final else "from the clock" if derived else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

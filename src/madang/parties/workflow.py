"""Workflows are tables: states, transitions, who may, under which guard, in two languages.

Each noun keeps its table in its own `workflow.py`; this module interprets them all, so that
every change of state goes one way: guard, write, event, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar, cast
from uuid import UUID

from django.db import models, transaction

from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import (
    Facts,
    Happened,
    event_values,
    record_event,
    record_events,
)
from madang.parties.events.models import Event
from madang.parties.rows import Change, Values, set_state, set_unchanged
from madang.parties.workflow_names import tell


class Stateful(Protocol):
    """A row with a state: what a workflow moves."""

    pk: UUID
    state: str

    def save(self, *, update_fields: list[str]) -> None: ...


Row = TypeVar("Row", bound=models.Model)
"""A model that is Stateful. mypy knows a field's type only after it has checked bounds, so
the bound names what it can see."""


@dataclass(frozen=True, slots=True)
class State:
    """`final` states have no way out; `derived` ones are read from the clock, never stored."""

    code: str
    ko: str
    en: str
    final: bool = False
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Transition(Generic[Row]):
    """`guard` raises a Refused when the row may not move; `who` empty means the platform."""

    code: str
    sources: tuple[str, ...]
    target: str
    ko: str
    en: str
    who: frozenset[Role] = frozenset()
    guard: Callable[[Row, Actor, datetime], None] | None = None


@dataclass(frozen=True, slots=True)
class Workflow(Generic[Row]):
    """All states and transitions of one noun."""

    noun: str
    initial: str
    states: tuple[State, ...]
    transitions: tuple[Transition[Row], ...]
    _by_code: Mapping[str, Transition[Row]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes = {state.code for state in self.states}
        named = {name for move in self.transitions for name in (*move.sources, move.target)}
        assert self.initial in codes, self.initial
        assert named <= codes, f"{self.noun}: unknown states {named - codes}"
        object.__setattr__(self, "_by_code", {move.code: move for move in self.transitions})
        for kind, rows in (("state", self.states), ("transition", self.transitions)):
            for row in rows:
                tell(self.noun, kind, row.code, ko=row.ko, en=row.en)

    def move(
        self,
        row: Row,
        code: str,
        actor: Actor,
        *,
        at: datetime,
        reason: str = "",
        facts: Facts | None = None,
    ) -> None:
        """Take one transition. The caller holds the row's lock (SELECT FOR UPDATE).

        Raises NotAllowed for a wrong role, before anything is said about the row's state;
        TransitionNotAllowed from a state that the table does not list; what the guard raises.
        """
        step = self._checked(row, code, actor, at)
        stateful = cast(Stateful, row)
        before = stateful.state
        with transaction.atomic(savepoint=False):
            stateful.state = step.target
            stateful.save(update_fields=["state"])
            record_event(
                actor,
                f"{self.noun}.{code}",
                subject_type=self.noun,
                subject_id=stateful.pk,
                at=at,
                before=before,
                after=step.target,
                reason=reason,
                facts=facts,
            )

    def move_all(
        self,
        rows: Sequence[Row],
        code: str,
        actor: Actor,
        *,
        at: datetime,
        facts: Callable[[Row], Facts] | None = None,
    ) -> None:
        """Take one transition with many rows, in two statements. The caller holds their locks.

        All or none: a row that may not move refuses the whole. `facts` names each row's own.
        """
        steps = [self._checked(row, code, actor, at) for row in rows]
        happened = []
        for row, step in zip(rows, steps, strict=True):
            stateful = cast(Stateful, row)
            own = facts(row) if facts is not None else None
            happened.append(Happened(stateful.pk, stateful.state, step.target, own))
            stateful.state = step.target
        if not rows:
            return
        with transaction.atomic(savepoint=False):
            set_state(rows, steps[0].target)
            record_events(actor, f"{self.noun}.{code}", happened, subject_type=self.noun, at=at)

    def move_unchanged(
        self,
        given: Sequence[tuple[Row, Values]],
        code: str,
        actor: Actor,
        *,
        where: Values,
        at: datetime,
    ) -> set[UUID]:
        """Take one transition with those rows that nobody has moved meanwhile, in one statement
        that locks them, writes each row's own values, and tells. Their ids; the others stay.

        `where` must hold for each still. Only for a transition from one state.
        """
        if not given:
            return set()
        steps = [self._checked(row, code, actor, at) for row, _ in given]
        (before,) = steps[0].sources
        told = [
            event_values(
                actor, f"{self.noun}.{code}",
                Happened(cast(Stateful, row).pk, before, steps[0].target), self.noun, at,
            )
            for row, _ in given
        ]  # fmt: skip
        change = Change({"state": before, **where}, {"state": steps[0].target})
        moved = set_unchanged(given, change, Event, told)
        for row, values in given:
            if row.pk in moved:
                for name, value in {**values, **change.after}.items():
                    setattr(row, name, value)
        return moved

    def _checked(self, row: Row, code: str, actor: Actor, at: datetime) -> Transition[Row]:
        step = self._by_code[code]
        actor.need(*step.who)
        before = cast(Stateful, row).state
        if before not in step.sources:
            raise TransitionNotAllowed(noun=self.noun, transition=code, state=before)
        if step.guard is not None:
            step.guard(row, actor, at)
        return step

    def label(self, state: str, language: str) -> str:
        """The state's name for people."""
        found = next(item for item in self.states if item.code == state)
        return found.ko if language == "ko" else found.en

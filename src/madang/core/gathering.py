"""Calls that arrive while others are being worked on go together as the next group.

Each client makes a call of its own and gets its own answer; what they share is a transaction
and its statements ("group commit"). Who comes first leads; who comes while a group is
under way waits and is taken along by the next one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

LEADERS = 2
"""Groups under way at a time, at most: one is written down while the engine is asked for the
other."""
ENOUGH = 32
"""A second group sets out beside the first only with so many: what a group costs, however few
they are, is most of the cost of eight, so that two halves cost more than they save by going
side by side."""
GROUP_MAX = 64
GATHER_S_MAX = 0.05
"""Who leads waits for those who were answered with the last group, and are about to ask again,
beside those who wait already: for half of the time at most that the last group took, and never
for longer than this. Whoever was alone the last time waits for nobody."""

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Work = Callable[[Sequence[Asked]], Sequence["Answered | Exception"]]


@dataclass(slots=True, eq=False)
class _Place(Generic[Asked, Answered]):
    """`turn` is free once this one is called to lead, or has its answer: nobody is woken to
    find that it is not meant."""

    asked: Asked
    answer: Answered | Exception | None = None
    is_called: bool = False
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@dataclass(frozen=True, slots=True)
class GatheringStatistics:
    """How a gathering is."""

    waiting: int
    leading: int
    groups: int
    largest: int


class Gathering(Generic[Asked, Answered]):
    """The queue of one process before one kind of work."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._waiting: list[_Place[Asked, Answered]] = []
        self._leading = 0
        self._groups = 0
        self._largest = 0
        self._expected = 1
        self._patience_s = 0.0

    def statistics(self) -> GatheringStatistics:
        with self._arrived:
            return GatheringStatistics(
                len(self._waiting), self._leading, self._groups, self._largest
            )

    def ask(self, asked: Asked, work: Work[Asked, Answered]) -> Answered:
        """The answer to one of a group, or what was raised for it alone. `work` is called in
        the thread of whoever leads, with all that wait; it answers in their order."""
        mine: _Place[Asked, Answered] = _Place(asked)
        group = self._group_of(mine)
        if group:
            self._lead(group, work)
        if isinstance(mine.answer, Exception):
            raise mine.answer
        assert mine.answer is not None
        return mine.answer

    def _group_of(self, mine: _Place[Asked, Answered]) -> list[_Place[Asked, Answered]]:
        """Whom this thread leads, itself among them; nobody when it was answered."""
        with self._arrived:
            self._waiting.append(mine)
            self._call_next()
            if self._are_all_here():
                self._arrived.notify()
        mine.turn.acquire()
        if mine.answer is not None:
            return []
        with self._arrived:
            self._arrived.wait_for(self._are_all_here, timeout=self._patience_s)
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            self._groups += 1
            self._largest = max(self._largest, len(group))
            self._call_next()
            return group

    def _call_next(self) -> None:
        """The first in the line leads as soon as it may. The caller has the lock."""
        if not self._waiting or self._waiting[0].is_called:
            return
        many = self._leading < LEADERS and len(self._waiting) >= ENOUGH
        if self._leading == 0 or many:
            self._leading += 1
            self._waiting[0].is_called = True
            self._waiting[0].turn.release()

    def _expect(self, answered: int, took_s: float) -> None:
        """Those who are answered now may come again. The caller has the lock."""
        is_alone = answered == 1 and not self._waiting
        self._expected = 1 if is_alone else min(answered + len(self._waiting), GROUP_MAX)
        self._patience_s = min(took_s / 2, GATHER_S_MAX)

    def _are_all_here(self) -> bool:
        return len(self._waiting) >= self._expected

    def _lead(self, group: list[_Place[Asked, Answered]], work: Work[Asked, Answered]) -> None:
        answers: Sequence[Answered | Exception] = [_Broken() for _ in group]
        began_s = time.monotonic()
        try:
            answers = work([one.asked for one in group])
        except Exception as err:  # noqa: BLE001  everyone of the group learns what went wrong
            answers = [err for _ in group]
        finally:
            with self._arrived:
                self._expect(len(group), time.monotonic() - began_s)
                self._leading -= 1
                self._call_next()
            for place, answer in zip(group, answers, strict=True):
                place.answer = answer
                place.turn.release()


class _Broken(RuntimeError):
    """Whoever led was ended in the middle: nobody knows what became of the group."""

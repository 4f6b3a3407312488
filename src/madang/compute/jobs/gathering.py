"""Submissions that arrive while others are being written go together as the next batch.

Each client makes a call of its own and gets its own answer; what they share is a transaction
and its statements ("group commit"). Who comes first leads; who comes while a group is
under way waits and is taken along by the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

LEADERS = 2
"""Groups under way at a time, at most: one is written down while the engine is asked for the
other."""
ENOUGH = 32
"""A second group sets out beside the first only with so many: what a group costs, however few
they are, is most of the cost of eight, so that two halves cost more than they save by going
side by side."""
GROUP_MAX = 64
GATHER_S_MAX = 0.01
"""Who leads waits so long at most for as many as came along the last time, who have just been
answered and are about to ask again. Whoever was alone the last time waits for nobody."""

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Work = Callable[[Sequence[Asked]], Sequence["Answered | Exception"]]


@dataclass(slots=True, eq=False)
class _Place(Generic[Asked, Answered]):
    asked: Asked
    answer: Answered | Exception | None = None


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
        self._changed = threading.Condition()
        self._waiting: list[_Place[Asked, Answered]] = []
        self._leading = 0
        self._groups = 0
        self._largest = 0
        self._expected = 1

    def statistics(self) -> GatheringStatistics:
        with self._changed:
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
        with self._changed:
            self._waiting.append(mine)
            self._changed.notify_all()
            self._changed.wait_for(lambda: mine.answer is not None or self._may_lead(mine))
            if mine.answer is not None:
                return []
            self._leading += 1
            self._changed.wait_for(self._are_all_here, timeout=GATHER_S_MAX)
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            self._expected = len(group)
            self._groups += 1
            self._largest = max(self._largest, len(group))
            return group

    def _may_lead(self, mine: _Place[Asked, Answered]) -> bool:
        if self._waiting[:1] != [mine]:
            return False
        return self._leading == 0 or (self._leading < LEADERS and len(self._waiting) >= ENOUGH)

    def _are_all_here(self) -> bool:
        return len(self._waiting) >= self._expected

    def _lead(self, group: list[_Place[Asked, Answered]], work: Work[Asked, Answered]) -> None:
        answers: Sequence[Answered | Exception] = [_Broken() for _ in group]
        try:
            answers = work([one.asked for one in group])
        except Exception as err:  # noqa: BLE001  everyone of the group learns what went wrong
            answers = [err for _ in group]
        finally:
            with self._changed:
                for place, answer in zip(group, answers, strict=True):
                    place.answer = answer
                self._leading -= 1
                self._changed.notify_all()


class _Broken(RuntimeError):
    """Whoever led was ended in the middle: nobody knows what became of the group."""

"""Work on the database, in threads of its own, off the till's event loop.

Each desk is one thread with one connection: what is asked of it is done in order. When the
database is away, work fails with DatabaseAway and nothing is kept: the caller asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

from madang.ledger.errors import Busy

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

CONFLICTS_MAX = 5


class DatabaseAway(Exception):
    """The database cannot be reached, or ended our session: nothing is known to be written."""


class Desk:
    """One thread with one connection."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.is_up = True

    async def do(
        self, work: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs
    ) -> Answer:
        """Do one piece of work in the thread. Raises DatabaseAway, or what the work raises."""
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(
                self._threads, partial(_done, work, *args, **kwargs)
            )
        except DatabaseAway:
            self.is_up = False
            raise
        self.is_up = True
        return answer

    def close(self) -> None:
        """Let the thread finish, and its connection go."""
        self._threads.submit(connections.close_all)
        self._threads.shutdown(wait=True)


def _done(work: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """Do it; a conflict of two transactions is tried again, a lost connection is let go."""
    for attempt in range(CONFLICTS_MAX):
        try:
            return work(*args, **kwargs)
        except Busy:
            if attempt == CONFLICTS_MAX - 1:
                raise
        except (OperationalError, InterfaceError) as err:
            connections.close_all()
            raise DatabaseAway from err
    raise AssertionError("the loop returns or raises")

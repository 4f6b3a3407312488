"""Taking back what leases do not use: a bounded wait, shared by all who ask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from uuid import UUID

from madang.metering.till import leases
from madang.metering.till.desk import Desk
from madang.metering.till.session import Session
from madang.wire.messages import Recall


class Recalls:
    """Recalls under way. One for each voucher at a time: who asks meanwhile waits for it."""

    def __init__(
        self, sessions: Mapping[int, Session], front: Desk, *, wait_s_max: float
    ) -> None:
        self._sessions = sessions
        self._front = front
        self._wait_s_max = wait_s_max
        self._awaited: dict[UUID, asyncio.Event] = {}
        self._turns: dict[UUID, asyncio.Lock] = {}

    async def of_voucher(self, voucher: UUID) -> None:
        """Recall every lease of a voucher that a worker here may still reserve from."""
        turn = self._turns.setdefault(voucher, asyncio.Lock())
        is_under_way = turn.locked()
        async with turn:
            if not is_under_way:
                await self._recall(await self._front.do(leases.recallable, voucher))
        if not turn.locked():
            self._turns.pop(voucher, None)

    async def of_everybody(self) -> None:
        """Recall every lease of every worker here."""
        await self._recall(await self._front.do(leases.recallable_by, list(self._sessions)))

    def came_back(self, hold: UUID) -> None:
        awaited = self._awaited.get(hold)
        if awaited is not None:
            awaited.set()

    async def _recall(self, found: list[tuple[int, UUID]]) -> None:
        asked = []
        for epoch, hold in found:
            session = self._sessions.get(epoch)
            if session is not None and session.tell(Recall(hold)):
                asked.append(hold)
        events = [self._awaited.setdefault(hold, asyncio.Event()) for hold in asked]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s_max):
                for event in events:
                    await event.wait()
        for hold in asked:
            self._awaited.pop(hold, None)

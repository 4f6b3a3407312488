"""What workers were told of keys, vouchers and products, and what they were not told yet."""

from __future__ import annotations

from madang.metering.till import snapshots
from madang.metering.till.desk import Desk
from madang.wire.messages import Snapshot


class Bulletin:
    """One mark for all: changes from it on were not told to everybody."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._mark: int | None = None

    async def whole(self) -> Snapshot:
        """Everything, for one who knows nothing. Register the hearer before awaiting again."""
        found = await self._desk.do(snapshots.complete)
        if self._mark is None:
            self._mark = found.mark
        return found.snapshot

    async def changes(self) -> Snapshot | None:
        """What changed since the last time; None when nothing did, or nobody was told yet."""
        if self._mark is None:
            return None
        found = await self._desk.do(snapshots.changes_since, self._mark)
        self._mark = found.mark
        return None if found.is_empty else found.snapshot

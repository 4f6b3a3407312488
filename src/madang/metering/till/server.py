"""The till: grants leases, ships journals, keeps claims, tells gateways what changed.

One event loop that speaks, two threads that work on the database: the front desk answers
workers, the back office ships journals. Every task lives in one group and dies with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from madang.core.clock import Clock, clock_for
from madang.metering.till import idempotency
from madang.metering.till.bulletin import Bulletin
from madang.metering.till.counter import Counter
from madang.metering.till.desk import DatabaseAway, Desk
from madang.metering.till.health import Health, TillStatistics
from madang.metering.till.listening import hear_changes
from madang.metering.till.processes import host_id
from madang.metering.till.session import Session
from madang.metering.till.settings import Backoff, TillSettings
from madang.metering.till.shipper import Shipper

log = logging.getLogger("madang.till")


class Till:
    """Everything of one host's till."""

    def __init__(self, data_dir: Path, *, clock: Clock, settings: TillSettings) -> None:
        self.data_dir = data_dir
        self._clock = clock
        self._settings = settings
        host = host_id(data_dir)
        self._front, self._back = Desk("till-front"), Desk("till-back")
        self._shipper = Shipper(data_dir, host)
        self._bulletin = Bulletin(self._front)
        self._changed = asyncio.Event()
        self.counter = Counter(
            front=self._front, back=self._back, shipper=self._shipper,
            bulletin=self._bulletin, clock=clock, settings=settings, host=host,
            journal_dir=data_dir / "journal",
        )  # fmt: skip

    def session(self) -> Session:
        return Session(self.counter.handle, self.counter.closed)

    def statistics(self) -> TillStatistics:
        return TillStatistics(
            database_up=self._front.is_up and self._back.is_up,
            journals_damaged=len(self._shipper.damaged),
            workers=self.counter.workers,
            returns_waiting=self.counter.returns_waiting,
            replays_waiting=self.counter.replays_waiting,
            calls_total=self._shipper.calls_total,
            granted_total=self.counter.granted_total,
            denied_total=self.counter.denied_total,
            returned_total=self.counter.returned_total,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; then ship once more and go."""
        settings, run_dir = self._settings, self.data_dir / "run"
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._back.close)
            stack.callback(self._front.close)
            stack.enter_context(_alone(run_dir))
            health = Health(self.statistics)
            await stack.enter_async_context(
                health.listening(settings.health_port, run_dir / "till.port")
            )
            await stack.enter_async_context(
                _listening(self.session, socket_path(self.data_dir))
            )
            stack.callback(self.counter.drop_all)
            log.info("till.ready socket=%s", socket_path(self.data_dir))
            await self._work_until(stop)
            await self._ship_last()

    async def _work_until(self, stop: asyncio.Event) -> None:
        settings = self._settings
        hearing = Backoff(settings.snapshot_every_s, settings.backoff_s_max)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work)
                for work in (
                    self._ship_always(),
                    self._look_always(),
                    self._tell_always(),
                    self._purge_always(),
                    hear_changes(self._changed, backoff=hearing),
                )
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def _ship_always(self) -> None:
        backoff = Backoff(self._settings.ship_every_s, self._settings.backoff_s_max)
        while True:
            try:
                await self._back.do(self._shipper.ship_new, at=self._clock.now())
                backoff.reset()
            except DatabaseAway:
                backoff.grow()
            await asyncio.sleep(backoff.pause_s)

    async def _look_always(self) -> None:
        while True:
            with contextlib.suppress(DatabaseAway):
                await self._back.do(self._shipper.look_after, at=self._clock.now())
                await self.counter.retry()
            await asyncio.sleep(self._settings.look_every_s)

    async def _tell_always(self) -> None:
        """Within a second of a change every worker knows: told at once, or found by looking."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._settings.snapshot_every_s)
            self._changed.clear()
            with contextlib.suppress(DatabaseAway):
                snapshot = await self._bulletin.changes()
                if snapshot is not None:
                    self.counter.tell_all(snapshot)

    async def _purge_always(self) -> None:
        while True:
            with contextlib.suppress(DatabaseAway):
                await self._front.do(idempotency.purge, at=self._clock.now())
            await asyncio.sleep(self._settings.purge_every_s)

    async def _ship_last(self) -> None:
        with contextlib.suppress(DatabaseAway):
            await self._back.do(self._shipper.ship_new, at=self._clock.now())


def socket_path(data_dir: Path) -> Path:
    return data_dir / "run" / "till.sock"


@contextlib.asynccontextmanager
async def _listening(session: Callable[[], Session], path: Path) -> AsyncIterator[None]:
    """Listen on the till's socket, for the same user only."""
    with _bound(path) as listener:
        server = await asyncio.get_running_loop().create_unix_server(session, sock=listener)
        try:
            yield
        finally:
            server.close()


@contextlib.contextmanager
def _alone(run_dir: Path) -> Iterator[None]:
    """One till for a data folder: the kernel forgets the lock of a dead one."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "till.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextlib.contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """A socket of mode 0600 that takes its name only when it is ready."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(str(fresh))
        finally:
            os.umask(before)
        listener.listen()
        os.replace(fresh, path)
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)


async def serve(
    data_dir: Path,
    *,
    stop: asyncio.Event,
    clock: Clock | None = None,
    settings: TillSettings | None = None,
) -> None:
    """Run a till for a data folder until `stop` is set."""
    till = Till(
        data_dir, clock=clock or clock_for(data_dir), settings=settings or TillSettings()
    )
    await till.run(stop)

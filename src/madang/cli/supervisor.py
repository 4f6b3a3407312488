"""Keeps processes alive: starts them in order, restarts what dies, stops them in reverse.

One task per process, born in one task group. A process that dies is started again after a
back-off that grows while it keeps dying and is forgotten once it has lived. Output goes to one
log file per process, whose size has a limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from madang.cli.errors import ProcessNotReady
from madang.cli.probes import Probe

READY_S_MAX = 90
STOP_S_MAX = 30
POLL_S = 0.05
LOG_BYTES_MAX = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the n-th restart in a row."""

    first_s: float = 0.2
    factor: float = 2.0
    longest_s: float = 10.0
    forgiven_after_s: float = 30.0

    def delay_s(self, deaths: int) -> float:
        """`deaths` in a row, 1 for the first."""
        return min(self.longest_s, self.first_s * self.factor ** min(deaths - 1, 16))


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep: its command, what it is told, and how one sees that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    is_ready: Probe


@dataclass(frozen=True, slots=True)
class ServiceStatistics:
    """How a kept process is doing."""

    name: str
    pid: int | None
    starts: int
    deaths_in_a_row: int


@dataclass
class Keeper:
    """One process, started again until told to stop."""

    service: Service
    log: Path
    backoff: Backoff = field(default_factory=Backoff)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    deaths: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def statistics(self) -> ServiceStatistics:
        pid = self.process.pid if self.process and self.process.returncode is None else None
        return ServiceStatistics(self.service.name, pid, self.starts, self.deaths)

    async def keep(self) -> None:
        """Run the process until `stopping`; what dies before is started again."""
        loop = asyncio.get_running_loop()
        while not self.stopping.is_set():
            born = loop.time()
            await self._run_once()
            lived_s = loop.time() - born
            self.deaths = 1 if lived_s >= self.backoff.forgiven_after_s else self.deaths + 1
            await self._pause(self.backoff.delay_s(self.deaths))

    async def _run_once(self) -> None:
        with open_log(self.log) as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.service.command,
                env=dict(self.service.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.starts += 1
        if self.stopping.is_set():  # asked to stop while it was being born
            self.process.terminate()
        await self.process.wait()

    async def _pause(self, delay_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), delay_s)

    async def until_ready(self, limit_s: float = READY_S_MAX) -> None:
        """Wait until the process answers. Raises ProcessNotReady after `limit_s`."""
        try:
            async with asyncio.timeout(limit_s):
                while not await self.service.is_ready():
                    await self._pause(POLL_S)
        except TimeoutError as err:
            raise ProcessNotReady(
                process=self.service.name, waited_s=int(limit_s), log=str(self.log)
            ) from err

    async def stop(self, limit_s: float = STOP_S_MAX) -> None:
        """Ask the process to end (SIGTERM); end its whole session when it does not."""
        self.stopping.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), limit_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@contextlib.contextmanager
def open_log(path: Path) -> Iterator[IO[bytes]]:
    """The log of a process, appended to; a full one becomes NAME.1 first."""
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        os.replace(path, path.with_name(path.name + ".1"))
    with path.open("ab") as output:
        yield output


class Supervisor:
    """Starts services together, stops them in the reverse of the order given.

    Each waits by itself for what it needs (a gateway for its till, all for the database), as
    it must anyway when one of them is started again.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.keepers: list[Keeper] = []
        self._stopped = asyncio.Event()

    def request_stop(self) -> None:
        self._stopped.set()

    def statistics(self) -> list[ServiceStatistics]:
        return [keeper.statistics() for keeper in self.keepers]

    def pids(self) -> dict[str, int]:
        found = {one.name: one.pid for one in self.statistics()}
        return {name: pid for name, pid in found.items() if pid is not None}

    async def run(
        self,
        services: Sequence[Service],
        on_ready: Callable[[], None],
        watch: Callable[[asyncio.Event], Coroutine[None, None, None]],
    ) -> None:
        """Keep all services until a stop is requested; `watch` runs beside them.

        Raises ProcessNotReady when one does not become ready at the start; the others are
        stopped in good order then, too.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(self._stopped))
            try:
                await self._start(services, tasks)
                if not self._stopped.is_set():
                    on_ready()
                await self._stopped.wait()
            except ProcessNotReady as error:
                failure: ProcessNotReady | None = error
            else:
                failure = None
            finally:
                self._stopped.set()
                for keeper in reversed(self.keepers):
                    await keeper.stop()
        if failure is not None:
            raise failure

    async def _start(self, services: Sequence[Service], tasks: asyncio.TaskGroup) -> None:
        """Start all, and return when all are ready or a stop is requested."""
        for service in services:
            keeper = Keeper(service, self._logs / f"{service.name}.log")
            self.keepers.append(keeper)
            tasks.create_task(keeper.keep())
        ready = {asyncio.create_task(keeper.until_ready()) for keeper in self.keepers}
        stop = asyncio.create_task(self._stopped.wait())
        try:
            while ready and not stop.done():
                done, _ = await asyncio.wait(
                    {*ready, stop}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done & ready:
                    task.result()
                ready -= done
        finally:
            for task in (*ready, stop):
                task.cancel()

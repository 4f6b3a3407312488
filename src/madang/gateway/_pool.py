"""Connections to suppliers, kept for reuse, with a limit for each origin.

The last one used is used first. A call that finds none waits for a connect of its own or, at
the limit, for one to come back. An idle connection on which something arrives is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from madang.gateway._addresses import Origin, UpstreamRefused, resolve
from madang.gateway._log import log
from madang.gateway._upstream import UpstreamConnection
from madang.gateway.settings import Limits


class Seeker(Protocol):
    """A call that needs a connection."""

    def connected(self, connection: UpstreamConnection) -> None: ...

    def not_connected(self, reason: str, *, timed_out: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    origins: int
    open: int
    idle: int
    waiting: int
    connects: int
    connect_failures: int


class Pool:
    """The connections to one origin."""

    def __init__(self, pools: Pools, origin: Origin, connections_max: int) -> None:
        self.origin = origin
        self.connections_max = connections_max
        self.open = 0
        self.idle: list[UpstreamConnection] = []
        self.waiting: deque[Seeker] = deque()
        self._pools = pools

    def take(self) -> UpstreamConnection | None:
        """An idle connection, at once."""
        while self.idle:
            connection = self.idle.pop()
            if not connection.is_closed and not connection.transport.is_closing():
                return connection
        return None

    def seek(self, call: Seeker) -> None:
        """Connect for a call, or let it wait its turn."""
        if self.open < self.connections_max:
            self.open += 1
            self._pools.spawn(self, call)
        elif len(self.waiting) < self._pools.limits.pool_waiters_max:
            self.waiting.append(call)
        else:
            call.not_connected("too many calls wait for it", timed_out=False)

    def forget(self, call: Seeker) -> None:
        if call in self.waiting:
            self.waiting.remove(call)

    def give(self, connection: UpstreamConnection) -> None:
        """A connection whose exchange is over."""
        if self.waiting:
            self.waiting.popleft().connected(connection)
        else:
            connection.idle_since = self._pools.now()
            self.idle.append(connection)

    def closed(self, connection: UpstreamConnection) -> None:
        if connection in self.idle:
            self.idle.remove(connection)
        self.failed()

    def failed(self) -> None:
        """One connection fewer: the next in the queue may try."""
        self.open -= 1
        if self.waiting and self.open < self.connections_max:
            self.seek(self.waiting.popleft())

    def sweep(self, now: float, idle_s_max: float) -> None:
        for connection in [one for one in self.idle if now - one.idle_since > idle_s_max]:
            connection.abort()


class Pools:
    """All pools of a worker, and the tasks that connect."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self.limits = limits
        self.now: Callable[[], float] = loop.time
        self._loop = loop
        self._pools: dict[Origin, Pool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tls: ssl.SSLContext | None = None
        self._counts = [0, 0]  # connects, failures

    def pool(self, origin: Origin, connections_max: int) -> Pool:
        found = self._pools.get(origin)
        if found is None:
            found = self._pools[origin] = Pool(self, origin, connections_max)
        found.connections_max = connections_max
        return found

    def spawn(self, pool: Pool, call: Seeker) -> None:
        task = self._loop.create_task(self._connect(pool, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, pool: Pool, call: Seeker) -> None:
        """Resolve, check, pin, connect: within one limit of time."""
        reason, timed_out = "", False
        try:
            async with asyncio.timeout(self.limits.connect_s_max):
                connection = await self._open(pool)
        except TimeoutError:
            reason, timed_out = "it cannot be reached", True
        except (OSError, UpstreamRefused, ssl.SSLError) as err:
            reason = "it cannot be reached"
            log("warning", "upstream.connect.failed", host=pool.origin.host, why=str(err))
        self._counts[1 if reason else 0] += 1
        if not reason:
            call.connected(connection)
            return
        pool.failed()
        call.not_connected(reason, timed_out=timed_out)

    async def _open(self, pool: Pool) -> UpstreamConnection:
        origin = pool.origin
        address = await resolve(origin)
        if origin.is_tls and self._tls is None:
            self._tls = ssl.create_default_context()
        _, connection = await self._loop.create_connection(
            lambda: UpstreamConnection(pool),
            address,
            origin.port,
            ssl=self._tls if origin.is_tls else None,
            server_hostname=origin.host if origin.is_tls else None,
        )
        return connection

    def sweep(self, now: float) -> None:
        for pool in self._pools.values():
            pool.sweep(now, self.limits.pool_idle_s_max)

    async def close(self) -> None:
        """Cancel connects and close what is idle."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pool in self._pools.values():
            for connection in list(pool.idle):
                connection.abort()

    def statistics(self) -> PoolStatistics:
        pools = list(self._pools.values())
        return PoolStatistics(
            origins=len(pools),
            open=sum(pool.open for pool in pools),
            idle=sum(len(pool.idle) for pool in pools),
            waiting=sum(len(pool.waiting) for pool in pools),
            connects=self._counts[0],
            connect_failures=self._counts[1],
        )

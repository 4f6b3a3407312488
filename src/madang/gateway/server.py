"""The process of one gateway worker: start, serve, stop in good order.

`serve` is a plain function; the command line and `python -m madang.gateway` call it. Workers
of one host share a port (SO_REUSEPORT) and the till.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import uvloop

from madang.core.clock import Clock, clock_for
from madang.gateway._http import Connection
from madang.gateway._log import log
from madang.gateway._worker import SWEEP_S, Worker
from madang.gateway.settings import Settings

BACKLOG = 2048
GARBAGE_THRESHOLD = 20_000
POLL_S = 0.02
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

FENCED_EXIT_CODE = 3


def serve(settings: Settings, *, on_ready: Callable[[int], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns an exit code: 0, or 3 when fenced.

    `on_ready` is told the port once connections are taken.
    """
    clock = clock_for(settings.data_dir)
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)  # calls leave no cycles behind
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Server(settings, clock, on_ready).run())


class _Server:
    """What `serve` does, step by step."""

    def __init__(
        self, settings: Settings, clock: Clock, on_ready: Callable[[int], None] | None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_ready = on_ready
        self._exit_code = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

        def fenced() -> None:
            self._exit_code = FENCED_EXIT_CODE
            stop.set()

        worker = Worker(
            loop,
            self._settings,
            self._clock,
            boot_id=_boot_id(),
            pid=os.getpid(),
            on_fenced=fenced,
        )
        listener = _listen(self._settings.host, self._settings.port)
        server = await loop.create_server(
            lambda: Connection(worker), sock=listener, backlog=BACKLOG
        )
        port: int = listener.getsockname()[1]
        log("info", "gateway.ready", worker=self._settings.worker, port=port)
        if self._on_ready is not None:
            self._on_ready(port)
        async with asyncio.TaskGroup() as tasks:
            line = tasks.create_task(worker.till.run())
            sweeper = tasks.create_task(_sweep(worker))
            await stop.wait()
            server.close()
            await self._drain(worker)
            sweeper.cancel()
            line.cancel()
        log("info", "gateway.stopped", worker=self._settings.worker)
        return self._exit_code

    async def _drain(self, worker: Worker) -> None:
        """Take no more calls, let those that go on end, give leases back, close the journal."""
        loop = asyncio.get_running_loop()
        worker.is_stopping = True
        for connection in list(worker.connections):
            connection.stop()
        until = loop.time() + self._settings.limits.shutdown_s_max
        while not worker.is_quiet and loop.time() < until:
            await asyncio.sleep(POLL_S)
        await worker.close()


async def _sweep(worker: Worker) -> None:
    while True:
        await asyncio.sleep(SWEEP_S)
        worker.sweep()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.setblocking(False)  # noqa: FBT003  the socket's own signature
    return listener


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""

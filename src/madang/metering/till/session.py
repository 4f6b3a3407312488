"""One connection to the till: who is there, what it says, and what it is told."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable

import msgspec

from madang.metering.till.models import WorkerEpoch
from madang.wire.messages import Frames, FromTill, ToTill, frame, to_till

MESSAGES_WAITING_MAX = 10_000
BYTES_UNREAD_MAX = 64 * 1024 * 1024
_PEER = struct.Struct("3i")

log = logging.getLogger("madang.till")

Handler = Callable[["Session", ToTill], Awaitable[None]]


class Session(asyncio.Protocol):
    """A worker, or a command, from its first message to its last.

    Messages are handled one after the other: what a worker says later may rest on what it
    said before. A peer of another uid is not listened to.
    """

    def __init__(self, handle: Handler, on_closed: Callable[[Session], None]) -> None:
        self.epoch: WorkerEpoch | None = None
        self.worker_pid = 0
        self._handle = handle
        self._on_closed = on_closed
        self._frames = Frames()
        self._messages: asyncio.Queue[ToTill] = asyncio.Queue(MESSAGES_WAITING_MAX)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a stream socket"
        uid, pid = _peer_of(transport.get_extra_info("socket"))
        if uid != os.getuid():
            log.warning("till.peer.refused uid=%d", uid)
            transport.abort()
            return
        self._transport, self.worker_pid = transport, pid
        self._task = asyncio.get_running_loop().create_task(self._work())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A message that could not be handled: the peer must not wait for ever, so let go."""
        if not task.cancelled() and task.exception() is not None:
            log.error("till.session.failed", exc_info=task.exception())
            self.drop()

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._messages.put_nowait(to_till.decode(body))
        except (ValueError, msgspec.DecodeError, asyncio.QueueFull) as err:
            log.warning("till.message.refused why=%s", err)
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._task is not None:
            self._task.cancel()
        self._on_closed(self)

    async def _work(self) -> None:
        while True:
            message = await self._messages.get()
            await self._handle(self, message)

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def tell(self, message: FromTill) -> bool:
        """Send; False when nobody is there. One that does not read is dropped."""
        if self._transport is None:
            return False
        if self._transport.get_write_buffer_size() > BYTES_UNREAD_MAX:
            self.drop()
            return False
        self._transport.write(frame(message))
        return True

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _peer_of(peer: socket.socket) -> tuple[int, int]:
    """The peer's uid and pid, as the kernel says."""
    data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, uid, _ = _PEER.unpack(data)
    return uid, pid

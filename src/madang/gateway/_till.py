"""The worker's line to the till: one Unix socket, kept up, spoken in wire messages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import msgspec

from madang.gateway._log import log
from madang.wire.messages import Frames, FromTill, Hello, ToTill, frame, from_till

RETRY_S_MIN = 0.05
RETRY_S_MAX = 1.0


class TillListener(Protocol):
    """The worker, as the line sees it."""

    def hello(self) -> Hello: ...

    def told(self, message: FromTill) -> None: ...

    def till_lost(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TillStatistics:
    is_connected: bool
    connects: int
    sent: int
    received: int


class _Line(asyncio.Protocol):
    def __init__(self, till: Till) -> None:
        self._till = till
        self._frames = Frames()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._till.opened(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._till.received(from_till.decode(body))
        except (ValueError, msgspec.DecodeError) as err:
            log("error", "till.message.unreadable", why=str(err))
            self._till.drop()

    def connection_lost(self, error: Exception | None) -> None:
        self._till.closed()
        if not self.lost.done():
            self.lost.set_result(None)


class Till:
    """Connects, says Hello, and connects again whenever the line is lost."""

    def __init__(self, path: Path, listener: TillListener) -> None:
        self._path = path
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._counts = [0, 0, 0]  # connects, sent, received

    async def run(self) -> None:
        """Keep the line up until cancelled."""
        loop = asyncio.get_running_loop()
        retry_s = RETRY_S_MIN
        while True:
            try:
                _, line = await loop.create_unix_connection(
                    lambda: _Line(self), str(self._path)
                )
            except OSError:
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, RETRY_S_MAX)
                continue
            retry_s = RETRY_S_MIN
            await line.lost
            await asyncio.sleep(retry_s)

    def opened(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._counts[0] += 1
        self.send(self._listener.hello())

    def closed(self) -> None:
        self._transport = None
        self._listener.till_lost()

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def received(self, message: FromTill) -> None:
        self._counts[2] += 1
        self._listener.told(message)

    def send(self, message: ToTill) -> bool:
        """False when the line is down."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(frame(message))
        self._counts[1] += 1
        return True

    @property
    def is_connected(self) -> bool:
        return self._transport is not None

    def statistics(self) -> TillStatistics:
        connects, sent, received = self._counts
        return TillStatistics(self.is_connected, connects, sent, received)

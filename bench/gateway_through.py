"""Our own pass-through: the same two parsers and loop as the gateway, and nothing of metering.

What is left between this and the gateway is what metering costs.
"""

from __future__ import annotations

import asyncio
import sys

import httptools
import uvloop

HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n"
)


class Front(asyncio.Protocol):
    def __init__(self, port: int, idle: list[Back]) -> None:
        self._port, self._idle = port, idle
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        body, self._body = b"".join(self._body), []
        if self._idle:
            self._idle.pop().send(self, body)
        else:
            self._task = asyncio.get_running_loop().create_task(self._connect(body))

    async def _connect(self, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        _, back = await loop.create_connection(
            lambda: Back(self._idle), "127.0.0.1", self._port
        )
        back.send(self, body)


class Back(asyncio.Protocol):
    def __init__(self, idle: list[Back]) -> None:
        self._idle = idle
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport) -> None:
        self._transport = transport

    def send(self, front: Front, body: bytes) -> None:
        self._front = front
        self._transport.write(HEAD % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if not self._front.transport.is_closing():
            self._front.transport.write(data)

    def on_message_complete(self) -> None:
        self._idle.append(self)


async def main(port: int, upstream: int) -> None:
    loop = asyncio.get_running_loop()
    idle: list[Back] = []
    server = await loop.create_server(lambda: Front(upstream, idle), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))

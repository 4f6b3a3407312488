"""A supplier for benchmarks: prepared answers, raw protocol, so that it never is the limit."""

from __future__ import annotations

import asyncio
import json
import sys

import httptools
import uvloop

USAGE = {"prompt_tokens": 120, "completion_tokens": 32, "total_tokens": 152}
EVENTS = 32


def whole() -> bytes:
    """About 600 bytes of answer."""
    text = "마당에서는 누구나 모델을 골라 씁니다. " * 6
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    answer = {
        "id": "chatcmpl-0123456789",
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": "mock",
        "choices": [choice],
        "usage": USAGE,
    }
    body = json.dumps(answer, ensure_ascii=False).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def events() -> list[bytes]:
    """32 tokens, a stop, the usage and the end: 35 events."""
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "mock"}

    def one(**more: object) -> bytes:
        return json.dumps(base | more, separators=(",", ":"), ensure_ascii=False).encode()

    found = [
        one(choices=[{"index": 0, "delta": {"content": f"말{n} "}, "finish_reason": None}])
        for n in range(EVENTS)
    ]
    found.append(one(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    found += [one(choices=[], usage=USAGE), b"[DONE]"]
    return [b"data: " + event + b"\n\n" for event in found]


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
WHOLE = whole()
PIECES = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in events()]
STREAM = STREAM_HEAD + b"".join(PIECES) + b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """Answers each request at once: whole, as a stream, or as a stream with pauses."""

    def __init__(self, pace_s: float) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._pace_s = pace_s
        self._is_stream = False

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._is_stream = self._is_stream or b'"stream":true' in data

    def on_message_complete(self) -> None:
        if not self._is_stream:
            self._transport.write(WHOLE)
        elif self._pace_s:
            self._transport.write(STREAM_HEAD)
            self._next(0)
        else:
            self._transport.write(STREAM)
        self._is_stream = False

    def _next(self, number: int) -> None:
        if number == len(PIECES):
            self._transport.write(b"0\r\n\r\n")
            return
        self._transport.write(PIECES[number])
        asyncio.get_running_loop().call_later(self._pace_s, self._next, number + 1)


async def main(port: int, pace_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(pace_s), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))

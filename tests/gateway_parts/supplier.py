"""A supplier for tests: counts what it served, misbehaves on request.

A call's `user` field may hold directives as JSON: {"out": 5, "mode": "truncate", …}. The
supplier keeps its own statement, by the call id in the header: what the gateway charged is
compared with it, and the two share no code.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from gateway_parts.loop import LoopThread

EVENT_PAUSE_S = 0.005


@dataclass
class Served:
    """One line of the supplier's statement."""

    body: dict
    headers: dict[str, str]
    prompt_tokens: int = 0
    completion_tokens: int = 0
    is_cut: bool = False
    attempts: int = 1


@dataclass
class Supplier:
    """Runs in a thread of its own."""

    served: dict[str, Served] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(
        default_factory=lambda: defaultdict(threading.Event)
    )
    connections: int = 0
    port: int = 0
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._thread = LoopThread()
        self._thread.run(self._open())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()

        for gate in self.gates.values():
            gate.set()
        self._thread.run(close())
        self._thread.stop()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader, writer) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        raw = await reader.readexactly(int(headers["content-length"]))
        body = json.loads(raw)
        call = headers["x-madang-call-id"]
        asked = json.loads(body["user"]) if str(body.get("user", "")).startswith("{") else {}
        text = json.dumps(body.get("messages") or body.get("prompt") or body.get("input"))
        served = Served(body, headers, prompt_tokens=asked.get("in", len(text.split())))
        if call in self.served:
            served.attempts = self.served[call].attempts + 1
        self.served[call] = served
        return await self._answer(first.split(" ")[1], asked, served, writer)

    async def _answer(self, path: str, asked: dict, served: Served, writer) -> bool:
        mode = asked.get("mode", "")
        if gate := asked.get("gate"):
            await asyncio.get_running_loop().run_in_executor(None, self.gates[gate].wait, 20)
        if mode == "close":
            writer.close()
            return False
        if mode == "hang":
            await asyncio.sleep(3600)
        if mode == "status":
            body = json.dumps({"error": {"message": "no"}}).encode()
            writer.write(_head(asked["status"], "application/json", len(body)) + body)
            await writer.drain()
            return True
        if path.endswith("/embeddings"):
            vectors = _embedding(served)
            if mode == "no_usage":
                del vectors["usage"]
            return await self._whole(vectors, asked, served, writer)
        limit = served.body["max_tokens"] * served.body.get("n", 1)
        out = min(asked.get("out", 5), limit) if mode != "above" else asked["out"]
        served.completion_tokens = out
        if served.body.get("stream"):
            return await self._stream(out, asked, served, writer)
        return await self._whole(_completion(out, path, asked, served), asked, served, writer)

    async def _whole(self, answer: dict, asked: dict, served: Served, writer) -> bool:
        mode = asked.get("mode", "")
        body = json.dumps(answer, ensure_ascii=False).encode()
        if mode == "not_json":
            body = b"<html>sorry</html>"
        if mode == "truncate":
            writer.write(_head(200, "application/json", len(body)) + body[: len(body) // 2])
            await writer.drain()
            writer.close()
            return False
        writer.write(_head(200, "application/json", len(body)))
        for start in range(0, len(body), asked.get("piece", len(body))):
            writer.write(body[start : start + asked.get("piece", len(body))])
            await writer.drain()
        return True

    async def _stream(self, out: int, asked: dict, served: Served, writer) -> bool:
        mode, eol = asked.get("mode", ""), asked.get("eol", "\n").encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        events = _events(out, asked, served)
        if mode in {"truncate", "stall"}:
            whole = list(events)
            events = iter(whole[: len(whole) // 2])
        for number, event in enumerate(events):
            data = b"data: " + event.replace(b"\n", eol + b"data: ") + eol * 2
            try:
                writer.write(b"%x\r\n%b\r\n" % (len(data), data))
                await writer.drain()
            except ConnectionError:
                served.is_cut = True
                served.completion_tokens = number
                raise
            if asked.get("pace"):
                await asyncio.sleep(EVENT_PAUSE_S)
            if writer.transport.is_closing():
                served.is_cut = True
                return False
        if mode == "truncate":
            writer.close()
            return False
        if mode in {"linger", "stall"}:
            await asyncio.sleep(3600)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def usage_of(served: Served, asked: dict) -> dict:
    usage = {
        "prompt_tokens": served.prompt_tokens,
        "completion_tokens": served.completion_tokens,
        "total_tokens": served.prompt_tokens + served.completion_tokens,
    }
    if "cached" in asked:
        usage["prompt_tokens_details"] = {"cached_tokens": asked["cached"]}
    return usage | asked.get("usage", {})


def _head(status: int, kind: str, length: int) -> bytes:
    text = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
    return text.encode()


def _embedding(served: Served) -> dict:
    return {
        "object": "list",
        "model": "mock",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
        "usage": {
            "prompt_tokens": served.prompt_tokens,
            "total_tokens": served.prompt_tokens,
        },
    }


def _completion(out: int, path: str, asked: dict, served: Served) -> dict:
    said = asked.get("say", " ".join(["마당"] * out))
    choice = {"index": 0, "finish_reason": "stop"}
    if path.endswith("/chat/completions"):
        choice["message"] = {"role": "assistant", "content": said} | asked.get("message", {})
    else:
        choice["text"] = said
    answer = {
        "id": "x", "object": "chat.completion", "created": 1, "model": "mock",
        "choices": [choice], "usage": usage_of(served, asked),
    }  # fmt: skip
    if asked.get("mode") == "no_usage":
        del answer["usage"]
    return answer


def _events(out: int, asked: dict, served: Served):
    mode = asked.get("mode", "")
    base = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
    if asked.get("null_usage"):
        base["usage"] = None

    def event(delta: dict, reason=None, **more) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
        return json.dumps(base | {"choices": choices} | more, ensure_ascii=False).encode()

    yield event({"role": "assistant", "content": ""})
    for place in range(out):
        yield event({"content": asked.get("say", f"마당{place} ")})
    for delta in asked.get("deltas", []):
        yield event(delta)
    if mode == "error_event":
        yield json.dumps({"error": {"message": "overloaded"}}).encode()
        return
    usage = usage_of(served, asked)
    if mode == "no_usage":
        yield event({}, asked.get("reason", "stop"))
    elif mode == "usage_in_last":
        yield event({}, asked.get("reason", "stop"), usage=usage)
    else:
        yield event({}, asked.get("reason", "stop"))
        yield json.dumps(base | {"choices": [], "usage": usage}).encode()
    if mode != "no_done":
        yield b"[DONE]"

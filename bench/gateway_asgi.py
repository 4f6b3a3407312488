"""A peer: the same metering as an ASGI app (uvicorn in front, aiohttp behind), no journal.

Key check, parse, reservation, usage, charge, all in memory: what a web framework costs when
nothing else differs.
"""

from __future__ import annotations

import hashlib
import os

import aiohttp
import msgspec

UPSTREAM = os.environ["BENCH_UPSTREAM"] + "/v1/chat/completions"
KEYS = {hashlib.sha256(os.environ["BENCH_KEY"].encode()).digest(): "voucher"}
PRICE_IN, PRICE_OUT = 1_400_000_000, 4_200_000_000
state = {"free": 10**18, "charged": 0}
_session: list[aiohttp.ClientSession] = []


class Ask(msgspec.Struct):
    model: str
    messages: msgspec.Raw
    max_tokens: int = 2048
    stream: bool = False


class Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int


class Answer(msgspec.Struct):
    usage: Usage | None = None


_asks = msgspec.json.Decoder(Ask)
_answers = msgspec.json.Decoder(Answer)


def cost(tokens_in: int, tokens_out: int) -> int:
    return -(-(tokens_in * PRICE_IN + tokens_out * PRICE_OUT) // 10**6)


def find_usage(data: bytes) -> Usage | None:
    for event in reversed(data.split(b"\n\n")):
        if event.startswith(b"data: {") and b'"usage"' in event:
            return _answers.decode(event[6:]).usage
    return None


async def app(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    secret = dict(scope["headers"]).get(b"authorization", b"")[7:]
    if hashlib.sha256(secret).digest() not in KEYS:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    ask = _asks.decode(body)
    est = cost(len(bytes(ask.messages)), ask.max_tokens)
    state["free"] -= est
    await relay(ask, body, est, send)


async def relay(ask: Ask, body: bytes, est: int, send) -> None:
    headers = {"content-type": "application/json", "authorization": "Bearer sk-bench"}
    async with _session[0].post(UPSTREAM, data=body, headers=headers) as response:
        kind = response.headers["content-type"].encode()
        start = {"type": "http.response.start", "status": response.status}
        if ask.stream:
            await send({**start, "headers": [(b"content-type", kind)]})
            tail = b""
            async for data in response.content.iter_any():
                tail = (tail + data)[-4096:]
                await send({"type": "http.response.body", "body": data, "more_body": True})
            settle(est, find_usage(tail))
            await send({"type": "http.response.body", "body": b""})
        else:
            answer = await response.read()
            settle(est, _answers.decode(answer).usage)
            size = str(len(answer)).encode()
            lines = [(b"content-type", kind), (b"content-length", size)]
            await send({**start, "headers": lines})
            await send({"type": "http.response.body", "body": answer})


def settle(est: int, usage: Usage | None) -> None:
    charge = cost(usage.prompt_tokens, usage.completion_tokens) if usage else est
    state["free"] += est - charge
    state["charged"] += charge


async def lifespan(receive, send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            connector = aiohttp.TCPConnector(limit=0)
            _session.append(aiohttp.ClientSession(connector=connector, auto_decompress=False))
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await _session[0].close()
            await send({"type": "lifespan.shutdown.complete"})
            return

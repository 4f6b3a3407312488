"""How is the till: /healthz and /metrics, on a loopback port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

REQUEST_BYTES_MAX = 16 * 1024
REQUEST_S_MAX = 5.0


@dataclass(frozen=True, slots=True)
class TillStatistics:
    """The till at one instant; `*_total` only ever rise."""

    database_up: bool
    journals_damaged: int
    workers: int
    returns_waiting: int
    replays_waiting: int
    calls_total: int
    granted_total: int
    denied_total: int
    returned_total: int

    @property
    def is_well(self) -> bool:
        return self.database_up and not self.journals_damaged


class _Numbers(Collector):
    def __init__(self, statistics: Callable[[], TillStatistics]) -> None:
        self._statistics = statistics

    def collect(self) -> Iterator[Metric]:
        for name, value in asdict(self._statistics()).items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield kind(f"madang_till_{name}", name.replace("_", " "), value=value)


class Health:
    """Answers on loopback; the port stands in DATA/run/till.port."""

    def __init__(self, statistics: Callable[[], TillStatistics]) -> None:
        self._statistics = statistics
        self._registry = CollectorRegistry()
        self._registry.register(_Numbers(statistics))

    @contextlib.asynccontextmanager
    async def listening(self, port: int, port_file: Path) -> AsyncIterator[int]:
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, limit=REQUEST_BYTES_MAX
        )
        bound = int(server.sockets[0].getsockname()[1])
        port_file.write_text(str(bound))
        try:
            yield bound
        finally:
            server.close()
            port_file.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_S_MAX)
            words = head.split(b" ", 2)
            writer.write(self._answer(words[1] if len(words) == 3 else b""))
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            pass
        finally:
            writer.close()

    def _answer(self, path: bytes) -> bytes:
        if path == b"/metrics":
            return _response(
                "200 OK", "text/plain; version=0.0.4", generate_latest(self._registry)
            )
        if path == b"/healthz":
            found = self._statistics()
            status = "200 OK" if found.is_well else "503 Service Unavailable"
            return _response(status, "application/json", _json(asdict(found)))
        return _response("404 Not Found", "text/plain", b"")


def _json(data: Mapping[str, object]) -> bytes:
    return json.dumps(data).encode()


def _response(status: str, media_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body

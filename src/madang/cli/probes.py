"""Is it ready? Small questions to a process: does its port or socket answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

ANSWER_S_MAX = 5.0
Probe = Callable[[], Coroutine[None, None, bool]]


def http_ok(host: str, port: int, path: str = "/healthz") -> Probe:
    """Ready when GET answers 200."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                return await _get_status(host, port, path) == "200"
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False

    return probe


async def _get_status(host: str, port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        line = await reader.readline()
        return line.decode("latin-1").split(" ")[1] if line.count(b" ") else ""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def unix_socket_accepts(path: Path) -> Probe:
    """Ready when a connection to the socket is accepted."""

    async def probe() -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(path))
        except OSError:
            return False
        writer.close()
        return True

    return probe


async def at_once() -> bool:
    """For a process that others do not wait for."""
    return True


def port_is_free(host: str, port: int) -> bool:
    """True when nobody listens there. A port just left (TIME_WAIT) counts as free."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str) -> int:
    """A port on which nobody listens now. Whoever takes it next may still be somebody else."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])

"""HTTP/1.1 as a cluster's daemon speaks it: one request, one answer, on a connection of ours.

The standard library's client reads the head of each answer as if it were a letter, which took
more of the processor than all the rest of a submission's request.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from http import HTTPStatus
from typing import BinaryIO

LINE_BYTES_MAX = 65_536
HEAD_LINES_MAX = 100
NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f]")
NOT_IN_A_PATH = re.compile(r"[^\x21-\x7e]")
STATUS_LINE = re.compile(rb"HTTP/(1\.\d) (\d{3})(?: [^\r\n]*)?\r?\n")
DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
HEX_DIGITS = re.compile(rb"[0-9a-fA-F]{1,15}")
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
INFORMATIONAL = range(100, 200)


class NoAnswer(Exception):
    """What came is no whole answer."""


class Wire:
    """One connection. After an error it is to be closed; so it is where `is_kept` is false."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        """Raises OSError."""
        self.sock = socket.create_connection((host, port), timeout_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.is_kept = True

    def close(self) -> None:
        self.sock.close()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], content: str | None
    ) -> bytes:
        """The body of the answer, whatever its status. Raises OSError, NoAnswer, and ValueError
        before anything is sent."""
        self.sock.sendall(self._request(method, path, headers, content))
        with self.sock.makefile("rb") as answer:
            return self._read(answer)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], content: str | None
    ) -> bytes:
        if NOT_IN_A_PATH.search(path):
            raise ValueError("a path of other characters")
        body = b"" if content is None else content.encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._place}"]
        lines.append("Accept-Encoding: identity")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content is not None or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        if any(NOT_IN_A_LINE.search(line) for line in lines):
            raise ValueError("a header of more than one line")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _read(self, answer: BinaryIO) -> bytes:
        version, status, head = _head(answer)
        while status in INFORMATIONAL:
            version, status, head = _head(answer)
        said = head.get("connection", "").lower()
        self.is_kept = "keep-alive" in said if version == b"1.0" else "close" not in said
        if status in BODILESS:
            return b""
        if head.get("transfer-encoding", "").lower() == "chunked":
            return _chunks(answer)
        if DIGITS.fullmatch(length := head.get("content-length", "")):
            return _exactly(answer, int(length))
        self.is_kept = False  # what has no length ends with its connection
        return answer.read()


def _head(answer: BinaryIO) -> tuple[bytes, int, dict[str, str]]:
    """Version, status, and the lines by their names in small letters."""
    first = STATUS_LINE.fullmatch(_line(answer))
    if first is None:
        raise NoAnswer("no status")
    head: dict[str, str] = {}
    for _ in range(HEAD_LINES_MAX):
        line = _line(answer).rstrip(b"\r\n")
        if not line:
            return first[1], int(first[2]), head
        name, _, value = line.decode("latin-1").partition(":")
        head[name.lower()] = value.strip()
    raise NoAnswer("a head of too many lines")


def _line(answer: BinaryIO) -> bytes:
    line = answer.readline(LINE_BYTES_MAX)
    if not line.endswith(b"\n"):
        raise NoAnswer("it ended within its head" if line else "the connection was closed")
    return line


def _exactly(answer: BinaryIO, size: int) -> bytes:
    read = answer.read(size)
    if len(read) < size:
        raise NoAnswer(f"it ended after {len(read)} of {size} bytes")
    return read


def _chunks(answer: BinaryIO) -> bytes:
    found = []
    while size := _size(_line(answer)):
        found.append(_exactly(answer, size))
        if _line(answer).strip():
            raise NoAnswer("a chunk longer than its size")
    while _line(answer).strip():
        continue  # lines behind the last chunk say nothing that is asked for
    return b"".join(found)


def _size(line: bytes) -> int:
    told = line.partition(b";")[0].strip()
    if not HEX_DIGITS.fullmatch(told):
        raise NoAnswer("a chunk without a size")
    return int(told, 16)

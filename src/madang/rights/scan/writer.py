"""Writes WARC files: one gzip member per record, so that a reader can start at any record."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from madang.core.clock import rfc3339


class Writer:
    """WARC records, one gzip member each."""

    def __init__(self, path: Path, *, compress: bool) -> None:
        self._file = path.open("wb")
        self._compress = compress

    def record(self, kind: str, url: str, at: datetime, block: bytes, mime: str) -> None:
        lines = [
            "WARC/1.0",
            f"WARC-Type: {kind}",
            f"WARC-Date: {rfc3339(at)}",
            f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{self._file.tell():012x}>",
            *([f"WARC-Target-URI: {url}"] if url else []),
            f"Content-Type: {mime}",
            f"Content-Length: {len(block)}",
        ]
        content = "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"
        self._file.write(gzip.compress(content, 5, mtime=0) if self._compress else content)

    def response(
        self,
        url: str,
        at: datetime,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> None:
        head = [f"HTTP/1.1 {status} X", *(f"{n}: {v}" for n, v in headers)]
        block = "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body
        self.record("response", url, at, block, "application/http;msgtype=response")

    def close(self) -> None:
        self._file.close()

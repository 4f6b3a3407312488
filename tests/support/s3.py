"""A store that speaks as much of S3 as packs need, for tests: a real server on loopback.

PUT, GET with ranges, DELETE and listing; signatures are not checked. Objects are in memory.
"""

from __future__ import annotations

import hashlib
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

MODIFIED = "2026-03-03T01:00:00.000Z"


@dataclass
class Bucket:
    """What lies in it; `fails` makes every PUT answer as a store that is out of room."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    fails: bool = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_: object) -> None:
        pass

    @property
    def key(self) -> str:
        return urllib.parse.unquote(urllib.parse.urlparse(self.path).path.split("/", 2)[2])

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.bucket.fails:
            body = b"<Error><Code>InsufficientStorage</Code><Message>full</Message></Error>"
            return self.answer(400, body)
        self.bucket.objects[self.key] = data
        return self.answer(200, ETag=_tag(data))

    def do_GET(self) -> None:
        if "list-type" in self.path:
            return self.answer(200, self.listing())
        data = self.bucket.objects.get(self.key)
        if data is None:
            return self.answer(404)
        facts = {"ETag": _tag(data), "Last_Modified": "Tue, 03 Mar 2026 01:00:00 GMT"}
        wanted = self.headers.get("Range")
        if not wanted:
            return self.answer(200, data, **facts)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last) + 1, len(data))
        facts["Content_Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        return self.answer(206, data[start:end], **facts)

    do_HEAD = do_GET  # noqa: N815  the name that http.server asks for

    def do_DELETE(self) -> None:
        self.bucket.objects.pop(self.key, None)
        self.answer(204)

    def do_POST(self) -> None:
        """The deletion of several at once."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = [part.partition("</Key>")[0] for part in text.split("<Key>")[1:]]
        for key in keys:
            self.bucket.objects.pop(key, None)
        told = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())

    def listing(self) -> bytes:
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        prefix = query.get("prefix", [""])[0]
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{MODIFIED}</LastModified>"
            f"<ETag>{_tag(data)}</ETag><Size>{len(data)}</Size></Contents>"
            for key, data in sorted(self.bucket.objects.items())
            if key.startswith(prefix)
        )
        head = "<ListBucketResult><IsTruncated>false</IsTruncated>"
        return f"{head}{rows}</ListBucketResult>".encode()


def _tag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()}"'


@contextmanager
def bucket() -> Iterator[Bucket]:
    found = Bucket()
    handler = type("Handler", (_Handler,), {"bucket": found})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

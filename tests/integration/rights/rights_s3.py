"""A small server that speaks the part of S3 that a scan needs: PUT, HEAD, GET with ranges.

It checks that requests are signed and dated, not who signed them.
"""

from __future__ import annotations

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=\S+/s3/aws4_request, ?SignedHeaders=")
MISSING = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.objects[self.path] = content
        self.answer(200, b"", ETag=tag(content))

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if not SIGNED.match(self.headers.get("Authorization", "")):
            self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return
        content = self.server.objects.get(self.path)
        if content is None:
            self.answer(404, MISSING)
            return
        known = {"ETag": tag(content), "Last-Modified": "Wed, 25 Nov 2026 03:00:00 GMT"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked is None:
            self.answer(200, content, **known)
            return
        first, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
        place = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        self.answer(206, content[first : last + 1], **known, **place)

    def answer(self, status, content, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def tag(content):
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


class Server:
    """The server on a free port of this machine, until it is left."""

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.objects = {}
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

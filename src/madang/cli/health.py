"""A small page of the worker's own: /healthz and /metrics, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

HOST = "127.0.0.1"


class Page(BaseHTTPRequestHandler):
    """Two addresses; everything else is not found. Requests are not logged."""

    def do_GET(self) -> None:
        match self.path:
            case "/healthz":
                self._send(HTTPStatus.OK, "text/plain", b"ok\n")
            case "/metrics":
                self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())
            case _:
                self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")

    def log_message(self, *_: object) -> None:
        """Health checks are not worth a line."""

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def health_page(port: int, port_file: Path) -> Iterator[int]:
    """Serve the page while the block runs. Port 0 takes a free one; the file says which."""
    with ThreadingHTTPServer((HOST, port), Page) as server:
        taken = server.server_address[1]
        port_file.parent.mkdir(parents=True, exist_ok=True)
        port_file.write_text(str(taken))
        thread = threading.Thread(target=server.serve_forever, name="health")
        thread.start()
        try:
            yield taken
        finally:
            server.shutdown()
            thread.join()
            port_file.unlink(missing_ok=True)

"""A wire between a client and a hub that counts, flips a byte, or stops half-way."""

from __future__ import annotations

import socket
import socketserver
import threading
from urllib.parse import urlsplit

PIECE_BYTES = 64 * 1024


class Proxy:
    """Carries bytes both ways. `flip_at`: the byte of all answers that is altered, once.

    `stop_after`: no more of any answer is carried once that many bytes were.
    """

    def __init__(
        self, url: str, *, flip_at: int | None = None, stop_after: int | None = None
    ) -> None:
        parts = urlsplit(url)
        self._there = (parts.hostname, parts.port)
        self._flip_at, self._stop_after = flip_at, stop_after
        self._lock = threading.Lock()
        self.carried, self.sent, self.flipped = 0, 0, False
        self.asked: list[str] = []
        self.stopped, self._closing = threading.Event(), threading.Event()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._carry(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _carry(self, client: socket.socket) -> None:
        with socket.create_connection(self._there) as hub:
            back = threading.Thread(target=self._answers, args=(hub, client), daemon=True)
            back.start()
            try:
                while piece := client.recv(PIECE_BYTES):
                    with self._lock:
                        self.sent += len(piece)
                        self._note(piece)
                    hub.sendall(piece)
            except OSError:
                pass
            try:
                hub.shutdown(socket.SHUT_WR)
            except OSError:
                return
            back.join()

    def _note(self, piece: bytes) -> None:
        """What is asked for: the lines that a request begins with."""
        for line in piece.split(b"\r\n"):
            if line.endswith(b" HTTP/1.1"):
                self.asked.append(line.decode("latin-1").removesuffix(" HTTP/1.1"))

    def _answers(self, hub: socket.socket, client: socket.socket) -> None:
        try:
            while piece := hub.recv(PIECE_BYTES):
                client.sendall(self._altered(piece))
            client.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def _altered(self, piece: bytes) -> bytes:
        with self._lock:
            start, self.carried = self.carried, self.carried + len(piece)
        if self._stop_after is not None and start >= self._stop_after:
            self.stopped.set()
            self._closing.wait()
            raise ConnectionAbortedError
        at = self._flip_at
        if at is not None and start <= at < start + len(piece) and not self.flipped:
            self.flipped = True
            changed = bytearray(piece)
            changed[at - start] ^= 1
            return bytes(changed)
        return piece

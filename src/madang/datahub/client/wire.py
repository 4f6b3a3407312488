"""Asking a hub over HTTP: one kept connection a thread, a few attempts, refusals in words."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

from madang.core.errors import Language
from madang.datahub.errors import HubRefused, HubUnreachable

ATTEMPTS_MAX = 4
IDLE_S_MAX = 120
REFUSAL_BYTES_MAX = 64 * 1024
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
FAILURES = (OSError, http.client.HTTPException)
Pause = Callable[[float], None]


class Broken(Exception):
    """An answer that ended early, or was not what it should be: ask again."""


class Wire:
    """Connections to one hub. `pause` waits the given seconds before an attempt is repeated."""

    def __init__(
        self, endpoint: str, token: str, *, pause: Pause, language: Language = "en"
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise HubUnreachable(endpoint=endpoint[:200], reason="not an http address")
        self.endpoint = endpoint.rstrip("/")
        self._parts, self._token, self._pause = parts, token, pause
        self._language = language
        self._of_thread = threading.local()

    def repeated(self, attempt: Callable[[], None]) -> None:
        """Make an attempt until it holds, a few times. Raises HubRefused, HubUnreachable."""
        for number in range(ATTEMPTS_MAX):
            try:
                attempt()
            except (Broken, *FAILURES) as err:
                self.drop()
                if isinstance(err, OSError) and err.filename is not None:
                    raise  # a file of ours, not the wire
                if number == ATTEMPTS_MAX - 1:
                    raise HubUnreachable(endpoint=self.endpoint, reason=_short(err)) from err
                self._pause(float(2**number))
            else:
                return

    @contextmanager
    def asked(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        wanted: tuple[int, int] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """One answer. `wanted`: a range of bytes, end exclusive. Raises HubRefused, Broken."""
        connection = self._connection()
        headers = {"Accept-Encoding": "identity", "User-Agent": "madang-hub-get"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if wanted is not None:
            headers["Range"] = f"bytes={wanted[0]}-{wanted[1] - 1}"
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        connection.request(method, self._parts.path.rstrip("/") + path, data, headers)
        answer = connection.getresponse()
        if answer.status >= 300:
            self._refuse(answer)
        if wanted is not None and answer.status != 206:
            raise Broken("a range was asked for and not given")
        yield answer
        if not answer.isclosed():
            self.drop()

    def drop(self) -> None:
        """Close this thread's connection; the next question opens another."""
        held = getattr(self._of_thread, "connection", None)
        if held is not None:
            held.close()
            self._of_thread.connection = None

    def _connection(self) -> http.client.HTTPConnection:
        held = getattr(self._of_thread, "connection", None)
        if isinstance(held, http.client.HTTPConnection):
            return held
        parts = self._parts
        is_safe = parts.scheme == "https"
        kind = http.client.HTTPSConnection if is_safe else http.client.HTTPConnection
        assert parts.hostname is not None
        made = kind(parts.hostname, parts.port, timeout=IDLE_S_MAX)
        self._of_thread.connection = made
        return made

    def _refuse(self, answer: http.client.HTTPResponse) -> None:
        data = answer.read(REFUSAL_BYTES_MAX)
        self.drop()
        if answer.status in AGAIN:
            raise Broken(f"status {answer.status}")
        try:
            told = json.loads(data)
        except ValueError:
            told = {}
        told = told if isinstance(told, dict) else {}
        words = told.get("error_ko") if self._language == "ko" else told.get("error")
        raise HubRefused(
            status=answer.status,
            told=str(told.get("code") or answer.headers.get("X-Error-Code") or "-"),
            reason=str(words or told.get("error") or answer.reason),
        )


def _short(err: Exception) -> str:
    return (str(err) or type(err).__name__).splitlines()[0][:200]


def quoted(text: str) -> str:
    """A revision as one segment of an address."""
    return quote(text, safe="")

"""Asks sites for their files, once each, and keeps every answer as a WARC record.

Off by default: a scan reads archives and asks nobody. Only public addresses are asked, resolved
once and pinned at connect; redirects are recorded and followed as requests of their own, five
at most; a body is read up to its limit; hosts are asked one after another, never hurried. The
archive is evidence like any other input.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pyarrow.parquet as pq

from madang.core.clock import Clock
from madang.rights.agents import OWN_TOKEN
from madang.rights.scan.writer import Writer
from madang.rights.site import FILE_BYTES_MAX, PATH_OF, REDIRECTS_MAX, Kind

TIMEOUT_S = 10
HEADERS_MAX = 64
WANTED = (Kind.ROBOTS, Kind.TDMREP, Kind.AI_TXT)
Resolve = Callable[[str, int], str]


class NotAsked(OSError):
    """The address is not public, not of the web, or has no name."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as it goes into the archive; status 599 when there was none."""

    url: str
    at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def location(self) -> str:
        return next((v for n, v in self.headers if n.lower() == "location"), "")


NO_ANSWER = 599  # RFC 9309: a network error is "unreachable", as 5xx is


def public_address(host: str, port: int) -> str:
    """One public address of a host. Raises NotAsked for private and reserved ones."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise NotAsked(f"no address: {type(err).__name__}") from err
    for *_, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        if address.is_global and not address.is_multicast:
            return str(address)
    raise NotAsked("not a public address")


def any_address(host: str, port: int) -> str:
    """For tests and closed networks: whatever the name resolves to."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


def ask(url: str, clock: Clock, resolve: Resolve = public_address) -> Answered:
    """One request, no redirects. Every failure is an answer too."""
    at = clock.now()
    try:
        status, headers, body = _request(url, resolve)
    except (OSError, http.client.HTTPException, ValueError) as err:
        reason = f"{type(err).__name__}: {err}"[:200].encode()
        return Answered(url, at, NO_ANSWER, (("Content-Type", "text/plain"),), reason)
    return Answered(url, at, status, headers, body)


def _request(url: str, resolve: Resolve) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAsked("not an address of the web")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_S)
    connection.sock = _connect(parts.scheme, parts.hostname, port, resolve)
    try:
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        connection.request("GET", target, headers={"User-Agent": OWN_TOKEN, "Accept": "*/*"})
        response = connection.getresponse()
        body = response.read(FILE_BYTES_MAX + 1)
        headers = tuple(response.getheaders()[:HEADERS_MAX])
        return response.status, headers, body
    finally:
        connection.close()


def _connect(scheme: str, host: str, port: int, resolve: Resolve) -> socket.socket:
    """Connect to the address that was checked, so that a name cannot change in between."""
    plain = socket.create_connection((resolve(host, port), port), timeout=TIMEOUT_S)
    if scheme == "http":
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def chain(url: str, clock: Clock, resolve: Resolve) -> Iterator[Answered]:
    """The answers of one file, redirects followed across authorities."""
    for _ in range(REDIRECTS_MAX + 1):
        answered = ask(url, clock, resolve)
        yield answered
        if not (300 <= answered.status < 400 and answered.location):
            return
        try:
            url = urljoin(url, answered.location)
        except ValueError:
            return


def fetch(
    origins: Iterable[str], out: Path, clock: Clock, resolve: Resolve = public_address
) -> dict[str, int]:
    """Ask every origin for its files and write the archive; returns how it went."""
    writer = Writer(out, compress=True)
    counts = {"origins": 0, "answers": 0, "unreachable": 0}
    info = f"software: madang\r\nhttp-header-user-agent: {OWN_TOKEN}\r\n".encode()
    writer.record("warcinfo", "", clock.now(), info, "application/warc-fields")
    try:
        for origin in origins:
            counts["origins"] += 1
            for kind in WANTED:
                for answered in chain(origin + PATH_OF[kind], clock, resolve):
                    _keep(writer, answered)
                    counts["answers"] += 1
                    counts["unreachable"] += answered.status == NO_ANSWER
    finally:
        writer.close()
    return counts


def _keep(writer: Writer, answered: Answered) -> None:
    """Headers that describe the transfer are left out: the body is stored decoded."""
    skipped = ("transfer-encoding", "content-length", "connection", "set-cookie")
    headers = [(n, v) for n, v in answered.headers if n.lower() not in skipped]
    writer.response(answered.url, answered.at, answered.status, headers, answered.body)


def origins_of(folder: Path) -> list[str]:
    """Origins of a scan's records whose site files are asked for again."""
    found: set[str] = set()
    for path in sorted((folder / "records").glob("*.parquet")):
        table = pq.read_table(path, columns=["origin"], use_threads=False)
        found.update(table["origin"].to_pylist())
    return sorted(found)

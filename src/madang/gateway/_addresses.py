"""Where an upstream may be, and where its key may come from.

An upstream is https on public addresses only: every address that its name resolves to is
checked, and the checked one is used for the connect. Plain http, loopback and private
addresses only where the declaration says `allow_private`. Redirects are never followed.
An upstream key is named, never stored: `env:MADANG_UPSTREAM_…` or `file:NAME` in the secrets.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KEY_BYTES_MAX = 16 * 1024
_ENV_NAME = re.compile(r"MADANG_UPSTREAM_[A-Z0-9_]{1,64}", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_KEY_TEXT = re.compile(r"[\x21-\x7e]*", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", re.ASCII)


class UpstreamRefused(ValueError):
    """An address or a key that the rules do not allow. The reason is for our own log."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go: what a pool is kept for."""

    is_tls: bool
    host: str
    port: int
    allow_private: bool


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream's address, read and checked as far as text goes."""

    origin: Origin
    host_header: str
    path: str

    @classmethod
    def parse(cls, url: str, *, allow_private: bool) -> Target:
        """Raises UpstreamRefused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as err:
            raise UpstreamRefused(f"not an address: {err}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UpstreamRefused("neither http nor https")
        if parts.scheme == "http" and not allow_private:
            raise UpstreamRefused("http without allow_private")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UpstreamRefused("an address with a user, a query or a fragment")
        if not _PATH.fullmatch(parts.path):
            raise UpstreamRefused("a path with strange characters")
        is_tls = parts.scheme == "https"
        host = (
            parts.hostname.encode("idna").decode()
            if not _is_address(parts.hostname)
            else (parts.hostname)
        )
        origin = Origin(is_tls, host, port or (443 if is_tls else 80), allow_private)
        shown = f"[{host}]" if ":" in host else host
        return cls(origin, f"{shown}:{port}" if port else shown, parts.path.rstrip("/"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an address is on the public network, also when wrapped into another."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def resolve(origin: Origin) -> str:
    """One checked address of an origin. Raises UpstreamRefused, or OSError when unresolved."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).split("%")[0] for entry in found]
    if not addresses:
        raise OSError("the name has no address")
    if not origin.allow_private:
        for address in addresses:
            if not is_public(address):
                raise UpstreamRefused(f"{origin.host} is not on public addresses only")
    return addresses[0]


def read_key(name: str, secrets_dir: Path) -> str:
    """The upstream key that a declaration names; empty when it names none.

    Raises UpstreamRefused for any other kind of name, or when there is no such key.
    """
    if not name:
        return ""
    kind, _, rest = name.partition(":")
    if kind == "env" and _ENV_NAME.fullmatch(rest):
        key = os.environ.get(rest)
        if key is None:
            raise UpstreamRefused(f"{rest} is not set")
    elif kind == "file" and _FILE_NAME.fullmatch(rest):
        key = _read_file(secrets_dir, rest)
    else:
        raise UpstreamRefused("a key is env:MADANG_UPSTREAM_… or file:NAME")
    key = key.strip()
    if not _KEY_TEXT.fullmatch(key):
        raise UpstreamRefused("a key with strange characters")
    return key


def _read_file(folder: Path, name: str) -> str:
    try:
        fd = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as err:
        raise UpstreamRefused(f"secrets/{name}: {err.strerror}") from None
    with os.fdopen(fd, "rb") as file:
        data = file.read(KEY_BYTES_MAX + 1)
    if len(data) > KEY_BYTES_MAX:
        raise UpstreamRefused(f"secrets/{name} is too large")
    return data.decode("ascii", errors="replace")

"""Where an offering's calls may be sent, and how its secret may be named."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from madang.metering.errors import UpstreamKeyNotAllowed, UpstreamNotAllowed

_KEY_NAME = re.compile(
    r"env:MADANG_UPSTREAM_[A-Z0-9_]{1,80}|file:[A-Za-z0-9][A-Za-z0-9._-]{0,80}"
)
_SCHEMES = frozenset({"http", "https"})


def check_upstream(url: str, *, allow_private: bool) -> None:
    """Raise UpstreamNotAllowed for an address that this offering may not have.

    A private one is allowed by declaration; any other is https on a public address, by name or
    number. What a name resolves to, the gateway checks and pins at connect.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UpstreamNotAllowed(reason="scheme")
    if parts.username is not None or parts.password is not None:
        raise UpstreamNotAllowed(reason="credentials")
    if parts.query or parts.fragment:
        raise UpstreamNotAllowed(reason="query")
    if allow_private:
        return
    if parts.scheme != "https":
        raise UpstreamNotAllowed(reason="scheme")
    if not _may_be_public(parts.hostname):
        raise UpstreamNotAllowed(reason="address")


def _may_be_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        labels = host.rstrip(".").lower().split(".")
        is_local = labels[-1] in {"localhost", "local", "internal", "localdomain"}
        return len(labels) > 1 and not is_local and not labels[-1].isdigit()


def check_upstream_key(name: str) -> None:
    """Raise UpstreamKeyNotAllowed unless the key is empty or named as it must be."""
    if name and not _KEY_NAME.fullmatch(name):
        raise UpstreamKeyNotAllowed

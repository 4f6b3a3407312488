"""Addresses in their one spelling: one site and file under whatever name an archive has."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

URL_CHARACTERS_MAX = 8_192
HOST_CHARACTERS_MAX = 255  # of any name that can be looked up


def split(url: str) -> tuple[str, str] | None:
    """Scheme, host and port as one origin, and the path; None for no address of the web."""
    if len(url) > URL_CHARACTERS_MAX:
        return None
    end = url.find("/", 8)
    if end < 0:
        end = len(url)
    path = url[end:] or "/"
    if "?" in url or "#" in url:
        found = _END.search(url, 8)
        assert found is not None
        if found.start() < end:
            end, path = found.start(), "/"
        else:
            path = url[end : found.start()] or "/"
    origin = _origin(url[:end])
    return None if origin is None else (origin, path)


_END = re.compile(r"[?#]")


def spelled(url: str) -> str:
    """An address in its one spelling, so that a site's file is found under any other."""
    parts = split(url)
    if parts is None:
        return url
    query = url.partition("#")[0].partition("?")[2]
    return "".join((*parts, "?" if query else "", query))


_PLAIN_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?")


@lru_cache(maxsize=4096)
def _origin(text: str) -> str | None:
    """An origin in its one spelling, or None."""
    if _PLAIN_ORIGIN.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if len(parts.hostname) > HOST_CHARACTERS_MAX:
        return None
    default = {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname if port in (None, default) else f"{parts.hostname}:{port}"
    return f"{parts.scheme}://{host}"

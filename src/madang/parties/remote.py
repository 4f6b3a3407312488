"""Where a request comes from, behind a proxy or not."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest


def remote_address(request: HttpRequest) -> str:
    """The address of the sender; behind our proxy, the one that the proxy itself appended."""
    return address_of(request.META)


def address_of(meta: Mapping[str, object]) -> str:
    """The same, of a request's environment."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        forwarded = str(meta.get("HTTP_X_FORWARDED_FOR", ""))
        if forwarded:
            return forwarded.rpartition(",")[2].strip()
    return str(meta.get("REMOTE_ADDR", ""))

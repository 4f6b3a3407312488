"""Where a request comes from, behind a proxy or not."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def remote_address(request: HttpRequest) -> str:
    """The address of the sender; behind our proxy, the one that the proxy itself appended."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
        if forwarded:
            return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))

"""No NUL character comes in: PostgreSQL's text cannot hold one, and nothing of ours bears it.

Form fields are checked by Django; addresses and queries here, bodies of the API by its parser.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import Http404, HttpRequest, HttpResponseBase

from madang.portal.pages.failures import not_found

NUL = b"\x00"


class NulMiddleware:
    """An address with a NUL leads nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query = unquote_to_bytes(request.META.get("QUERY_STRING", ""))
        if "\x00" in request.path or NUL in query:
            return not_found(request, Http404())
        return self._get_response(request)

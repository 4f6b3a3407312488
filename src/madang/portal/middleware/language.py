"""The language of a request ends with it.

The framework's own middleware chooses one and leaves it with the thread: what is said before
the next request has chosen (a wrong host, a session that cannot be read) would be said in the
language of whoever asked last.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation


class LanguageMiddleware:
    """Outside whatever speaks: each request begins in the portal's language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(settings.LANGUAGE_CODE):
            return self._get_response(request)

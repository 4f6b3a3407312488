"""What a browser may load for a page of ours: the same words beside every answer.

The package's own middleware puts them together anew for each, for pages that mark their own
scripts with a number. None of ours does.
"""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponseBase


class PolicyMiddleware:
    """Outside whatever answers, so that refusals have it, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.headers.setdefault(HEADER, self._policy)
        return response

"""One line and one count per request, without an address or a name in either."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter, Histogram

from madang.core.ids import uuid7

log = logging.getLogger("madang.portal.request")

REQUESTS = Counter(
    "madang_portal_requests_total", "Requests answered", ["route", "method", "status"]
)
ELAPSED_S = Histogram(
    "madang_portal_elapsed_seconds",
    "Seconds to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@cache
def _answered(route: str, method: str, status: int) -> Counter:
    """Looking a counter up costs more than counting."""
    return REQUESTS.labels(route, method, status)


@cache
def _elapsed(route: str) -> Histogram:
    return ELAPSED_S.labels(route)


class ObserveMiddleware:
    """Outermost, so that it sees the answer as the client does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = str(uuid7())
        started_s = time.monotonic()
        response = self._get_response(request)
        response.headers["x-request-id"] = request_id
        _observe(request, response, request_id, time.monotonic() - started_s)
        return response


def _observe(
    request: HttpRequest, response: HttpResponseBase, request_id: str, elapsed_s: float
) -> None:
    match = request.resolver_match
    if match is None and request.path.startswith(settings.STATIC_URL):
        return  # files that never change are not worth a line
    route = (match.view_name or match.route) if match else "none"
    method = request.method if request.method in METHODS else "other"
    _answered(route, method, response.status_code).inc()
    _elapsed(route).observe(elapsed_s)
    actor = getattr(request, "actor", None)
    facts = {
        "request_id": request_id,
        "route": route,
        "method": method,
        "status": response.status_code,
        "elapsed_ms": round(elapsed_s * 1000, 1),
        "actor": actor.id if actor else None,
    }
    log.info("request", extra=facts)

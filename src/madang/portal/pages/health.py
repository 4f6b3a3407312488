"""For supervisors and scrapers: is the database reached, and what was counted."""

from __future__ import annotations

import os

from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from madang.portal.request import PageRequest, takes


@takes("GET")
def healthz(request: PageRequest) -> HttpResponse:
    """200 when the database answers, else 503. Says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ok": False, "database": "unreached"}, status=503)
    return JsonResponse({"ok": True, "database": "reached"})


@takes("GET")
def metrics(request: PageRequest) -> HttpResponse:
    """Prometheus text over all worker processes; labels are routes, never addresses."""
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's
    return registry

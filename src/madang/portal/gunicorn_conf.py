"""gunicorn for the portal: threads for pages that wait on the database, loopback by default.

MADANG_PORTAL_BIND     address and port (default 127.0.0.1:8000)
MADANG_PORTAL_WORKERS  processes (default: one for each processor, four at most);
                       each takes some 250 MB
"""

from __future__ import annotations

import gc
import os
from importlib import import_module
from pathlib import Path
from typing import Protocol

from django.conf import settings

bind = os.environ.get("MADANG_PORTAL_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("MADANG_PORTAL_WORKERS") or min(len(os.sched_getaffinity(0)), 4))
worker_class = "gthread"
threads = 8
timeout = 120  # a worker loads all routes first, on a busy machine for half a minute
graceful_timeout = 20
keepalive = 5
backlog = 256
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
accesslog = None  # the portal writes its own lines, without addresses
errorlog = "-"
loglevel = "warning"
wsgi_app = "madang.portal.wsgi:application"

_metrics = Path(os.environ.get("MADANG_DATA", "var")).resolve() / "run" / "portal-metrics"
_metrics.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_metrics))

GARBAGE_THRESHOLD = 50_000
"""Objects between two searches for cycles. A call makes thousands and leaves few behind; with
the usual 700 there are several searches within each call."""


class _Worker(Protocol):
    pid: int


def on_starting(server: object) -> None:
    """Counters of a former run belong to processes that are gone."""
    for old in _metrics.glob("*.db"):
        old.unlink(missing_ok=True)


def post_worker_init(worker: _Worker) -> None:
    """A worker takes calls once all of its routes are loaded, so that nobody waits for that;
    and nothing loaded by then is searched for garbage again."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)


def child_exit(server: object, worker: _Worker) -> None:
    from prometheus_client import multiprocess  # noqa: PLC0415  looks for its folder when loaded

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library's

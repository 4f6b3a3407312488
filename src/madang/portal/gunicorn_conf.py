"""gunicorn for the portal: threads for pages that wait on the database, loopback by default.

MADANG_PORTAL_BIND     address and port (default 127.0.0.1:8000)
MADANG_PORTAL_WORKERS  processes (default 1)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from prometheus_client import multiprocess

bind = os.environ.get("MADANG_PORTAL_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("MADANG_PORTAL_WORKERS", "1"))
worker_class = "gthread"
threads = 8
timeout = 60
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


class _Worker(Protocol):
    pid: int


def on_starting(server: object) -> None:
    """Counters of a former run belong to processes that are gone."""
    for old in _metrics.glob("*.db"):
        old.unlink(missing_ok=True)


def child_exit(server: object, worker: _Worker) -> None:
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library's

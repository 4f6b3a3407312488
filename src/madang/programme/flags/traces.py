"""Keeping where applications came from."""

from __future__ import annotations

from datetime import datetime

from madang.programme.applications.models import Application
from madang.programme.flags.digests import network_digest
from madang.programme.flags.models import SubmissionTrace


def trace_submission(application: Application, *, remote: str, at: datetime) -> None:
    """Keep from which network an application came in. The first hand-in counts."""
    digest = network_digest(remote)
    if digest:
        SubmissionTrace.objects.get_or_create(
            application=application, defaults={"network_digest": digest, "at": at}
        )

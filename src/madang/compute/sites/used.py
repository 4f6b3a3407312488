"""What a site's ledger says about some days: GPU-seconds, and the waits of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Sum

from madang.compute.attempts.models import Attempt
from madang.compute.lines.models import Line, LineKind
from madang.compute.sites.models import Site


@dataclass(frozen=True, slots=True)
class Used:
    gpu_seconds: int
    wait_s: Sequence[float]


def used_between(site: Site, since: datetime, until: datetime) -> Used:
    """Of attempts that began in [since, until), charged and borne alike: both held cards. Waits
    are those of jobs that began then; one that runs again then waited before."""
    lines = Line.objects.filter(
        attempt__site=site, attempt__started_at__gte=since, attempt__started_at__lt=until
    )
    both = Sum("user_gpu_seconds") + Sum("borne_gpu_seconds")
    sums = dict(lines.values_list("kind").annotate(n=both).order_by())
    gpu_seconds = sums.get(LineKind.USE, 0) - sums.get(LineKind.REVERSAL, 0)
    jobs = Attempt.objects.filter(site=site).values_list("job__created_at", "job_id")
    begun = jobs.annotate(at=Min("started_at")).filter(at__gte=since, at__lt=until).order_by()
    waits = [max(0.0, (at - submitted).total_seconds()) for submitted, _, at in begun]
    return Used(int(gpu_seconds), sorted(waits))

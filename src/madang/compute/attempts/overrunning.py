"""Runs that go on beyond what they hold.

An engine ends a job at its limit. An administrator may have raised the limit on the cluster,
and a suspended job keeps its cards while its limit stands still: what goes beyond the hold is
the programme's to bear, and it does not bear it for ever.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, Func
from django.db.models.functions import Greatest

from madang.compute.attempts.models import Attempt
from madang.compute.policy import ComputePolicy
from madang.compute.sites.models import Site


def overrunning(site: Site, policy: ComputePolicy, *, at: datetime) -> set[UUID]:
    """Jobs with a run that by now is `overrun_cancel_s` longer than what it holds for."""
    if not policy.overrun_cancel:
        return set()
    held_s = F("held_gpu_seconds") / Greatest(F("cards"), 1)
    reach = Func(held_s, template="make_interval(secs => %(expressions)s)")
    ends = F("started_at") + ExpressionWrapper(reach, output_field=DurationField())
    runs = Attempt.objects.filter(
        site=site, is_held=True, ended_at=None, started_at__isnull=False, cards__gt=0
    ).annotate(reach_at=ends)
    late = runs.filter(reach_at__lt=at - policy.overrun_cancel)
    return set(late.values_list("job_id", flat=True))

"""All tables of this room, where Django looks for them."""

from madang.compute.attempts.models import Attempt, AttemptFactRow
from madang.compute.classes.models import GpuClass, Stage
from madang.compute.findings.models import Finding, IdleCase, UtilisationSample
from madang.compute.grants.models import (
    GpuOffer,
    GpuRequest,
    Grant,
    GrantState,
    ProgressReport,
    QuotaChange,
)
from madang.compute.jobs.models import Job, JobState
from madang.compute.lines.models import Line, LineKind
from madang.compute.sites.models import EngineKind, Site

__all__ = [
    "Attempt",
    "AttemptFactRow",
    "EngineKind",
    "Finding",
    "GpuClass",
    "GpuOffer",
    "GpuRequest",
    "Grant",
    "GrantState",
    "IdleCase",
    "Job",
    "JobState",
    "Line",
    "LineKind",
    "ProgressReport",
    "QuotaChange",
    "Site",
    "Stage",
    "UtilisationSample",
]

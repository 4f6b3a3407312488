"""Refusals of the planner.

Malformed
├── TableMalformed         a table of jobs or applications cannot be read
└── SiteMalformed          a site file cannot be read
NotFound
└── FileMissing            no such file
Refused
├── PlanImpossible         no number of cards answers what was asked
├── JobTooLarge            a job or award that the site can never hold
└── NothingToPlan          no application, no job, or no card
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Malformed, NotFound, Refused


class TableMalformed(Malformed):
    code: ClassVar[str] = "compute.table.malformed"


class SiteMalformed(Malformed):
    code: ClassVar[str] = "compute.site.malformed"


class FileMissing(NotFound):
    code: ClassVar[str] = "compute.file.missing"


class PlanImpossible(Refused):
    code: ClassVar[str] = "compute.plan.impossible"


class JobTooLarge(Refused):
    code: ClassVar[str] = "compute.job.too_large"


class NothingToPlan(Refused):
    code: ClassVar[str] = "compute.plan.nothing"

"""Refusals of the planner.

Malformed
├── TableMalformed         a table of jobs or applications cannot be read
└── SiteMalformed          a site file cannot be read
NotFound
└── FileMissing            no such file
Refused
├── PlanImpossible         no number of cards answers what was asked
├── FolderUnusable         reports cannot be written there
├── JobTooLarge            a job or award that the site can never hold
└── NothingToPlan          no application, no job, or no card
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Malformed, NotFound, Refused, Words, package_of
from madang.core.words import korean


class TableMalformed(Malformed):
    """`line` 0 or no `field`: it is about the file, or the line, as a whole."""

    code: ClassVar[str] = "compute.table.malformed"

    def __init__(self, *, file: str, line: int, field: str, reason: str) -> None:
        super().__init__(
            file=file, line=line, field=field, place=_place(line, field), reason=reason
        )


def _place(line: int, field: str) -> Words:
    en = (f", line {line}" if line else "") + (f", field {field}" if field else "")
    named = f" {korean(field, package_of(TableMalformed))} 항목" if field else ""
    of_line = f" {line}번째 줄" + ("의" if field else "") if line else ""
    return Words(en, of_line + named)


class SiteMalformed(Malformed):
    """No `field`: it is about the file as a whole."""

    code: ClassVar[str] = "compute.site.malformed"

    def __init__(self, *, file: str, field: str, reason: str) -> None:
        place = _place(0, field)
        super().__init__(file=file, field=field, place=place, reason=reason)


class FileMissing(NotFound):
    code: ClassVar[str] = "compute.file.missing"


class PlanImpossible(Refused):
    code: ClassVar[str] = "compute.plan.impossible"


class FolderUnusable(Refused):
    code: ClassVar[str] = "compute.folder.unusable"


class JobTooLarge(Refused):
    code: ClassVar[str] = "compute.job.too_large"


class NothingToPlan(Refused):
    code: ClassVar[str] = "compute.plan.nothing"

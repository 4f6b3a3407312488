"""Refusals of a declaration. Each names file, line and field where it can.

Malformed
├── FileUnreadable       not a file, not UTF-8, not TOML, or too large
├── TableUnknown         no such table
├── FieldUnknown         no such field in this table
├── FieldMissing         a field that must be there is not
├── ValueWrong           a value of the wrong type or outside its limits
└── DeclaredTwice        two declarations of one thing in one command
WrongUsage
└── PersonNeeded         money would be made: somebody must answer for it (--as)
NotFound
└── PendingUnknown       no declaration waits under this digest
Conflict
└── PendingAltered       the waiting declaration is not the one that was proposed
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from madang.core.errors import Conflict, MadangError, Malformed, NotFound, WrongUsage


class FileUnreadable(Malformed):
    code: ClassVar[str] = "cli.declaration.unreadable"


class TableUnknown(Malformed):
    code: ClassVar[str] = "cli.declaration.table_unknown"


class FieldUnknown(Malformed):
    code: ClassVar[str] = "cli.declaration.field_unknown"


class FieldMissing(Malformed):
    code: ClassVar[str] = "cli.declaration.field_missing"


class ValueWrong(Malformed):
    code: ClassVar[str] = "cli.declaration.value_wrong"


class DeclaredTwice(Malformed):
    code: ClassVar[str] = "cli.declaration.twice"


class PersonNeeded(WrongUsage):
    code: ClassVar[str] = "cli.declaration.person_needed"


class PendingUnknown(NotFound):
    code: ClassVar[str] = "cli.declaration.pending_unknown"


class PendingAltered(Conflict):
    code: ClassVar[str] = "cli.declaration.pending_altered"


@contextmanager
def about(name: str) -> Iterator[None]:
    """What is refused inside is about this field, unless the refusal knows better."""
    try:
        yield
    except MadangError as error:
        error.fields.setdefault("field", name)
        raise

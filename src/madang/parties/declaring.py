"""What a declaration answers: made, changed, or already so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from django.db import models

DeclaredRow = TypeVar("DeclaredRow", bound=models.Model)


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Declared(Generic[DeclaredRow]):
    """The row as it stands now, and what the declaration did to it."""

    row: DeclaredRow
    outcome: Outcome


def changed_fields(row: models.Model, wanted: Mapping[str, object]) -> list[str]:
    """Set what differs and name it. The caller saves with exactly these fields."""
    differing = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, wanted[name])
    return differing

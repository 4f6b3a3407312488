"""What a detector answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from madang.parties.canonical import Json
from madang.programme.flags.models import FlagKind


@dataclass(frozen=True, slots=True)
class Found:
    """`key` names what was joined; `evidence` says with what, in ids and numbers."""

    kind: FlagKind
    key: str
    organisations: frozenset[UUID]
    evidence: Mapping[str, Json]

"""Which policy holds, and its values with their types checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.core.money import Ratio
from madang.parties.canonical import Json
from madang.parties.errors import PolicyUnknown
from madang.parties.policies.models import PolicyVersion
from madang.parties.rows import Answer, asked


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of one policy document. A missing or mistyped value is our own mistake."""

    id: UUID
    kind: str
    version: int
    sha256: str
    data: dict[str, Json]

    def number(self, name: str) -> int:
        value = self.data[name]
        assert isinstance(value, int) and not isinstance(value, bool), (self.kind, name)
        return value

    def flag(self, name: str) -> bool:
        value = self.data[name]
        assert isinstance(value, bool), (self.kind, name)
        return value

    def text(self, name: str) -> str:
        value = self.data[name]
        assert isinstance(value, str), (self.kind, name)
        return value

    def texts(self, name: str) -> list[str]:
        value = self.data[name]
        assert isinstance(value, list), (self.kind, name)
        return [str(item) for item in value]

    def ratio(self, name: str) -> Ratio:
        return Ratio.parse(self.text(name))


def policy_of(row: PolicyVersion) -> Policy:
    return Policy(row.id, row.kind, row.version, row.sha256, row.data)


_CURRENT = """
SELECT id, version, sha256, data FROM parties_policyversion
 WHERE kind = %s AND valid_from <= %s ORDER BY valid_from DESC, version DESC LIMIT 1
"""
"""Composed by hand: many a request asks for it, and composing costs more than the answer."""


def current_policy(kind: str, at: datetime) -> Policy:
    """The version valid at an instant: the latest start, then the highest number."""
    return ask_policy(kind, at)()


def ask_policy(kind: str, at: datetime) -> Answer[Policy]:
    """As current_policy, read when it is called: see rows.asked."""
    read = asked(_CURRENT, [kind, at], tuple[UUID, int, str, str])

    def policy() -> Policy:
        for id, version, sha256, data in read():
            return Policy(id, kind, version, sha256, json.loads(data))
        raise PolicyUnknown(kind=kind)

    return policy


def pinned_policy(identifier: UUID) -> Policy:
    return policy_of(PolicyVersion.objects.get(id=identifier))


def policy_history(kind: str) -> QuerySet[PolicyVersion]:
    """All versions of one document. Policy is public."""
    return PolicyVersion.objects.filter(kind=kind).order_by("version")

"""For migrations: names of policy that came with a release, given to what is installed.

A fresh database has them from its first version. One that was seeded before gets new versions
of the same document with the missing names added; its own values stay as they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING

from madang.parties.canonical import Json, digest_of

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

    from madang.parties.policies.models import PolicyVersion


def add_missing_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As a RunPython step; running it again changes nothing."""
    for kind, wanted in default_policies().items():
        give_names(apps, kind, wanted)


def give_names(apps: Apps, kind: str, wanted: Mapping[str, Json]) -> None:
    """One document. Whatever version is in force from some day on gets a successor from the
    same day on: what holds today, and what is announced for later."""
    versions = apps.get_model("parties", "PolicyVersion")
    rows = versions.objects.filter(kind=kind).order_by("version")
    in_force = {row.valid_from: row for row in rows}
    if not in_force:
        start = versions.objects.order_by("valid_from").first()
        assert start is not None, "the first policies are seeded before"
        _add(apps, start, kind, 1, wanted)
    number = max((row.version for row in in_force.values()), default=0)
    has_new = False
    for row in sorted(in_force.values(), key=lambda one: one.version):
        data = {**wanted, **row.data}
        has_new = has_new or data != row.data
        if has_new:  # also those after it: the next version is made from the highest number
            number += 1
            _add(apps, row, kind, number, data)


def _add(
    apps: Apps, like: PolicyVersion, kind: str, number: int, data: Mapping[str, Json]
) -> None:
    apps.get_model("parties", "PolicyVersion").objects.create(
        kind=kind,
        version=number,
        valid_from=like.valid_from,
        data=data,
        sha256=digest_of(data),
        created_by="system",
        created_at=like.created_at,
    )


def default_policies() -> dict[str, dict[str, Json]]:
    folder = resources.files("madang.parties.policies")
    return tomllib.loads(folder.joinpath("defaults.toml").read_text(encoding="utf-8"))

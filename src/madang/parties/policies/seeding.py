"""For migrations: names of policy that came with a release, given to what is installed.

A fresh database has them from its first version. One that was seeded before gets a new version
of the same document with the missing names added; its own values stay as they are.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from madang.parties.canonical import Json, digest_of

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_missing_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As a RunPython step; running it again changes nothing."""
    versions = apps.get_model("parties", "PolicyVersion")
    for kind, wanted in default_policies().items():
        latest = versions.objects.filter(kind=kind).order_by("-version").first()
        held: dict[str, Json] = latest.data if latest is not None else {}
        data = {**wanted, **held}
        if data == held:
            continue
        start = versions.objects.order_by("valid_from").first()
        assert start is not None, "the first policies are seeded before"
        same = latest or start
        versions.objects.create(
            kind=kind,
            version=latest.version + 1 if latest else 1,
            valid_from=same.valid_from,
            data=data,
            sha256=digest_of(data),
            created_by="system",
            created_at=same.created_at,
        )


def default_policies() -> dict[str, dict[str, Json]]:
    folder = resources.files("madang.parties.policies")
    return tomllib.loads(folder.joinpath("defaults.toml").read_text(encoding="utf-8"))

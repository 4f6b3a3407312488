"""Computing what a version holds, when somebody first asks."""

from __future__ import annotations

from datetime import datetime

from madang.datahub.commits.models import Commit
from madang.datahub.preview.models import VersionFacts
from madang.datahub.preview.statistics import FACTS_VERSION, facts_of
from madang.datahub.versions.models import Version


def version_facts(version: Version, *, at: datetime) -> dict[str, object]:
    """From its row; computed and kept where there is none, or one of older rules."""
    row = VersionFacts.objects.filter(version=version).first()
    if row is None or row.body.get("version") != FACTS_VERSION:
        body = facts_of(version.commit)
        row, _ = VersionFacts.objects.update_or_create(
            version=version, defaults={"body": body, "made_at": at}
        )
    found: dict[str, object] = row.body
    return found


def commit_facts(commit: Commit, *, at: datetime) -> dict[str, object] | None:
    """Of the version that this commit was sealed as; nothing for drafts."""
    version = Version.objects.filter(commit=commit).select_related("commit").first()
    return version_facts(version, at=at) if version is not None else None

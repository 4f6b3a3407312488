"""A revision and a path out of an address, although a branch's name may hold slashes."""

from __future__ import annotations

from urllib.parse import unquote

from django.http import HttpRequest

from madang.datahub.commits.models import Commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.errors import RefUnknown
from madang.datahub.sets.models import DataSet

PARTS_MAX = 8


def revision_and_path(request: HttpRequest, data_set: DataSet, rest: str) -> tuple[Commit, str]:
    """Clients send the revision as one encoded segment; a server has decoded it already.

    The raw address tells, where the server keeps it; else the longest name that exists wins.
    Raises RefUnknown.
    """
    raw = str(request.META.get("RAW_URI", "")).partition("?")[0]
    if "%2F" in raw.upper():
        return _by_raw(data_set, raw, rest)
    parts = rest.split("/")
    for count in range(min(len(parts), PARTS_MAX), 0, -1):
        try:
            return commit_at(data_set, "/".join(parts[:count])), "/".join(parts[count:])
        except RefUnknown:
            continue
    raise RefUnknown(name=parts[0])


def _by_raw(data_set: DataSet, raw: str, rest: str) -> tuple[Commit, str]:
    """The segment of the raw address with which `rest` begins."""
    for segment in raw.split("/"):
        name = unquote(segment)
        if rest == name or (name and rest.startswith(f"{name}/")):
            return commit_at(data_set, name), rest[len(name) + 1 :]
    raise RefUnknown(name=rest.partition("/")[0])

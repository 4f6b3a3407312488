"""The files of a data set, folder by folder, each to be taken with a browser."""

from __future__ import annotations

from itertools import islice
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from madang.core.errors import NotFound
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.hub.gate import bytes_are_open, served_commit
from madang.datahub.models import DataSet
from madang.datahub.preview.tables import TABLES
from madang.datahub.releases.workflow import SERVED
from madang.datahub.sets.actions import may_write
from madang.datahub.sets.queries import data_set_for
from madang.datahub.versions.models import Version
from madang.datahub.versions.queries import versions_of
from madang.portal.request import PageRequest, takes

PAGE, MAIN = 100, "main"
Link = tuple[str, str]


@takes("GET")
def files_page(request: PageRequest, code: str) -> HttpResponse:
    """Names and sizes are for everybody; a file is a link for those who may have it."""
    row = data_set_for(request.actor, code)
    revision = request.GET.get("version", MAIN)
    head = served_commit(request.actor, row, commit_at(row, revision), revision)
    folder, after = request.GET.get("folder", "").strip("/"), request.GET.get("after", "")
    tree = tree_of(head)
    if not tree.has_folder(folder):
        raise NotFound
    found = list(islice(tree.children(folder, after), PAGE + 1))
    shown = found[:PAGE]
    may_take = bytes_are_open(request, row)
    facts = {
        "data_set": row,
        "head": head,
        "revision": revision,
        "folders": [
            (one.rpartition("/")[2], _address(revision, one))
            for one in shown
            if isinstance(one, str)
        ],
        "files": [_line(one, revision) for one in shown if isinstance(one, Entry)],
        "crumbs": _crumbs(revision, folder),
        "after": _address(revision, folder, _path(shown[-1])) if len(found) > PAGE else "",
        "versions": [(one.number, f"v{one.number}") for one in offered(row)],
        "may_take": may_take,
        "is_writer": may_write(request.actor, row),
        "has_rows": may_take and row.offering_id is None and revision == MAIN,
    }
    return render(request, "data/files.html", facts)


def offered(row: DataSet) -> list[Version]:
    """Versions that readers are given, newest first."""
    found = versions_of(row)
    return [
        one for one in found if getattr(one, "release", None) and one.release.state in SERVED
    ]


def _line(entry: Entry, revision: str) -> tuple[str, Entry, str, bool]:
    """Name, entry, where its bytes are, and whether its rows can be looked at."""
    is_table = entry.path.lower().endswith(TABLES)
    return entry.path.rpartition("/")[2], entry, f"{revision}/{entry.path}", is_table


def _crumbs(revision: str, folder: str) -> list[Link]:
    """The folders above, from the first one on."""
    parts = [one for one in folder.split("/") if one]
    above = ["/".join(parts[: at + 1]) for at in range(len(parts))]
    return [(one.rpartition("/")[2], _address(revision, one)) for one in above]


def _path(item: Entry | str) -> str:
    return item if isinstance(item, str) else item.path


def _address(revision: str, folder: str, after: str = "") -> str:
    given = [("version", revision)] if revision != MAIN else []
    given += [("folder", folder)] if folder else []
    given += [("after", after)] if after else []
    return f"?{urlencode(given)}"

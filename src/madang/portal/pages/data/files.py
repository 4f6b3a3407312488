"""The files of a data set, folder by folder, each to be taken with a browser."""

from __future__ import annotations

from itertools import islice
from urllib.parse import quote, urlencode

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from madang.core.errors import NotFound
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.hub.gate import (
    bytes_are_open,
    count_use,
    need_bytes,
    served_commit,
    unless_recalled,
)
from madang.datahub.models import DataSet
from madang.datahub.preview.tables import TABLES
from madang.datahub.releases.workflow import SERVED
from madang.datahub.sets.actions import may_write
from madang.datahub.sets.queries import data_set_for
from madang.datahub.versions.models import Version
from madang.datahub.versions.queries import versions_of
from madang.portal.pages.data.rows import has_tables
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
    is_open = bytes_are_open(request, row)
    may_take = is_open and row.offering_id is None
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
        "is_sold": is_open and not may_take,
        "has_rows": may_take and revision == MAIN and has_tables(head),
    }
    return render(request, "data/files.html", facts)


@takes("GET")
def take(request: PageRequest, code: str, rest: str) -> HttpResponseBase:
    """A file for who signed in with a browser: clients show a token instead. The same rights
    and the same use. What is sold is fetched with a token, so that no link spends money."""
    row = data_set_for(request.actor, code)
    revision, _, path = rest.partition("/")
    head = served_commit(request.actor, row, commit_at(row, revision), revision)
    need_bytes(request, row)
    entry = tree_of(head).find(path)
    if entry is None or row.offering_id is not None:
        raise NotFound
    content = Content.objects.get(pk=entry.sha256)
    count_use(request, row, head)
    name = quote(path.rpartition("/")[2])
    return StreamingHttpResponse(
        unless_recalled(row, head, read_content(content, 0, entry.size)),
        content_type="application/octet-stream",
        headers={
            "Content-Length": str(entry.size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        },
    )


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

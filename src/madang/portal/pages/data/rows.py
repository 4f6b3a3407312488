"""A table of a data set, page by page, and the rows of it that hold some words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from madang.core.errors import NotFound
from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.errors import AccessNeeded, PreviewImpossible, SecureRoomOnly
from madang.datahub.hub.gate import count_use, need_bytes, served_commit
from madang.datahub.preview.finding import RowsFound, rows_with
from madang.datahub.preview.tables import TABLES, rows_of
from madang.datahub.sets.actions import may_write
from madang.datahub.sets.queries import data_set_for
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import sentence_of

PAGE, COLUMNS_SHOWN, TABLES_SHOWN, WALKED_MAX = 50, 40, 100, 20_000
PAGES_MAX, WORDS_MAX = 100_000, 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of rows; `after` when there are more, `reason` when nothing can be shown."""

    found: RowsFound | None
    after: bool
    reason: str = ""


def tables_of(head: Commit) -> list[Entry]:
    """What one trains with first, then by path."""
    walked = islice(tree_of(head).walk(), WALKED_MAX)
    found = [one for one in walked if one.path.lower().endswith(TABLES)]
    return sorted(found, key=lambda one: by_use(one.path))


def has_tables(head: Commit) -> bool:
    """Whether there are rows to look at: a link to none leads nowhere."""
    walked = islice(tree_of(head).walk(), WALKED_MAX)
    return any(one.path.lower().endswith(TABLES) for one in walked)


def by_use(path: str) -> tuple[bool, str]:
    return "train" not in path.lower(), path


@takes("GET")
def rows_page(request: PageRequest, code: str) -> HttpResponse:
    """As reading rows over the API: it needs the same right, and is the same use."""
    row = data_set_for(request.actor, code)
    head = served_commit(request.actor, row, commit_at(row, "main"), "main")
    try:
        need_bytes(request, row)
    except (AccessNeeded, SecureRoomOnly) as error:
        told = {"data_set": row, "head": head, "sentence": sentence_of(error)}
        return render(request, "data/rows_shut.html", told, status=error.http_status)
    tables = tables_of(head) if row.offering_id is None else []  # sold ones are fetched
    if not tables:
        raise NotFound
    table = _chosen(tables, request.GET.get("path", ""))
    words = " ".join(request.GET.get("q", "").split())[:WORDS_MAX]
    number = _page_number(request)
    shown = _shown(table, words, number)
    count_use(request, row, head)
    facts = {
        "data_set": row,
        "tables": [one.path for one in tables[:TABLES_SHOWN]],
        "path": table.path,
        "query": words,
        "is_writer": may_write(request.actor, row),
        "shown": shown,
        "columns": shown.found.columns[:COLUMNS_SHOWN] if shown.found else (),
        "rows": [(n, r[:COLUMNS_SHOWN]) for n, r in shown.found.rows] if shown.found else [],
        "hidden": max(0, len(shown.found.columns) - COLUMNS_SHOWN) if shown.found else 0,
        "before": _address(table.path, words, number - 1) if number > 1 else "",
        "after": _address(table.path, words, number + 1) if shown.after else "",
    }
    return render(request, "data/rows.html", facts)


def _chosen(tables: Sequence[Entry], path: str) -> Entry:
    found = [one for one in tables if one.path == path] if path else [tables[0]]
    if not found:
        raise NotFound
    return found[0]


def _page_number(request: PageRequest) -> int:
    asked = request.GET.get("page", "1")
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 9
    return min(max(int(asked), 1), PAGES_MAX) if is_number else 1


def _shown(table: Entry, words: str, number: int) -> Shown:
    offset = (number - 1) * PAGE
    try:
        if words:
            found = rows_with(table, words, offset=offset, length=PAGE)
            return Shown(found, offset + PAGE < found.total)
        content = Content.objects.get(pk=table.sha256)
        rows = rows_of(table.path, content, offset=offset, length=PAGE)
    except PreviewImpossible as error:
        return Shown(None, after=False, reason=sentence_of(error))
    numbered = tuple(enumerate(rows.rows, offset + 1))
    return Shown(RowsFound(rows.columns, numbered, -1, rows.is_whole), not rows.is_whole)


def _address(path: str, words: str, number: int) -> str:
    given = [("path", path), *([("q", words)] if words else []), ("page", str(number))]
    return f"?{urlencode(given)}"

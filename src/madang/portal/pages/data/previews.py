"""What of a data set's files is shown on its page: rows, pictures, sounds, and the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from madang.core.errors import MadangError, NotFound
from madang.datahub.catalogue.croissant import media_type
from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.errors import PreviewImpossible
from madang.datahub.hub.gate import bytes_are_open, need_bytes, served_commit
from madang.datahub.models import DataSet, Version
from madang.datahub.preview.media import IMAGE_BYTES_MAX, thumbnail
from madang.datahub.preview.opening import beginning
from madang.datahub.preview.statistics import IMAGES, SOUNDS
from madang.datahub.preview.tables import TABLES, Rows, rows_of
from madang.datahub.sets.queries import data_set_for, data_sets_for
from madang.portal.pages.data.rows import by_use
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import sentence_of

ROWS_SHOWN, COLUMNS_SHOWN, MEDIA_SHOWN = 8, 12, 12
WALKED_MAX = 2_000
SOUND_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Preview:
    """The first table's first rows, and the first pictures and sounds, by path."""

    path: str
    rows: Rows | None
    reason: str
    images: list[str]
    sounds: list[str]


def preview_of(request: PageRequest, row: DataSet, head: Commit) -> Preview | None:
    """Nothing for readers who may not have the bytes."""
    if not bytes_are_open(request, row):
        return None
    entries = list(islice(tree_of(head).walk(), WALKED_MAX))
    tables = [one for one in entries if one.path.lower().endswith(TABLES)]
    table = min(tables, key=lambda one: by_use(one.path), default=None)
    rows, reason = _rows(table)
    return Preview(
        table.path if table else "",
        rows,
        reason,
        _named(entries, IMAGES),
        _named(entries, SOUNDS) if row.offering_id is None else [],
    )


def _rows(table: Entry | None) -> tuple[Rows | None, str]:
    if table is None:
        return None, ""
    try:
        found = rows_of(table.path, Content.objects.get(pk=table.sha256), length=ROWS_SHOWN)
    except MadangError as error:
        return None, sentence_of(error)
    cut = tuple(row[:COLUMNS_SHOWN] for row in found.rows)
    columns, kinds = found.columns[:COLUMNS_SHOWN], found.kinds[:COLUMNS_SHOWN]
    return Rows(columns, kinds, cut, found.is_whole), ""


def _named(entries: list[Entry], endings: tuple[str, ...]) -> list[str]:
    return [one.path for one in entries if one.path.lower().endswith(endings)][:MEDIA_SHOWN]


@takes("GET")
def media(request: PageRequest, code: str, rest: str) -> HttpResponseBase:
    """A small picture, or the beginning of a sound, for the page's own reader."""
    row = data_set_for(request.actor, code)
    head = served_commit(request.actor, row, commit_at(row, "main"), "main")
    need_bytes(request, row)
    entry = tree_of(head).find(rest)
    if entry is None:
        raise NotFound
    content = Content.objects.get(pk=entry.sha256)
    if rest.lower().endswith(IMAGES):
        if entry.size > IMAGE_BYTES_MAX:
            raise PreviewImpossible(file=rest, reason=f"larger than {IMAGE_BYTES_MAX} bytes")
        data, kind = thumbnail(rest, beginning(content, entry.size)), "image/jpeg"
    elif rest.lower().endswith(SOUNDS) and row.offering_id is None:  # else it would be given
        data, kind = beginning(content, SOUND_BYTES_MAX), media_type(rest)
    else:
        raise NotFound
    return HttpResponse(data, content_type=kind, headers={"ETag": f'"{entry.sha1.hex()}"'})


@takes("GET")
def by_identifier(request: PageRequest, identifier: UUID) -> HttpResponseBase:
    """The address that stays, of a set or of a version: it leads to the set's page."""
    seen = data_sets_for(request.actor)
    row = seen.filter(pk=identifier).first()
    if row is None:
        version = Version.objects.filter(pk=identifier, data_set__in=seen).first()
        if version is None:
            raise NotFound
        row = version.data_set
    return redirect("data_set", code=row.code)

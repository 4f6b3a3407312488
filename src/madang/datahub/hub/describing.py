"""What a data set is, in the formats of others: Croissant, DCAT-AP, citations; rows of it."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse, HttpResponseBase, JsonResponse

from madang.core.errors import NotFound
from madang.datahub.catalogue.croissant import croissant
from madang.datahub.catalogue.dcat import catalogue
from madang.datahub.catalogue.facts import Described, described
from madang.datahub.commits.models import Commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.errors import BodyMalformed
from madang.datahub.hub.answers import ENTRY, failure, hub_view, repo
from madang.datahub.hub.gate import count_use, need_bytes, shown_to_everybody
from madang.datahub.hub.getting import at_version
from madang.datahub.preview.actions import commit_facts
from madang.datahub.preview.tables import ROWS_MAX, rows_of
from madang.datahub.search.queries import FACETS, search
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_sets_for
from madang.parties.api import ApiRequest

LD = "application/ld+json"
FOUND_MAX = 100


def _asked(request: ApiRequest, code: str) -> tuple[DataSet, Commit]:
    data_set = repo(request, code)
    return data_set, at_version(request, data_set, request.GET.get("revision", "main"))


def ld(document: object) -> HttpResponse:
    """JSON-LD, fast: a catalogue has thousands of lines."""
    return HttpResponse(msgspec.json.encode(document), content_type=LD)


@hub_view("GET")
def croissant_of(request: ApiRequest, code: str) -> HttpResponseBase:
    data_set, commit = _asked(request, code)
    return ld(croissant(described(data_set, commit, at=request.at)))


@hub_view("GET")
def citation(request: ApiRequest, code: str) -> HttpResponseBase:
    data_set, commit = _asked(request, code)
    one = described(data_set, commit, at=request.at)
    return JsonResponse(
        {
            "text": one.citation,
            "bibtex": one.bibtex,
            "identifier": one.identifier,
            "version": one.number,
        }
    )


@hub_view("GET")
def dcat(request: ApiRequest) -> HttpResponseBase:
    """Public data sets only, as everybody gets them."""
    return ld(catalogue(public(request)))


def public(request: ApiRequest) -> list[Described]:
    found = []
    for row in data_sets_for(None):
        head = shown_to_everybody(row, commit_at(row, "main"))
        if head is not None:
            found.append(described(row, head, at=request.at))
    return found


@hub_view("GET")
def rows(request: ApiRequest, code: str) -> HttpResponseBase:
    """Some rows of a table: `path`, `offset`, `length` (at most a hundred)."""
    data_set, commit = _asked(request, code)
    need_bytes(request, data_set)
    path = request.GET.get("path", "")
    entry = tree_of(commit).find(path)
    if entry is None:
        return failure(404, ENTRY, f"there is no file {path}", commit=commit.id)
    offset, length = _number(request, "offset", 0), _number(request, "length", ROWS_MAX)
    content = Content.objects.get(pk=entry.sha256)
    found = rows_of(path, content, offset=offset, length=length)
    count_use(request, data_set, commit)
    return JsonResponse(
        {
            "path": path,
            "columns": [
                {"name": name, "kind": kind}
                for name, kind in zip(found.columns, found.kinds, strict=True)
            ],
            "offset": offset,
            "rows": found.rows,
            "whole": found.is_whole,
        }
    )


def _number(request: ApiRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BodyMalformed(reason=f"{name} is no number")
    return int(text)


@hub_view("GET")
def statistics(request: ApiRequest, code: str) -> HttpResponseBase:
    """Per column, of a sealed version: drafts change too often to be counted."""
    data_set, commit = _asked(request, code)
    need_bytes(request, data_set)
    found = commit_facts(commit, at=request.at)
    if found is None:
        raise NotFound
    return JsonResponse(found)


@hub_view("GET")
def searched(request: ApiRequest) -> HttpResponseBase:
    """Words in Korean or English (`q`), and facets that narrow; best first."""
    chosen = {name: request.GET.getlist(name) for name in FACETS}
    start = _number(request, "start", 0)
    count = min(_number(request, "rows", 20), FOUND_MAX)
    found = search(
        request.actor, request.GET.get("q", ""), chosen, start=start, count=count, at=request.at
    )
    return JsonResponse(
        {
            "count": found.total,
            "results": [
                {
                    "code": row.code,
                    "name_ko": row.name_ko,
                    "name_en": row.name_en,
                    "field": row.field,
                    "licence": row.licence,
                    "access": row.access,
                }
                for row in found.rows
            ],
            "facets": {
                name: [{"value": value, "count": n} for value, n in values]
                for name, values in found.facets.items()
            },
        }
    )

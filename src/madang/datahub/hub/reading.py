"""The reading half of the hub's protocol: what is there, and the bytes of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qs, quote, urlencode

import msgspec
from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse

from madang.core.clock import rfc3339
from madang.datahub.commits.models import Commit, RefKind
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.queries import commit_at, history
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import LARGE_BYTES
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import BodyMalformed
from madang.datahub.hub.answers import ENTRY, failure, hub_view, need_person, repo
from madang.datahub.hub.gate import (
    count_use,
    need_bytes,
    served,
    served_commit,
    unless_recalled,
)
from madang.datahub.hub.writing import body_of
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import Access, DataSet
from madang.datahub.sets.queries import data_sets_for
from madang.datahub.store.hashes import hash_text
from madang.datahub.uses.queries import uses_of
from madang.parties.actor import Role
from madang.parties.api import ApiRequest

TREE_PAGE = 1_000
LIST_PAGE = 100
POINTER_BYTES = 134
PATHS_MAX, PATHS_BYTES_MAX = 10_000, 8 * 1024 * 1024
JSON = "application/json"
Json = dict[str, object]


@hub_view("GET")
def info(request: ApiRequest, code: str, rest: str = "main") -> HttpResponseBase:
    data_set = repo(request, code)
    commit, _ = served(request, data_set, rest)
    pieces = _described(facts_of(data_set, commit), commit, has_blobs="blobs" in request.GET)
    if commit.files <= TREE_PAGE:
        return HttpResponse(b"".join(pieces), content_type=JSON)
    return StreamingHttpResponse(pieces, content_type=JSON)


def _described(facts: Json, commit: Commit, *, has_blobs: bool) -> Iterator[bytes]:
    """A data set as clients read it, with its files: sent as they are read, so that a million
    of them never stand in memory."""
    yield msgspec.json.encode(facts)[:-1] + b',"siblings":['
    walked, comma = tree_of(commit).walk(), b""
    while some := [_sibling(entry, has_blobs) for entry in islice(walked, TREE_PAGE)]:
        yield comma + msgspec.json.encode(some)[1:-1]
        comma = b","
    yield b"]}"


def facts_of(data_set: DataSet, commit: Commit) -> Json:
    return {
        "_id": data_set.id.hex[:24],
        "id": data_set.code,
        "author": data_set.code.partition("/")[0],
        "sha": commit.id,
        "private": data_set.is_private,
        "gated": "manual" if data_set.access == Access.GATED else False,
        "disabled": False,
        "lastModified": rfc3339(commit.at),
        "createdAt": rfc3339(data_set.created_at),
        "downloads": uses_of(data_set),
        "likes": 0,
        "tags": [f"field:{data_set.field}"],
        "cardData": {},
        "usedStorage": commit.size_bytes,
    }


def _sibling(entry: Entry, has_blobs: bool) -> Json:
    if not has_blobs:
        return {"rfilename": entry.path}
    return {
        "rfilename": entry.path,
        "size": entry.size,
        "blobId": entry.sha1.hex(),
        **_lfs(entry),
    }


def _lfs(entry: Entry) -> Json:
    if entry.size < LARGE_BYTES:
        return {}
    facts = {"sha256": entry.sha256.hex(), "oid": entry.sha256.hex()}
    return {"lfs": {**facts, "size": entry.size, "pointerSize": POINTER_BYTES}}


@hub_view("GET")
def tree(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """Files and folders below a path; page by page, the next one in the Link header."""
    data_set = repo(request, code)
    commit, folder = served(request, data_set, rest)
    found = tree_of(commit)
    if not found.has_folder(folder):
        return failure(404, ENTRY, f"there is no folder {folder}", commit=commit.id)
    after = request.GET.get("cursor", "")
    is_deep = request.GET.get("recursive", "").lower() in {"1", "true"}
    prefix = f"{folder}/" if folder else ""
    items: Iterator[Entry | str] = (
        found.walk(after, prefix) if is_deep else found.children(folder, after)
    )
    page: list[Json] = []
    for item in items:
        if len(page) == TREE_PAGE:
            return _tree_page(request, commit, page)
        page.append(_file(item, commit) if isinstance(item, Entry) else _folder(item, commit))
    return _listed(page, {"X-Repo-Commit": commit.id})


def _listed(page: list[Json], headers: dict[str, str]) -> HttpResponse:
    """A thousand rows at once: written several times faster than by the plain encoder."""
    body = msgspec.json.encode(page)
    return HttpResponse(body, content_type=JSON, headers=headers)


def _tree_page(request: ApiRequest, commit: Commit, page: list[Json]) -> HttpResponse:
    """A full page, with the address of the next one."""
    given = request.GET.dict() | {"cursor": str(page[-1]["path"])}
    address = f"{request.build_absolute_uri(quote(request.path))}?{urlencode(given)}"
    return _listed(page, {"X-Repo-Commit": commit.id, "Link": f'<{address}>; rel="next"'})


def _file(entry: Entry, commit: Commit) -> Json:
    return {
        "type": "file",
        "path": entry.path,
        "size": entry.size,
        "oid": entry.sha1.hex(),
        **_lfs(entry),
        **({"xetHash": hash_text(entry.xet)} if entry.size >= LARGE_BYTES else {}),
        "lastCommit": {"id": commit.id, "title": commit.title, "date": rfc3339(commit.at)},
    }


def _folder(path: str, commit: Commit) -> Json:
    oid = commit.id
    return {"type": "directory", "path": path, "oid": oid, "size": 0}


@hub_view("POST")
def paths_info(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """Facts of the named paths; unknown ones are left out."""
    commit, _ = served(request, repo(request, code), rest)
    found = tree_of(commit)
    answers: list[Json] = []
    for path in _asked_paths(request):
        entry = found.find(path)
        if entry is not None:
            answers.append(_file(entry, commit))
        elif found.has_folder(path):
            answers.append(_folder(path, commit))
    return JsonResponse(answers, safe=False)


def _asked_paths(request: ApiRequest) -> list[str]:
    """As a form or as JSON. Clients ask for five hundred at once and one field more, which is
    more than the portal's own forms may have. Raises BodyMalformed."""
    if request.content_type == "application/json":
        paths = body_of(request, PATHS_BYTES_MAX).get("paths")
        return [str(path) for path in paths] if isinstance(paths, list) else []
    if request.content_type != "application/x-www-form-urlencoded":
        return request.POST.getlist("paths")
    data = request.read(PATHS_BYTES_MAX + 1)
    if len(data) > PATHS_BYTES_MAX:
        raise BodyMalformed(reason=f"longer than {PATHS_BYTES_MAX} bytes")
    try:
        return parse_qs(data.decode(), max_num_fields=PATHS_MAX).get("paths", [])
    except ValueError as err:
        raise BodyMalformed(reason=f"more than {PATHS_MAX} fields, or no UTF-8") from err


@hub_view("GET", "HEAD")
def resolve(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """A file's bytes, or a range of them. What lies under a commit's id never changes."""
    data_set = repo(request, code)
    commit, path = served(request, data_set, rest)
    need_bytes(request, data_set)
    entry = tree_of(commit).find(path)
    if entry is None:
        return failure(404, ENTRY, f"there is no file {path}", commit=commit.id)
    headers = _file_headers(request, code, entry, commit)
    if request.method == "HEAD":
        return HttpResponse(headers={**headers, "Content-Length": str(entry.size)})
    wanted = range_of(request.headers.get("range", ""), entry.size)
    if wanted is None:
        headers["Content-Range"] = f"bytes */{entry.size}"
        return HttpResponse(status=416, headers=headers)
    start, end = wanted
    if (start, end) != (0, entry.size) or request.headers.get("range"):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{entry.size}"
    content = Content.objects.get(pk=entry.sha256)
    count_use(request, data_set, commit)
    return StreamingHttpResponse(
        unless_recalled(data_set, commit, read_content(content, start, end)),
        status=206 if "Content-Range" in headers else 200,
        headers={**headers, "Content-Length": str(end - start)},
    )


def _file_headers(
    request: ApiRequest, code: str, entry: Entry, commit: Commit
) -> dict[str, str]:
    is_large = entry.size >= LARGE_BYTES
    tag = entry.sha256.hex() if is_large else entry.sha1.hex()
    name = quote(entry.path.rpartition("/")[2])
    headers = {
        "X-Repo-Commit": commit.id,
        "ETag": f'"{tag}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"inline; filename*=UTF-8''{name}",
        "X-Content-SHA256": entry.sha256.hex(),
    }
    if is_large:
        token = request.build_absolute_uri(f"/api/datasets/{code}/xet-read-token/{commit.id}")
        headers |= {
            "X-Linked-Size": str(entry.size),
            "X-Linked-Etag": f'"{tag}"',
            "X-Xet-Hash": hash_text(entry.xet),
            "Link": f'<{token}>; rel="xet-auth"',
        }
    return headers


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of one range; all of it without one; None: past the end."""
    if not header.startswith("bytes=") or "," in header:
        return 0, size
    first, dash, last = header.removeprefix("bytes=").strip().partition("-")
    if not dash or not (first + last).isascii() or not (first + last).isdigit():
        return 0, size
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else None


@hub_view("GET")
def refs(request: ApiRequest, code: str) -> HttpResponseBase:
    rows = repo(request, code).refs.order_by("name")
    told: dict[str, list[Json]] = {
        "branches": [],
        "tags": [],
        "converts": [],
        "pullRequests": [],
    }
    for row in rows:
        is_tag = row.kind == RefKind.TAG
        target = {"name": row.name, "targetCommit": row.commit_id}
        folder = "tags" if is_tag else "heads"
        told["tags" if is_tag else "branches"].append(
            {**target, "ref": f"refs/{folder}/{row.name}"}
        )
    return JsonResponse(told)


@hub_view("GET")
def commits(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    data_set = repo(request, code)
    commit = served_commit(request.actor, data_set, commit_at(data_set, rest), rest)
    found = history(commit)[:TREE_PAGE]
    answer = [
        {
            "id": row.id,
            "title": row.title,
            "message": row.message,
            "authors": [{"user": row.author}],
            "date": rfc3339(row.at),
        }
        for row in found
    ]
    return JsonResponse(answer, safe=False)


@hub_view("GET")
def data_sets(request: ApiRequest) -> HttpResponseBase:
    """What this reader may see, by name, author and search."""
    rows = data_sets_for(request.actor)
    if search := request.GET.get("search", ""):
        rows = rows.filter(code__icontains=search)
    if author := request.GET.get("author", ""):
        rows = rows.filter(code__startswith=f"{author}/")
    if after := request.GET.get("cursor", ""):
        rows = rows.filter(code__gt=after)
    asked = request.GET.get("limit", "")
    limit = min(int(asked), LIST_PAGE) if asked.isascii() and asked.isdigit() else LIST_PAGE
    page = list(rows[: limit + 1])
    told = [_short(row) for row in page[:limit]]
    headers = {}
    if len(page) > limit and limit:
        given = request.GET.dict() | {"cursor": page[limit - 1].code}
        address = f"{request.build_absolute_uri(request.path)}?{urlencode(given)}"
        headers["Link"] = f'<{address}>; rel="next"'
    return JsonResponse(told, safe=False, headers=headers)


def _short(row: DataSet) -> Json:
    return facts_of(row, commit_at(row, "main")) | {"siblings": []}


@hub_view("GET")
def auth_check(request: ApiRequest, code: str) -> HttpResponseBase:
    data_set = repo(request, code)
    served(request, data_set, "main")
    need_bytes(request, data_set)
    return JsonResponse({})


@hub_view("GET")
def auth_write(request: ApiRequest, code: str) -> HttpResponseBase:
    need_person(request)
    need_writer(request.actor, repo(request, code))
    return JsonResponse({})


@hub_view("GET")
def whoami(request: ApiRequest) -> HttpResponseBase:
    need_person(request)
    person, actor = request.person, request.actor
    can_write = actor.has(Role.BUILDER, Role.OPERATOR)
    token = {"displayName": "token", "role": "write" if can_write else "read"}
    return JsonResponse(
        {
            "type": "user",
            "id": str(person.id),
            "name": person.email,
            "fullname": person.name or person.email,
            "email": person.email,
            "isPro": False,
            "orgs": [],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )

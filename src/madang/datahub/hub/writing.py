"""The writing half of the hub's protocol: data sets, commits, branches and tags."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator

from django.http import HttpResponseBase, JsonResponse

from madang.datahub.commits.actions import Change, commit, drop_ref, make_ref
from madang.datahub.commits.models import RefKind
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import LARGE_BYTES, Many
from madang.datahub.errors import BodyMalformed, DataSetExists, DataSetKept, RefUnknown
from madang.datahub.hub.answers import hub_view, need_person, repo
from madang.datahub.hub.revisions import revision_and_path
from madang.datahub.sets.actions import change_access, create_data_set, need_writer
from madang.datahub.sets.models import Access, DataSet
from madang.parties.api import ApiRequest

BODY_BYTES_MAX = 512 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
INLINE_BYTES_MAX = 1024 * 1024
FILES_AT_ONCE = 256
Line = dict[str, object]


def body_of(request: ApiRequest, limit: int = INLINE_BYTES_MAX) -> Line:
    """A JSON object. Raises BodyMalformed."""
    try:
        found = json.loads(_read(request, limit) or b"{}")
    except ValueError as err:
        raise BodyMalformed(reason="not JSON") from err
    if not isinstance(found, dict):
        raise BodyMalformed(reason="not an object")
    return found


def _read(request: ApiRequest, limit: int) -> bytes:
    data: bytes = request.read(limit + 1)
    if len(data) > limit:
        raise BodyMalformed(reason=f"longer than {limit} bytes")
    return data


def text_of(line: Line, name: str) -> str:
    found = line.get(name, "")
    if not isinstance(found, str):
        raise BodyMalformed(reason=f"{name} is not a text")
    return found


@hub_view("POST")
def create(request: ApiRequest) -> HttpResponseBase:
    """A new data set; 409 with its address when it is there."""
    need_person(request)
    asked = body_of(request)
    code = _code(asked)
    is_private = asked.get("visibility") != "public" if "visibility" in asked else True
    if "visibility" not in asked:
        is_private = bool(asked.get("private", False))
    url = request.build_absolute_uri(f"/datasets/{code}")
    try:
        row = create_data_set(request.actor, code=code, is_private=is_private, at=request.at)
    except DataSetExists as error:
        return JsonResponse({"error": error.sentence("en"), "url": url}, status=409)
    return JsonResponse({"url": url, "name": row.code, "id": row.code})


def _code(asked: Line) -> str:
    name, owner = text_of(asked, "name"), text_of(asked, "organization")
    return f"{owner}/{name}" if owner and "/" not in name else name


@hub_view("DELETE", "POST")
def kept(request: ApiRequest) -> HttpResponseBase:
    """Deleting and renaming are answered in words: a set that was cited must be found again."""
    need_person(request)
    asked = body_of(request)
    row = repo(request, text_of(asked, "fromRepo") or _code(asked))
    need_writer(request.actor, row)
    raise DataSetKept(name=row.code)


@hub_view("PUT")
def settings(request: ApiRequest, code: str) -> HttpResponseBase:
    need_person(request)
    row, asked = repo(request, code), body_of(request)
    access = None
    if "gated" in asked:
        access = Access.GATED if asked["gated"] else Access.OPEN
    is_private = bool(asked["private"]) if "private" in asked else None
    if "visibility" in asked:
        is_private = asked["visibility"] != "public"
    change_access(request.actor, row.id, access=access, is_private=is_private, at=request.at)
    return JsonResponse({})


@hub_view("POST")
def validate_yaml(request: ApiRequest) -> HttpResponseBase:
    return JsonResponse({"errors": [], "warnings": []})


@hub_view("POST")
def preupload(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """How each file is to come, and what is there already under its path."""
    need_person(request)
    data_set = repo(request, code)
    need_writer(request.actor, data_set)
    head, _ = revision_and_path(request, data_set, rest)
    files = body_of(request).get("files")
    if not isinstance(files, list) or len(files) > FILES_AT_ONCE:
        raise BodyMalformed(reason=f"files is not a list of at most {FILES_AT_ONCE}")
    tree = tree_of(head)
    told = [_mode(tree.find(text_of(one, "path")), one) for one in files]
    return JsonResponse({"files": told, "commitOid": head.id})


def _mode(held: object, one: Line) -> Line:
    size = one.get("size")
    is_large = not isinstance(size, int) or size >= INLINE_BYTES_MAX or not _is_text(one)
    oid = None
    if held is not None:
        entry_size = held.size  # type: ignore[attr-defined]  # an Entry
        raw = held.sha256 if entry_size >= LARGE_BYTES else held.sha1  # type: ignore[attr-defined]
        oid = raw.hex()
    mode = "lfs" if is_large else "regular"
    return {"path": one["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}


def _is_text(one: Line) -> bool:
    """By its first bytes. Clients may delete what is no text once it is sent on its own."""
    try:
        sample = base64.b64decode(text_of(one, "sample"))
    except binascii.Error as err:
        raise BodyMalformed(reason="sample is not base64") from err
    try:
        return "\0" not in sample.decode()
    except UnicodeDecodeError as err:
        return err.start >= len(sample) - 3  # a character cut by the sample's end


@hub_view("POST")
def commit_files(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """One commit: NDJSON of a header, files, and what goes."""
    need_person(request)
    data_set = repo(request, code)
    need_writer(request.actor, data_set)
    change = _change(request, data_set)
    row = commit(request.actor, data_set, change, branch=rest, at=request.at)
    url = request.build_absolute_uri(f"/datasets/{code}/commit/{row.id}")
    return JsonResponse({"success": True, "commitUrl": url, "commitOid": row.id})


def _pieces(request: ApiRequest) -> Iterator[bytes]:
    """The body as it comes, up to BODY_BYTES_MAX."""
    size = 0
    while piece := request.read(PIECE_BYTES):
        size += len(piece)
        if size > BODY_BYTES_MAX:
            raise BodyMalformed(reason=f"longer than {BODY_BYTES_MAX} bytes")
        yield piece


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Line by line: a commit of very many small files never stands in memory."""
    begun: list[bytes] = []
    for piece in pieces:
        first, *following = piece.split(b"\n")
        begun.append(first)
        for line in following:
            yield b"".join(begun)
            begun = [line]
    yield b"".join(begun)


def _lines(request: ApiRequest) -> Iterator[tuple[str, Line]]:
    for line in _split(_pieces(request)):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            key, value = found["key"], found["value"]
        except (ValueError, KeyError, TypeError) as err:
            raise BodyMalformed(reason="a line is not {key, value}") from err
        if not isinstance(key, str) or not isinstance(value, dict):
            raise BodyMalformed(reason="a line is not {key, value}")
        yield key, value


def _change(request: ApiRequest, data_set: DataSet) -> Change:
    head: Line = {}
    many = Many(data_set, request.at)
    puts: list[tuple[str, bytes]] = []
    files: list[str] = []
    folders: list[str] = []
    for key, value in _lines(request):
        match key:
            case "header":
                head = value
            case "file":
                puts.append((text_of(value, "path"), many.add(_inline(value))))
            case "lfsFile":
                puts.append((text_of(value, "path"), sha256_from(text_of(value, "oid"))))
            case "deletedFile":
                files.append(text_of(value, "path"))
            case "deletedFolder":
                folders.append(text_of(value, "path"))
            case _:
                raise BodyMalformed(reason=f"no such line: {key}")
    many.close()
    return Change(
        puts=puts,
        gone_files=files,
        gone_folders=folders,
        title=text_of(head, "summary"),
        message=text_of(head, "description"),
        parent=text_of(head, "parentCommit") if head.get("parentCommit") else "",
    )


def _inline(value: Line) -> bytes:
    try:
        return base64.b64decode(text_of(value, "content"), validate=True)
    except binascii.Error as err:
        raise BodyMalformed(reason="content is not base64") from err


def sha256_from(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError as err:
        raise BodyMalformed(reason="oid is not hexadecimal") from err
    if len(found) != 32:
        raise BodyMalformed(reason="oid is not a SHA-256")
    return found


@hub_view("POST", "DELETE")
def branch(request: ApiRequest, code: str, name: str) -> HttpResponseBase:
    return _ref(request, code, RefKind.BRANCH, name)


@hub_view("POST", "DELETE")
def tag(request: ApiRequest, code: str, name: str) -> HttpResponseBase:
    """POST names the revision in the address and the tag in the body; DELETE the tag."""
    return _ref(request, code, RefKind.TAG, name)


def _ref(request: ApiRequest, code: str, kind: RefKind, name: str) -> HttpResponseBase:
    need_person(request)
    data_set = repo(request, code)
    need_writer(request.actor, data_set)
    if request.method == "DELETE":
        drop_ref(request.actor, data_set, kind, name, at=request.at)
        return JsonResponse({})
    asked = body_of(request)
    if kind == RefKind.TAG:
        target, name = commit_at(data_set, name), text_of(asked, "tag")
    else:
        target = commit_at(data_set, text_of(asked, "startingPoint") or "main")
    if not name:
        raise RefUnknown(name=name)
    make_ref(request.actor, data_set, kind, name, target, at=request.at)
    return JsonResponse({})

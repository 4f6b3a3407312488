"""What `madang hub get` asks: the list of files, the blocks of one, many small ones at once."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from madang.datahub.client.choosing import Choice
from madang.datahub.client.manifest import Item, written
from madang.datahub.commits.models import Commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.among import among
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import leaves_of, read_together
from madang.datahub.errors import BodyMalformed
from madang.datahub.hub.answers import ENTRY, failure, hub_view, repo
from madang.datahub.hub.gate import (
    count_use,
    need_bytes,
    served,
    served_commit,
    unless_recalled,
)
from madang.datahub.hub.writing import body_of
from madang.datahub.sets.models import DataSet
from madang.datahub.versions.models import Version
from madang.parties.api import ApiRequest

PIECE_BYTES = 64 * 1024
BUNDLE_FILES_MAX = 4_096
BUNDLE_BODY_BYTES_MAX = 8 * 1024 * 1024
BUNDLE_BYTES_MAX = 256 * 1024 * 1024


@hub_view("GET")
def manifest(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """Lines of JSON, closed by a digest. A version may be named by its number, too."""
    data_set = repo(request, code)
    commit = at_version(request, data_set, rest)
    version = Version.objects.filter(commit=commit).first()
    head = {
        "set": code,
        "commit": commit.id,
        "version": version.number if version else "",
        "digest": version.digest if version else "",
    }
    choice = Choice(
        tuple(request.GET.getlist("only")),
        request.GET.get("split", ""),
        request.GET.get("class", ""),
    )
    lines = _pieces(written(head, _items(commit, choice)))
    return StreamingHttpResponse(
        lines, content_type="application/x-ndjson", headers={"X-Repo-Commit": commit.id}
    )


def at_version(request: ApiRequest, data_set: DataSet, revision: str) -> Commit:
    """By branch, tag or commit, or by the number of a version."""
    version = Version.objects.filter(data_set=data_set, number=revision)
    found = version.select_related("commit").first()
    if found is not None:
        return served_commit(request.actor, data_set, found.commit, revision)
    return served(request, data_set, revision)[0]


def _items(commit: Commit, choice: Choice) -> Iterator[Item]:
    for entry in tree_of(commit).walk():
        if choice.takes(entry.path):
            yield Item(entry.path, entry.size, entry.sha256, entry.xet)


def _pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Fewer, larger pieces."""
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= PIECE_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


@hub_view("GET")
def blocks(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """The chunks of a file: 32 bytes of hash and a length of 32 bits each."""
    data_set = repo(request, code)
    commit, path = served(request, data_set, rest)
    need_bytes(request, data_set)
    entry = tree_of(commit).find(path)
    if entry is None:
        return failure(404, ENTRY, f"there is no file {path}", commit=commit.id)
    content = Content.objects.get(pk=entry.sha256)
    data = b"".join(struct.pack("<32sI", *leaf) for leaf in leaves_of(content))
    return HttpResponse(data, content_type="application/octet-stream")


@hub_view("POST")
def bundle(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """The named files one behind the other, in the order in which they were named."""
    data_set = repo(request, code)
    commit, _ = served(request, data_set, rest)
    need_bytes(request, data_set)
    paths = body_of(request, BUNDLE_BODY_BYTES_MAX).get("paths")
    if not isinstance(paths, list) or not 0 < len(paths) <= BUNDLE_FILES_MAX:
        raise BodyMalformed(reason=f"paths is not a list of at most {BUNDLE_FILES_MAX}")
    tree = tree_of(commit)
    entries = [tree.find(str(path)) for path in paths]
    found = [entry for entry in entries if entry is not None]
    if len(found) < len(entries):
        missing = paths[entries.index(None)]
        return failure(404, ENTRY, f"there is no file {missing}", commit=commit.id)
    size = sum(entry.size for entry in found)
    if size > BUNDLE_BYTES_MAX:
        raise BodyMalformed(reason=f"a bundle of more than {BUNDLE_BYTES_MAX} bytes")
    rows = Content.objects.filter(pk__in=among({entry.sha256 for entry in found}))
    by_digest = {bytes(row.pk): row for row in rows}
    contents = [by_digest[entry.sha256] for entry in found]
    count_use(request, data_set, commit)
    return StreamingHttpResponse(
        unless_recalled(data_set, commit, read_together(contents)),
        content_type="application/octet-stream",
        headers={"Content-Length": str(size), "X-Repo-Commit": commit.id},
    )

"""Downloads by chunks, as Xet's clients ask for them: which runs of which packs make a file.

A read token is for one commit and one reader. What it opens are the files of that commit and
no others: the store holds the chunks of all data sets side by side, so each address of bytes is
signed for one run of one pack. Whether the reader may have them is asked again each time, so a
token or address from before ends with the right. Chunks are hashed before they leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.core import signing
from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse

from madang.core.errors import NotFound, NotSignedIn
from madang.datahub.commits.models import Commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import checked_part, layout_of
from madang.datahub.contents.terms import Run, read
from madang.datahub.hub.answers import hub_view, repo
from madang.datahub.hub.gate import count_use, need_bytes, served, served_commit
from madang.datahub.hub.reading import range_of
from madang.datahub.hub.xet import TOKEN_S, token_answer
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_set_for
from madang.datahub.store.hashes import Hash, hash_from, hash_text
from madang.parties.actor import Actor
from madang.parties.api import ApiRequest
from madang.parties.people.queries import actor_for, person_by_id

SALT = "madang.datahub.cas.read"
LINK_SALT = "madang.datahub.cas.run"
LINK_S = 3600
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what a read token opens. `person` is empty for somebody without a name."""

    data_set: DataSet
    commit: Commit
    person: str
    actor: Actor
    at: datetime
    META: Mapping[str, object]


@hub_view("GET")
def read_token(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """For everybody who may read the files of that commit."""
    data_set = repo(request, code)
    commit, _ = served(request, data_set, rest)
    need_bytes(request, data_set)
    person = getattr(request, "person", None)
    token = [str(data_set.id), commit.id, str(person.id) if person is not None else ""]
    return token_answer(request, signing.dumps(token, salt=SALT))


def _reader(request: ApiRequest) -> Reader:
    """Of the read token. Raises NotSignedIn."""
    header = request.headers.get("authorization", "")
    try:
        data_set, commit, person = signing.loads(
            header.removeprefix("Bearer "), salt=SALT, max_age=TOKEN_S
        )
    except signing.BadSignature as err:
        raise NotSignedIn from err
    return _reader_now(request, data_set, commit, person)


def _reader_now(request: ApiRequest, data_set: str, commit: str, person: str) -> Reader:
    """The reader with the rights of this instant.

    Raises what the first asking would: NotFound, VersionRecalled, AccessNeeded, SecureRoomOnly.
    """
    actor = Actor("anonymous")
    if person:
        actor = actor_for(person_by_id(person), at=request.at, origin="api")
    code = DataSet.objects.values_list("code", flat=True).get(pk=UUID(data_set))
    row = data_set_for(actor if person else None, code)
    kept = served_commit(actor, row, Commit.objects.get(pk=commit), commit)
    found = Reader(row, kept, person, actor, request.at, request.META)
    need_bytes(found, row)
    return found


@hub_view("GET")
def reconstruction(request: ApiRequest, version: int, name: str) -> HttpResponseBase:
    """The runs of chunks that make a file, or a range of it. Only version 1 is spoken."""
    if version != 1:
        return HttpResponse(status=404)
    reader, wanted = _reader(request), hash_from(name)
    if not _is_in(reader.commit, wanted):
        raise NotFound
    content = Content.objects.filter(xet=wanted).first()
    if content is None:
        raise NotFound
    span = range_of(request.headers.get("range", ""), content.size_bytes)
    if span is None:
        headers = {"Content-Range": f"bytes */{content.size_bytes}"}
        return HttpResponse(status=416, headers=headers)
    request.actor = reader.actor  # the token of the block store names the reader
    count_use(request, reader.data_set, reader.commit)
    parts = list(_parts(content, *span))
    fetched: dict[str, list[Json]] = {}
    for run in apart(part.run for part in parts):
        name_of = hash_text(layout_of(run.pack).hash)
        fetched.setdefault(name_of, []).append(_fetch_info(request, reader, run))
    return JsonResponse(
        {
            "offset_into_first_range": parts[0].offset if parts else 0,
            "terms": [_term(part.run) for part in parts],
            "fetch_info": fetched,
        }
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Chunks of one pack; `offset`: where in them the wanted bytes begin."""

    run: Run
    offset: int


def _parts(content: Content, start: int, end: int) -> Iterator[_Part]:
    """The runs that hold bytes `start` to before `end`, cut to whole chunks."""
    at = 0
    for run in read(bytes(content.terms)):
        if at >= end:
            return
        if at + run.length > start:
            yield _cut(run, max(start - at, 0), end - at)
        at += run.length


def apart(runs: Iterable[Run]) -> list[Run]:
    """Runs of which no two overlap, such that each of those given lies in one of them.

    A file may repeat itself; clients take the first run that begins where a term does.
    """
    found: list[Run] = []
    for run in sorted(runs, key=lambda one: (one.pack, one.first, one.end)):
        last = found[-1] if found else None
        if last is not None and last.pack == run.pack and run.first < last.end:
            found[-1] = Run(run.pack, last.first, max(last.end, run.end), 0)
        else:
            found.append(run)
    return found


def _cut(run: Run, start: int, end: int) -> _Part:
    lengths = layout_of(run.pack).lengths
    first, skipped = run.first, 0
    while skipped + lengths[first] <= start:
        skipped += lengths[first]
        first += 1
    last, length = first, 0
    while last < run.end and skipped + length < end:
        length += lengths[last]
        last += 1
    return _Part(Run(run.pack, first, last, length), start - skipped)


def _term(run: Run) -> Json:
    return {
        "hash": hash_text(layout_of(run.pack).hash),
        "unpacked_length": run.length,
        "range": {"start": run.first, "end": run.end},
    }


def _fetch_info(request: ApiRequest, reader: Reader, run: Run) -> Json:
    """The address of these chunks alone. `url_range` is inclusive, as ranges of HTTP are."""
    layout = layout_of(run.pack)
    whose = [str(reader.data_set.id), reader.commit.id, reader.person]
    link = signing.dumps([*whose, run.pack, run.first, run.end], salt=LINK_SALT)
    start, end = layout.start_of(run.first), layout.ends[run.end - 1]
    return {
        "range": {"start": run.first, "end": run.end},
        "url": request.build_absolute_uri(f"/hub/runs/{link}"),
        "url_range": {"start": start, "end": end - 1},
    }


@hub_view("GET")
def run_bytes(request: ApiRequest, link: str) -> HttpResponseBase:
    """Some chunks of a pack as they are stored, under the signature of the address."""
    try:
        data_set, commit, person, pack, first, end = signing.loads(
            link, salt=LINK_SALT, max_age=LINK_S
        )
    except signing.BadSignature as err:
        raise NotSignedIn from err
    _reader_now(request, data_set, commit, person)
    layout = layout_of(pack)
    start, stop = layout.start_of(first), layout.ends[end - 1]
    size = layout.ends[-1]
    asked = range_of(request.headers.get("range", ""), size)
    if asked is None or asked[0] < start or asked[1] > stop:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes {start}-{stop}/*"})
    data = checked_part(pack, first, end)[asked[0] - start : asked[1] - start]
    headers = {
        "Content-Range": f"bytes {asked[0]}-{asked[1] - 1}/{size}",
        "Content-Length": str(len(data)),
        "Content-Type": "application/octet-stream",
    }
    return StreamingHttpResponse(iter([data]), status=206, headers=headers)


def _is_in(commit: Commit, wanted: Hash) -> bool:
    """Does a file of this commit have that hash?"""
    found = _hashes_of(commit.id)
    beginning = np.frombuffer(wanted[:8], dtype=np.uint64)[0]
    place = int(np.searchsorted(found, beginning))
    return place < len(found) and bool(found[place] == beginning)


@lru_cache(maxsize=16)
def _hashes_of(commit: str) -> npt.NDArray[np.uint64]:
    """Eight bytes of each file's hash, sorted: a million files are eight megabytes."""
    tree = tree_of(Commit.objects.get(pk=commit))
    found = b"".join(entry.xet[:8] for entry in tree.walk())
    return np.sort(np.frombuffer(found, dtype=np.uint64))

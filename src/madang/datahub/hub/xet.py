"""Uploads by chunks, as Xet's clients send them: blocks first, then what the files are made of.

Nobody is told whether a chunk is known (X2 is always 404): that answer would leak what others
have. What is stored is deduplicated all the same, chunk by chunk, as blocks arrive.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, JsonResponse

from madang.core.errors import NotSignedIn
from madang.datahub.contents.beside import Digest
from madang.datahub.contents.intake import LARGE_BYTES, keep_content, pointer_id
from madang.datahub.contents.leases import renew_blocks
from madang.datahub.contents.models import Content, ReceivedXorb, XorbClaim
from madang.datahub.contents.packing import Packer
from madang.datahub.contents.reading import read_content
from madang.datahub.contents.terms import written
from madang.datahub.errors import (
    ContentDiffers,
    ContentUnknown,
    ShardMalformed,
    XorbMalformed,
)
from madang.datahub.hub.answers import hub_view, need_person, repo
from madang.datahub.hub.writing import BODY_BYTES_MAX, _read
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import DataSet
from madang.datahub.store import shards, xorbs
from madang.datahub.store.hashes import Hash, file_hash, hash_from, hash_text
from madang.parties.api import ApiRequest

SALT = "madang.datahub.cas"
TOKEN_S = 3600


@hub_view("GET")
def write_token(request: ApiRequest, code: str, rest: str) -> HttpResponseBase:
    """A token for the block store, and its address."""
    need_person(request)
    data_set = repo(request, code)
    need_writer(request.actor, data_set)
    token = [str(data_set.id), str(request.person.id)]
    return token_answer(request, signing.dumps(token, salt=SALT))


def token_answer(request: ApiRequest, token: str) -> HttpResponseBase:
    """The token and the store's address, as headers and as JSON: clients read either."""
    expires = int(request.at.timestamp()) + TOKEN_S
    url = request.build_absolute_uri("/hub/cas")
    headers = {
        "X-Xet-Cas-Url": url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    answer = {"casUrl": url, "accessToken": token, "exp": expires}
    return JsonResponse(answer, headers=headers)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose upload this is, and for which set."""

    data_set: DataSet
    person: str

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose blocks these are: the person's, who sends to several sets, and the firm's."""
        firm = self.data_set.organisation_id
        return (f"person:{self.person}", *([f"organisation:{firm}"] if firm else []))


def _sender(request: ApiRequest) -> Sender:
    """Whose upload this is, by the block store's own token."""
    header = request.headers.get("authorization", "")
    try:
        data_set, person = signing.loads(
            header.removeprefix("Bearer "), salt=SALT, max_age=TOKEN_S
        )
    except signing.BadSignature as err:
        raise NotSignedIn from err
    return Sender(DataSet.objects.get(pk=UUID(data_set)), person)


@hub_view("GET", "POST")
def unknown(request: ApiRequest, rest: str = "") -> HttpResponseBase:
    """What we do not answer: whether a chunk is known, and grants."""
    return HttpResponse(status=404)


@hub_view("POST")
def xorb(request: ApiRequest, name: str) -> HttpResponseBase:
    """A block of chunks: parsed, hashed again, its new chunks kept.

    The answer is the same whether others have sent it or not.
    """
    sender = _sender(request)
    wanted = hash_from(name)
    data = _read(request, xorbs.BODY_BYTES_MAX)
    found = xorbs.parse(data)
    if found.hash != wanted:
        raise XorbMalformed(reason=f"its hash is {hash_text(found.hash)}")
    packer = Packer(request.at)
    hashes = [chunk.hash for chunk in found.chunks]
    packer.add(list(zip(hashes, xorbs.views(data), strict=True)))
    packer.flush()
    _received(sender, wanted, found, request.at)
    return JsonResponse({"was_inserted": True})


def _received(sender: Sender, name: Hash, found: xorbs.Xorb, at: datetime) -> None:
    lengths = b"".join(chunk.length.to_bytes(4, "little") for chunk in found.chunks)
    row = ReceivedXorb(
        hash=name,
        hashes=b"".join(chunk.hash for chunk in found.chunks),
        lengths=lengths,
        received_at=at,
    )
    with transaction.atomic():
        ReceivedXorb.objects.bulk_create([row], ignore_conflicts=True)
        renew_blocks([name], at)
        XorbClaim.objects.bulk_create(
            (XorbClaim(xorb_id=name, owner=owner) for owner in sender.owners),
            ignore_conflicts=True,
        )


@hub_view("POST")
def shard(request: ApiRequest, version: int) -> HttpResponseBase:
    """What the uploaded files are made of; each is put together and hashed before it counts.

    Version 2 answers in lines, of which the last one says that it is done.
    """
    sender = _sender(request)
    for shape in shards.parse(_read(request, BODY_BYTES_MAX)):
        _keep(sender, shape, request.at)
    if version == 2:
        return HttpResponse('{"type": "result"}\n', content_type="application/x-ndjson")
    return JsonResponse({"result": 1})


def _keep(sender: Sender, shape: shards.FileShape, at: datetime) -> None:
    leaves = [leaf for term in shape.terms for leaf in _leaves(sender, term)]
    if file_hash(leaves) != shape.hash:
        raise ShardMalformed(reason="a file's hash is not that of its chunks")
    renew_blocks({term.xorb for term in shape.terms}, at)
    packer = Packer(at)
    packer.find([value for value, _ in leaves], dict(leaves))
    row = Content(
        size_bytes=sum(length for _, length in leaves),
        xet=shape.hash,
        terms=written(packer.places(value for value, _ in leaves)),
        kept_at=at,
    )
    row.sha256, row.sha1 = _digests(row)
    if shape.sha256 is not None and row.sha256 != shape.sha256:
        raise ContentDiffers(
            what="sha256", found=row.sha256.hex(), announced=shape.sha256.hex()
        )
    keep_content(sender.data_set, row)


def _digests(row: Content) -> tuple[bytes, str]:
    """The SHA-256 over what lies in the store, and git's id of it."""
    sha256 = Digest(hashlib.sha256())
    head = f"blob {row.size_bytes}\0".encode()
    sha1 = hashlib.sha1(head, usedforsecurity=False)
    is_large = row.size_bytes >= LARGE_BYTES
    for piece in read_content(row):
        sha256.update(piece)
        if not is_large:
            sha1.update(piece)
    digest = sha256.digest()
    return digest, pointer_id(digest, row.size_bytes) if is_large else sha1.hexdigest()


def _leaves(sender: Sender, term: shards.Term) -> list[tuple[Hash, int]]:
    """A block that others sent is as unknown as one that nobody sent."""
    claims = XorbClaim.objects.filter(xorb=term.xorb, owner__in=sender.owners)
    row = ReceivedXorb.objects.filter(pk__in=claims.values("xorb")).first()
    if row is None:
        raise ContentUnknown(name=hash_text(term.xorb))
    hashes, lengths = bytes(row.hashes), bytes(row.lengths)
    if term.end * 32 > len(hashes):
        raise ShardMalformed(reason="a term names chunks beyond its block")
    return [
        (
            hashes[place * 32 : place * 32 + 32],
            int.from_bytes(lengths[place * 4 : place * 4 + 4], "little"),
        )
        for place in range(term.first, term.end)
    ]

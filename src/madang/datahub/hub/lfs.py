"""Large files by the LFS protocol: a batch of permissions, then one PUT a file.

The PUT carries no token, so its address carries a short-lived signature of its own.
"""

from __future__ import annotations

from uuid import UUID

from django.core import signing
from django.http import HttpResponse, HttpResponseBase, JsonResponse

from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.leases import renew
from madang.datahub.contents.models import Claim
from madang.datahub.errors import BodyMalformed, LinkExpired
from madang.datahub.hub.answers import hub_view, need_person, repo
from madang.datahub.hub.bodies import pieces
from madang.datahub.hub.writing import Line, body_of, sha256_from, text_of
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import DataSet
from madang.parties.api import ApiRequest

SALT = "madang.datahub.lfs"
LINK_S = 6 * 3600
OBJECTS_MAX = 256
MEDIA_TYPE = "application/vnd.git-lfs+json"


@hub_view("POST")
def batch(request: ApiRequest, code: str) -> HttpResponseBase:
    """Where each object goes; one that this data set has needs no sending."""
    need_person(request)
    data_set = repo(request, code)
    need_writer(request.actor, data_set)
    objects = body_of(request).get("objects")
    if not isinstance(objects, list) or len(objects) > OBJECTS_MAX:
        raise BodyMalformed(reason=f"objects is not a list of at most {OBJECTS_MAX}")
    told = [_object(request, data_set, one) for one in objects]
    answer = {"transfer": "basic", "hash_algo": "sha256", "objects": told}
    return JsonResponse(answer, content_type=MEDIA_TYPE)


def _object(request: ApiRequest, data_set: DataSet, one: Line) -> Line:
    oid, size = text_of(one, "oid"), one.get("size")
    if not isinstance(size, int) or size < 0 or len(oid) != 64:
        raise BodyMalformed(reason="an object needs oid and size")
    told: Line = {"oid": oid, "size": size}
    content = sha256_from(oid)
    if Claim.objects.filter(data_set=data_set, content=content).exists():
        renew([content], request.at)
        return told
    link = signing.dumps([str(data_set.id), oid, size], salt=SALT)
    verify = f"/datasets/{data_set.code}.git/info/lfs/verify"
    actions = {
        "upload": {"href": request.build_absolute_uri(f"/hub/lfs/{link}"), "header": {}},
        "verify": {"href": request.build_absolute_uri(verify), "header": {}},
    }
    return {**told, "actions": actions}


@hub_view("PUT")
def put(request: ApiRequest, link: str) -> HttpResponseBase:
    """The bytes of one object, under the signature of its address."""
    try:
        data_set, oid, size = signing.loads(link, salt=SALT, max_age=LINK_S)
    except signing.BadSignature as err:
        raise LinkExpired from err
    row = DataSet.objects.get(pk=UUID(data_set))
    take_in(row, pieces(request), Announced(size, oid), at=request.at)
    return HttpResponse(headers={"ETag": f'"{oid}"'})


@hub_view("POST")
def verify(request: ApiRequest, code: str) -> HttpResponseBase:
    need_person(request)
    data_set, asked = repo(request, code), body_of(request)
    need_writer(request.actor, data_set)
    oid = sha256_from(text_of(asked, "oid"))
    found = (
        Claim.objects.filter(data_set=data_set, content=oid).select_related("content").first()
    )
    if found is None or found.content.size_bytes != asked.get("size"):
        return JsonResponse({"message": "not found"}, status=404)
    return JsonResponse({})

"""CKAN's action API, version 3, for reading: harvesters and `ckanapi` need no change.

Nothing is written through it; a CKAN's own dump is imported by `madang hub import-ckan`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Lower, Replace
from django.db.models.lookups import Exact
from django.http import HttpResponseBase, JsonResponse

from madang.core.clock import rfc3339
from madang.datahub.catalogue.croissant import media_type
from madang.datahub.catalogue.facts import Described, address, described, licence_address
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.errors import BodyMalformed
from madang.datahub.hub.answers import hub_view
from madang.datahub.hub.gate import shown_to_everybody
from madang.datahub.search.queries import search
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_sets_for
from madang.parties.api import ApiRequest
from madang.parties.organisations.models import Organisation

BODY_BYTES_MAX = 64 * 1024
RESOURCES_MAX = 1_000
LIST_MAX = 10_000
SEARCH_MAX = 1_000
Asked = dict[str, object]
Action = Callable[[ApiRequest, Asked], object]


NAMED = Replace(Replace(Lower("code"), Value("/"), Value("--")), Value("."), Value("-"))


class _Missing(Exception):
    """CKAN's own 404."""


@hub_view("GET", "POST")
def action(request: ApiRequest, name: str) -> HttpResponseBase:
    """One of the reading actions; what it needs comes as JSON or in the address."""
    found = ACTIONS.get(name)
    if found is None:
        return _refused(400, "Bad Request", f"Action name not known: {name}")
    try:
        result = found(request, _asked(request))
    except _Missing:
        return _refused(404, "Not Found Error", "Not found")
    except BodyMalformed as error:
        return _refused(409, "Validation Error", error.sentence("en"))
    help_address = address(f"/api/3/action/help_show?name={name}")
    return JsonResponse({"help": help_address, "success": True, "result": result})


def _refused(status: int, kind: str, message: str) -> HttpResponseBase:
    told = {"success": False, "error": {"__type": kind, "message": message}}
    return JsonResponse(told, status=status)


def _asked(request: ApiRequest) -> Asked:
    if request.method == "GET":
        return {name: request.GET[name] for name in request.GET}
    data = request.read(BODY_BYTES_MAX + 1)
    if len(data) > BODY_BYTES_MAX:
        raise BodyMalformed(reason=f"longer than {BODY_BYTES_MAX} bytes")
    try:
        found = json.loads(data or b"{}")
    except ValueError as err:
        raise BodyMalformed(reason="not JSON") from err
    if not isinstance(found, dict):
        raise BodyMalformed(reason="not an object")
    return found


def _number(asked: Asked, name: str, otherwise: int, most: int) -> int:
    value = asked.get(name, otherwise)
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BodyMalformed(reason=f"{name} is no number")
    return min(int(text), most)


def name_of(code: str) -> str:
    """CKAN's names have no slash and no dot."""
    return code.lower().replace("/", "--").replace(".", "-")


def _sets() -> QuerySet[DataSet]:
    return data_sets_for(None)


def _one(asked: Asked) -> DataSet:
    wanted = str(asked.get("id") or asked.get("name_or_id") or "")
    try:
        row = _sets().filter(pk=UUID(wanted)).first()
    except ValueError:
        row = _sets().filter(Exact(NAMED, wanted)).first()
    if row is None:
        raise _Missing
    return row


def package_list(_request: ApiRequest, asked: Asked) -> object:
    limit = _number(asked, "limit", LIST_MAX, LIST_MAX)
    offset = _number(asked, "offset", 0, 10**9)
    rows = _sets().values_list("code", flat=True)
    return [name_of(code) for code in rows[offset : offset + limit]]


def package_show(request: ApiRequest, asked: Asked) -> object:
    return _package(request, _one(asked))


def _package(request: ApiRequest, row: DataSet) -> Asked:
    """As everybody gets it; what was taken back keeps its name and has no files."""
    head = shown_to_everybody(row, commit_at(row, "main"))
    if head is None:
        return {**_plain(row), "state": "deleted", "resources": [], "num_resources": 0}
    one = described(row, head, at=request.at)
    resources = _resources(one)
    return {
        **_plain(row),
        "title": one.name,
        "notes": one.card.description,
        "author": ", ".join(one.card.creators) or one.publisher,
        "version": one.number,
        "url": one.page,
        "license_id": one.licence,
        "license_title": one.licence,
        "license_url": licence_address(one.licence),
        "tags": [{"name": tag, "display_name": tag} for tag in one.card.tags],
        "num_tags": len(one.card.tags),
        "resources": resources,
        "num_resources": len(resources),
        "state": "active",
        "extras": [
            {"key": "identifier", "value": one.identifier},
            {"key": "croissant", "value": address(f"/api/datasets/{row.code}/croissant")},
            {"key": "sha", "value": head.id},
        ],
    }


def _plain(row: DataSet) -> Asked:
    owner = row.organisation
    return {
        "id": str(row.id),
        "name": name_of(row.code),
        "title": row.name_ko or row.code,
        "title_translated": {"ko": row.name_ko, "en": row.name_en},
        "type": "dataset",
        "private": row.is_private,
        "groups": [{"name": row.field, "title": row.get_field_display()}],
        "owner_org": str(owner.id) if owner else None,
        "organization": _organisation(owner) if owner else None,
        "metadata_created": rfc3339(row.created_at),
        "metadata_modified": rfc3339(row.changed_at),
    }


def _resources(one: Described) -> list[Asked]:
    told: list[Asked] = []
    for entry in tree_of(one.commit).walk():
        if len(told) == RESOURCES_MAX:
            break
        told.append(
            {
                "id": f"{one.data_set.id}.{entry.sha1.hex()}",
                "package_id": str(one.data_set.id),
                "name": entry.path,
                "url": one.file(entry.path),
                "format": entry.path.rpartition(".")[2].upper() if "." in entry.path else "",
                "mimetype": media_type(entry.path),
                "size": entry.size,
                "hash": f"sha256:{entry.sha256.hex()}",
                "position": len(told),
                "state": "active",
            }
        )
    return told


def resource_show(request: ApiRequest, asked: Asked) -> object:
    data_set, _, _ = str(asked.get("id", "")).partition(".")
    package = _package(request, _one({"id": data_set}))
    resources = package["resources"]
    assert isinstance(resources, list)
    found = next((one for one in resources if one["id"] == asked["id"]), None)
    if found is None:
        raise _Missing
    return found


def package_search(request: ApiRequest, asked: Asked) -> object:
    """`q` is words; CKAN's own query language is not spoken."""
    query = str(asked.get("q") or "")
    start = _number(asked, "start", 0, 10**9)
    count = _number(asked, "rows", 10, SEARCH_MAX)
    query = "" if query in {"*:*", "*"} else query
    found = search(None, query, {}, start=start, count=count, at=request.at)
    facets = {
        name: {
            "title": name,
            "items": [{"name": v, "display_name": v, "count": n} for v, n in values],
        }
        for name, values in found.facets.items()
    }
    return {
        "count": found.total,
        "sort": "score desc",
        "results": [_package(request, row) for row in found.rows],
        "facets": {},
        "search_facets": facets,
    }


def _organisation(row: Organisation) -> Asked:
    return {
        "id": str(row.id),
        "name": row.code,
        "title": row.name_ko,
        "type": "organization",
        "is_organization": True,
        "state": "active",
    }


def _organisations() -> QuerySet[Organisation]:
    """Those that have something to show."""
    rows = Organisation.objects.filter(data_sets__is_private=False).distinct()
    return rows.order_by("code")


def organization_list(_request: ApiRequest, asked: Asked) -> object:
    if str(asked.get("all_fields", "")).lower() not in {"true", "1"}:
        return list(_organisations().values_list("code", flat=True))
    rows = _organisations().annotate(sets=Count("data_sets"))
    return [{**_organisation(row), "package_count": row.sets} for row in rows]


def organization_show(_request: ApiRequest, asked: Asked) -> object:
    wanted = str(asked.get("id", ""))
    try:
        row = _organisations().filter(pk=UUID(wanted)).first()
    except ValueError:
        row = _organisations().filter(code=wanted).first()
    if row is None:
        raise _Missing
    return _organisation(row)


def group_list(_request: ApiRequest, _asked: Asked) -> object:
    return sorted(set(_sets().values_list("field", flat=True)))


def tag_list(_request: ApiRequest, _asked: Asked) -> object:
    return []


def license_list(_request: ApiRequest, _asked: Asked) -> object:
    codes = sorted(set(_sets().exclude(licence="").values_list("licence", flat=True)))
    return [{"id": one, "title": one, "url": licence_address(one)} for one in codes]


def site_read(_request: ApiRequest, _asked: Asked) -> object:
    return True


def status_show(_request: ApiRequest, _asked: Asked) -> object:
    return {
        "ckan_version": "2.11.0",
        "site_title": "Madang",
        "site_url": address("/"),
        "site_description": "The reading half of CKAN's API, by Madang",
        "locale_default": "ko",
        "extensions": [],
    }


ACTIONS: dict[str, Action] = {
    "package_list": package_list,
    "package_show": package_show,
    "package_search": package_search,
    "resource_show": resource_show,
    "organization_list": organization_list,
    "organization_show": organization_show,
    "group_list": group_list,
    "tag_list": tag_list,
    "license_list": license_list,
    "site_read": site_read,
    "status_show": status_show,
}

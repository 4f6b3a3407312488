"""Packages of a CKAN, as `ckanapi dump datasets` writes them, become data sets.

Each line is one package. What it says of itself becomes the set's card, and the package stays
beside it as it was; its resources are named by their addresses and are not fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import yaml
from django.db import transaction

from madang.datahub.commits.bulk import Beginning, begin_many
from madang.datahub.commits.pages import Entry
from madang.datahub.contents.intake import Many
from madang.datahub.contents.models import Content
from madang.datahub.errors import ImportMalformed
from madang.datahub.sets.actions import need_name, owner_of
from madang.datahub.sets.models import Access, DataSet, Field
from madang.parties.actor import Actor

PACKAGES_MAX = 100_000
LINE_BYTES_MAX = 4 * 1024 * 1024
LICENCE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$")
CARD, PACKAGE = "README.md", "ckan-package.json"
TITLE = "imported from CKAN"
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Package:
    """What of a package becomes a data set."""

    code: str
    field: Field
    licence: str
    title: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Imported:
    """Codes that were made, and how many were there already."""

    made: list[str]
    known: int


@transaction.atomic
def import_ckan(
    actor: Actor, lines: Iterable[bytes], *, organisation: str, field: Field, at: datetime
) -> Imported:
    """All lines or none. Raises ImportMalformed with the line, NameInvalid, NotAllowed."""
    owner = owner_of(actor, organisation)
    packages = {one.code: one for one in packages_from(lines, organisation, field)}
    codes = {code.lower() for code in DataSet.objects.values_list("code", flat=True)}
    fresh = [one for one in packages.values() if one.code.lower() not in codes]
    rows = [
        DataSet(
            code=one.code,
            organisation=owner,
            field=one.field,
            access=Access.OPEN,
            licence=one.licence,
            name_ko=one.title,
            name_en=one.title,
            is_private=False,
            created_by=actor.id,
            created_at=at,
            changed_at=at,
        )
        for one in fresh
    ]
    DataSet.objects.bulk_create(rows)
    entries = _taken_in(dict(zip((one.code for one in fresh), rows, strict=True)), fresh, at)
    begin_many(
        actor,
        [Beginning(row, entries[row.code]) for row in rows],
        title=TITLE,
        at=at,
    )
    return Imported([one.code for one in fresh], len(packages) - len(fresh))


def _taken_in(
    rows: Mapping[str, DataSet], packages: list[Package], at: datetime
) -> dict[str, list[Entry]]:
    many = Many(None, at)
    named: dict[str, dict[str, bytes]] = {}
    for one in packages:
        row = rows[one.code]
        named[one.code] = {path: many.add(data, row) for path, data in one.files.items()}
    many.close()
    digests = {sha256 for files in named.values() for sha256 in files.values()}
    known = {
        bytes(row.sha256): row for row in Content.objects.filter(pk__in=digests).defer("terms")
    }
    return {
        code: [_entry(path, known[sha256]) for path, sha256 in sorted(files.items())]
        for code, files in named.items()
    }


def _entry(path: str, row: Content) -> Entry:
    return Entry(
        path, row.size_bytes, bytes.fromhex(row.sha1), bytes(row.sha256), bytes(row.xet)
    )


def packages_from(lines: Iterable[bytes], organisation: str, field: Field) -> Iterator[Package]:
    """Raises ImportMalformed for the first line that is no package."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if number > PACKAGES_MAX:
            raise ImportMalformed(line=number, reason=f"more than {PACKAGES_MAX} packages")
        if len(line) > LINE_BYTES_MAX:
            raise ImportMalformed(line=number, reason=f"longer than {LINE_BYTES_MAX} bytes")
        try:
            found = json.loads(line)
        except ValueError as err:
            raise ImportMalformed(line=number, reason="not JSON") from err
        if not isinstance(found, dict) or not isinstance(found.get("name"), str):
            raise ImportMalformed(line=number, reason="no package with a name")
        yield _package(found, organisation, field)


def _package(found: Json, organisation: str, field: Field) -> Package:
    code = f"{organisation}/{found['name']}"
    need_name(code)
    title = str(found.get("title") or found["name"])[:200]
    licence = str(found.get("license_id") or "")
    licence = licence if LICENCE.match(licence) else ""
    whole = json.dumps(found, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
    files = {CARD: _card(found, title, licence).encode(), PACKAGE: whole}
    return Package(code, _field(found, field), licence, title, files)


def _field(found: Json, otherwise: Field) -> Field:
    """A group of the package that has the name of a field."""
    groups = found.get("groups")
    for one in groups if isinstance(groups, list) else ():
        if isinstance(one, dict) and one.get("name") in Field.values:
            return Field(one["name"])
    return otherwise


def _card(found: Json, title: str, licence: str) -> str:
    head: dict[str, object] = {"license": licence.lower(), "tags": _names(found.get("tags"))}
    author = found.get("author")
    if isinstance(author, str) and author:
        head["creators"] = [author[:200]]
    text = yaml.safe_dump(head, allow_unicode=True, sort_keys=True)
    notes = str(found.get("notes") or "")
    links = "\n".join(f"- {name}: {url}" for name, url in _links(found.get("resources")))
    return f"---\n{text}---\n# {title}\n\n{notes}\n\n{links}\n"


def _names(value: object) -> list[str]:
    rows = value if isinstance(value, list) else []
    return [str(one["name"])[:200] for one in rows if isinstance(one, dict) and "name" in one]


def _links(value: object) -> list[tuple[str, str]]:
    rows = value if isinstance(value, list) else []
    return [
        (str(one.get("name") or one.get("format") or "-"), str(one.get("url") or ""))
        for one in rows
        if isinstance(one, dict)
    ]

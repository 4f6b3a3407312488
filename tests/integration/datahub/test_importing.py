"""A CKAN's dump becomes data sets: all lines or none, and the same as one by one."""

from __future__ import annotations

import json

import pytest

from madang.core.errors import NotAllowed
from madang.datahub.catalogue.card import card_of
from madang.datahub.catalogue.importing import import_ckan, packages_from
from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.errors import ImportMalformed, NameInvalid
from madang.datahub.models import DataSet, Pack
from madang.datahub.sets.actions import create_data_set
from madang.datahub.sets.models import Field
from madang.parties.models import Event

pytestmark = pytest.mark.django_db


def package(number: int, **more) -> dict:
    return {
        "name": f"set-{number}",
        "title": f"자료 {number}",
        "notes": f"설명 {number}",
        "license_id": "kogl-1",
        "tags": [{"name": "교통"}],
        "groups": [{"name": "driving"}],
        "resources": [{"name": "a.csv", "url": "https://example.org/a.csv"}],
        **more,
    }


def lines(*packages) -> list[bytes]:
    return [json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in packages]


def imported(actor, found, at):
    return import_ckan(actor, found, organisation="hana", field=Field.OTHER, at=at)


def test_packages_become_sets_with_a_card_and_the_package_as_it_was(builder, at):
    done = imported(builder, lines(package(1), package(2, groups=[], license_id="?")), at)
    assert done.made == ["hana/set-1", "hana/set-2"]
    first, second = DataSet.objects.order_by("code")
    assert (first.field, first.licence, first.name_ko) == ("driving", "kogl-1", "자료 1")
    assert (second.field, second.licence) == ("other", "")
    card = card_of(commit_at(first, "main"))
    assert (card.description, card.tags) == ("설명 1", ("교통",))
    assert [one.path for one in tree_of(commit_at(first, "main")).walk()] == [
        "README.md", "ckan-package.json"
    ]  # fmt: skip
    again = imported(builder, lines(package(1), package(3)), at)
    assert (again.made, again.known) == (["hana/set-3"], 1)


def test_bulk_leaves_what_one_by_one_leaves(builder, person, at):
    """Trees, claims, events and branches are equal; only ids differ."""
    found = lines(*(package(n) for n in range(30)))
    imported(builder, found, at)
    other = person("o@bada.example", "bada", "builder")
    for one in packages_from(found, "bada", Field.OTHER):
        row = create_data_set(other, code=one.code, is_private=False, at=at)
        puts = []
        for path, data in one.files.items():
            content = take_in(row, [data], Announced(len(data)), at=at)
            puts.append((path, bytes(content.sha256)))
        commit(other, row, Change(puts=puts, title="imported from CKAN"), at=at)

    def state(owner: str) -> list:
        rows = DataSet.objects.filter(code__startswith=owner).order_by("code")
        return [
            (
                [
                    (e.path, e.sha256, e.sha1, e.xet)
                    for e in tree_of(commit_at(r, "main")).walk()
                ],
                r.claims.count(),
                r.commits.count(),
                Event.objects.filter(subject_id=str(r.id)).count(),
            )
            for r in rows
        ]

    assert state("hana") == state("bada")
    assert Pack.objects.count() == 1, "small files share a pack"


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ([b"{no json\n"], ImportMalformed),
        ([b"[1]\n"], ImportMalformed),
        ([b'{"title": "x"}\n'], ImportMalformed),
        (lines({"name": "../x"}), NameInvalid),
    ],
    ids=["no JSON", "no object", "no name", "a path"],
)
def test_one_bad_line_takes_nothing_in_and_is_named(builder, at, bad, error):
    with pytest.raises(error):
        imported(builder, [*lines(package(1)), *bad], at)
    assert not DataSet.objects.exists()


def test_import_is_for_the_organisations_own_builders(stranger, builder, at):
    with pytest.raises(NotAllowed):
        imported(stranger, lines(package(1)), at)

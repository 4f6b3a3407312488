"""Searching in Korean and English, with facets; nothing hidden shows through."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.models import SearchRow
from madang.datahub.search.pieces import needed, pieces_of
from madang.datahub.search.queries import refresh, search
from madang.datahub.sets.actions import create_data_set

pytestmark = pytest.mark.django_db
SETS = {
    "hana/speech": ("사투리 음성", "Dialect speech", "speech-language", "open",
                    "경상도 방언을 녹음하였습니다. Telephone recordings.", "ko", "wav"),
    "hana/roads": ("도로 영상", "Road videos", "driving", "gated",
                   "고속도로를 달리는 차량의 영상. Cars on motorways.", "ko", "png"),
    "hana/leaves": ("나뭇잎", "Leaves", "agriculture", "open",
                    "Photographs of leaves; the speech of trees.", "en", "png"),
}  # fmt: skip


@pytest.fixture
def sets(builder, at):
    for code, (ko, en, field, access, text, language, kind) in SETS.items():
        row = create_data_set(builder, code=code, is_private=False, at=at)
        row.name_ko, row.name_en, row.field, row.access = ko, en, field, access
        row.licence = "KOGL-1"
        row.save()
        card = f"---\nlanguage: {language}\n---\n{text}".encode()
        puts = []
        for path, data in (("README.md", card), (f"a.{kind}", b"x")):
            content = take_in(row, [data], Announced(len(data)), at=at)
            puts.append((path, bytes(content.sha256)))
        commit(builder, row, Change(puts=puts), at=at)


def codes(query: str, at, **chosen) -> list[str]:
    found = search(None, query, {k: [v] for k, v in chosen.items()}, at=at)
    return [row.code.removeprefix("hana/") for row in found.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("음성", ["speech"]),
        ("방언", ["speech"]),
        ("도로", ["roads"]),
        ("고속도로를", ["roads"]),
        ("고속도로에서", ["roads"]),
        ("방언으로 음성을", ["speech"]),
        ("차량과", ["roads"]),
        ("영상에서 MOTORWAY", ["roads"]),
        ("나뭇잎", ["leaves"]),
        ("바다에서", []),
        ("영상 차량", ["roads"]),
        ("speech", ["speech", "leaves"]),
        ("MOTORWAY", ["roads"]),
        ("hana", ["leaves", "roads", "speech"]),
        ("hana/roads", ["roads"]),
        ("엽", []),
        ("'; DROP TABLE", []),
        ("", ["leaves", "roads", "speech"]),
    ],
)
def test_words_find_sets_whose_names_or_cards_hold_them(sets, at, query, expected):
    found = codes(query, at)
    assert found[:1] == expected[:1]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"field": "driving"}, ["roads"]),
        ({"access": "open"}, ["leaves", "speech"]),
        ({"kind": "png"}, ["leaves", "roads"]),
        ({"language": "en"}, ["leaves"]),
        ({"kind": "png", "language": "ko"}, ["roads"]),
        ({"licence": "MIT"}, []),
    ],
)
def test_facets_narrow(sets, at, chosen, expected):
    assert codes("", at, **chosen) == expected


def test_facets_count_what_the_others_leave(sets, at):
    facets = search(None, "", {"kind": ["png"]}, at=at).facets
    assert facets["access"] == [("gated", 1), ("open", 1)]
    assert facets["kind"] == [("md", 3), ("png", 2), ("wav", 1)]


def test_hidden_sets_and_drafts_of_released_ones_are_not_found(sets, stranger, at):
    hidden = create_data_set(stranger, code="bada/speech", at=at)
    assert "bada/speech" not in [row.code for row in search(None, "speech", {}, at=at).rows]
    assert hidden in search(stranger, "speech", {}, at=at).rows


def test_changed_sets_are_read_again_and_others_are_not(sets, builder, at):
    assert refresh(at) == 3
    assert refresh(at) == 0
    row = SearchRow.objects.get(data_set__code="hana/leaves").data_set
    later = at + timedelta(minutes=1)
    content = take_in(row, [b"# autumn"], Announced(8), at=later)
    commit(builder, row, Change(puts=[("README.md", bytes(content.sha256))]), at=later)
    assert codes("autumn", later) == ["leaves"]
    assert refresh(later) == 0


def test_search_is_asked_over_http(sets):
    answer = Client().get("/api/data/search?q=음성&rows=5&access=open")
    found = json.loads(answer.content)
    assert (found["count"], found["results"][0]["code"]) == (1, "hana/speech")


def test_korean_words_are_found_within_others():
    assert needed("음성") <= pieces_of("이음성을")
    assert needed("성") == set()
    assert needed("speech") == set()

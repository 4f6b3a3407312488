"""The public pages: the plan as picture and table, a field, a data set, and applying for it."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.test import Client
from PIL import Image

from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.models import Access, AccessRequest
from madang.datahub.plan.actions import GoalFacts, declare_goal
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.actor import system_actor
from madang.parties.models import Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def shown(builder, data_set, at):
    """A public set of a file and a rights card."""
    data_set.is_private, data_set.field, data_set.licence = False, "vision", "KOGL-1"
    data_set.save()
    card = json.dumps({"regime": "kr", "verdict": "허용 <b>"}).encode()
    puts = []
    for path, data in (("a.csv", b"a\n1\n"), ("rights-card.json", card)):
        row = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(row.sha256)))
    return commit(builder, data_set, Change(puts=puts), at=at)


VIEW = {
    language: {
        "notices": [f"{word} <b>"],
        "head": ["-", word],
        "rows": [["train", "11"]],
        "lists": [[f"{word} list", ["one duty"]]],
        "facts": [["law", word]],
        "proofs": [["root", "22ff"]],
    }
    for language, word in (("ko", "허용"), ("en", "allowed"))
}


def page(path: str, language: str = "ko", person: str | None = None) -> str:
    client = Client()
    client.cookies["django_language"] = language
    if person:
        client.force_login(Person.objects.get(email=person), backend=BACKEND)
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.parametrize(("language", "words"), [("ko", "비전"), ("en", "Vision")])
def test_plan_is_drawn_and_told_in_both_languages(at, language, words):
    facts = GoalFacts("g", "vision", "2021H1", 15, 15, "newdaily 2021061800027")
    declare_goal(system_actor("cli"), facts, at=at)
    text = page("/data/", language)
    assert words in text
    assert "<svg" in text
    assert "newdaily 2021061800027" in text
    assert "2021H1" in page("/data/fields/vision/", language)


def test_data_set_shows_files_licence_version_and_card(builder, data_set, shown, at):
    seal_version(builder, data_set, shown, number="1.0", at=at)
    text = page("/data/sets/hana/first/")
    for words in ("a.csv", "KOGL-1", "1.0", "권리 카드", "허용 &lt;b&gt;"):
        assert words in text
    assert "hana/first" in page("/data/fields/vision/")


def test_page_of_a_recalled_set_stays_with_its_reason_and_without_files(
    builder, data_set, shown, at
):
    version = seal_version(builder, data_set, shown, number="1.0", at=at)
    recall_version(system_actor("cli"), version.id, reason="개인정보 발견", at=at)
    text = page("/data/sets/hana/first/")
    assert "개인정보 발견" in text
    assert "a.csv" not in text


def test_gated_set_is_applied_for_on_its_page(person, data_set, shown):
    data_set.access = Access.GATED
    data_set.save()
    person("kim@univ.example", "univ", "beneficiary")
    assert "활용 목적" not in page("/data/sets/hana/first/")  # nobody signed in
    assert "활용 목적" in page("/data/sets/hana/first/", person="kim@univ.example")
    client = Client()
    client.force_login(Person.objects.get(email="kim@univ.example"), backend=BACKEND)
    path = "/data/sets/hana/first/apply/"
    assert client.post(path, {"purpose": "", "days": 30}).status_code == 422
    assert client.post(path, {"purpose": "번역", "days": 30}).status_code == 302
    assert AccessRequest.objects.get().days == 30
    assert "나의 활용 신청" in page("/data/sets/hana/first/", person="kim@univ.example")


def test_page_shows_rows_citation_and_json_ld_that_no_tag_can_leave(builder, data_set, at):
    data_set.is_private, data_set.licence = False, "KOGL-1"
    data_set.name_ko = "</script><b>이름"
    data_set.save()
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "red").save(out, "PNG")
    card = b"---\ndescription: short words\n---\n"
    files = {"a.csv": "글,n\n가,1\n".encode(), "dog/1.png": out.getvalue(), "README.md": card}
    puts = []
    for path, data in files.items():
        row = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(row.sha256)))
    seal_version(
        builder, data_set, commit(builder, data_set, Change(puts=puts), at=at),
        number="1.0", at=at,
    )  # fmt: skip
    row = take_in(data_set, [b"more"], Announced(4), at=at)
    puts = [("more.txt", bytes(row.sha256))]
    second = commit(builder, data_set, Change(puts=puts, gone_files=["a.csv"]), at=at)
    seal_version(builder, data_set, second, number="1.1", at=at)
    text = page("/data/sets/hana/first/")
    for words in ("short words", "more.txt", "1.0 → 1.1", "/data/id/", "dog/1.png"):
        assert words in text
    (block,) = re.findall(r'ld\+json">(.*?)</script>', text, re.DOTALL)
    assert json.loads(block)["name"] == "</script><b>이름"
    picture = Client().get("/data/sets/hana/first/media/dog/1.png")
    with Image.open(io.BytesIO(picture.content)) as small:
        assert small.size == (320, 213)
    assert Client().get("/data/sets/hana/first/media/none.png").status_code == 404
    assert Client().get(f"/data/id/{data_set.id}").status_code == 302


def test_search_page_finds_and_narrows_in_both_languages(data_set, shown):
    for language, words in (("ko", "학습용 데이터 찾기"), ("en", "Find training data")):
        text = page("/data/search/?q=first&field=vision", language)
        assert words in text
        assert "hana/first" in text
    assert "hana/first" not in page("/data/search/?q=nothing-like-it")
    assert "hana/first" not in page("/data/search/?access=secure")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_card_of_the_rights_room_is_shown_in_the_readers_language(
    builder, data_set, shown, at, language
):
    data = json.dumps({"view": VIEW, "croissant": {"name": "not shown"}}).encode()
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    commit(builder, data_set, Change(puts=[("rights-card.json", bytes(row.sha256))]), at=at)
    text = page("/data/sets/hana/first/", language)
    own, other = ("허용", "allowed") if language == "ko" else ("allowed", "허용")
    for words in (f"{own} &lt;b&gt;", f"{own} list", "one duty", "11", "22ff"):
        assert words in text
    assert f"{other} list" not in text
    assert "not shown" not in text


def test_regions_of_a_sets_page_have_names_of_their_own(builder, data_set, at):
    """A reader who hears the page must tell its tables apart, and hears no picture twice."""
    data_set.is_private = False
    data_set.save()
    out = io.BytesIO()
    Image.new("RGB", (9, 6), "red").save(out, "PNG")
    puts = []
    for path, data in {"a.csv": b"k,n\na,1\na,2\nb,3\n", "p.png": out.getvalue()}.items():
        row = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(row.sha256)))
    head = commit(builder, data_set, Change(puts=puts), at=at)
    seal_version(builder, data_set, head, number="1.0", at=at)
    text = page("/data/sets/hana/first/", "en")
    names = re.findall(r'role="region"[^>]*aria-label="([^"]*)"', text)
    assert {"a.csv", "Columns of a.csv"} <= set(names)
    assert len(set(names)) == len(names)
    assert set(re.findall(r'<img[^>]*alt="([^"]*)"', text)) == {""}
    assert "./first" in text

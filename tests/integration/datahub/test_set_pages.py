"""A data set's pages, as a person walks them: rows, files, clients' lines, and its desk.

Goal: nobody meets a dead end, an English reason on a Korean page, or an emptied form.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from madang.core.clock import seoul_date
from madang.datahub.access.actions import apply_for_access, decide_access
from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.models import Access, AccessRequest, QualityCheck, Use, Version
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.actor import system_actor
from madang.parties.models import Person
from madang.parties.people.queries import actor_for
from madang.portal.clock import portal_clock

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = "/data/sets/hana/first/"
README = b"""---
description: short words
---
# A head <script>alert(1)</script>

Some [words](https://example.org) and ![a picture](https://example.org/p.png).

| a | b |
|---|---|
| 1 | 2 |
"""


def client_of(email: str = "", language: str = "ko") -> Client:
    client = Client()
    client.cookies["django_language"] = language
    if email:
        client.force_login(Person.objects.get(email=email), backend=BACKEND)
    return client


def text_of(answer, status: int = 200) -> str:
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


@pytest.fixture
def head(builder, data_set, at):
    """Two tables, folders, and a card."""
    data_set.is_private, data_set.licence = False, "KOGL-1"
    data_set.save()
    rows = "".join(f"{n},하늘 {n},{'Blue' if n % 2 else 'grey'}\n" for n in range(1, 131))
    files = {
        "test.csv": "n,ko,en\n1,끝,End\n".encode(),
        "train.csv": f"n,ko,en\n{rows}".encode(),
        "deep/er/a.txt": b"a",
        "README.md": README,
    }
    puts = []
    for path, data in files.items():
        row = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(row.sha256)))
    return commit(builder, data_set, Change(puts=puts), at=at)


@pytest.fixture
def kim(person):
    return person("kim@univ.example", "univ", "beneficiary")


def test_rows_are_paged_and_searched_with_their_numbers(head):
    client = client_of()
    first = text_of(client.get(f"{PAGE}rows/"))
    assert "하늘 50" in first  # what one trains with comes first
    assert "하늘 51" not in first
    assert "하늘 51" in text_of(client.get(f"{PAGE}rows/?path=train.csv&page=2"))
    assert "하늘 130" in text_of(client.get(f"{PAGE}rows/?page=3"))
    found = text_of(client.get(f"{PAGE}rows/?q=BLUE+하늘+77"))
    assert "1행을 찾았습니다" in found
    assert re.search(r'scope="row"[^>]*>77<', found)
    assert "이 말이 든 행이 없습니다" in text_of(client.get(f"{PAGE}rows/?q=없는말"))
    assert "End" in text_of(client.get(f"{PAGE}rows/?path=test.csv"))
    for wrong in ("path=none.csv", "path=deep/er/a.txt"):
        assert client.get(f"{PAGE}rows/?{wrong}").status_code == 404
    assert text_of(client.get(f"{PAGE}rows/?page=9999999999"))


def test_reading_rows_is_a_use_once_a_version_is_sealed(builder, data_set, head, at):
    seal_version(builder, data_set, head, number="1.0", at=at)
    for _again in range(2):
        text_of(client_of().get(f"{PAGE}rows/"))
    assert Use.objects.count() == 1


def test_rows_that_cannot_be_read_say_why_in_the_readers_language(builder, data_set, head, at):
    row = take_in(data_set, [b"PAR1 no table"], Announced(13), at=at)
    commit(builder, data_set, Change(puts=[("odd.parquet", bytes(row.sha256))]), at=at)
    for query in ("", "&q=x"):
        path = f"{PAGE}rows/?path=odd.parquet{query}"
        assert "표로 읽을 수 없습니다" in text_of(client_of().get(path))
        assert "cannot be read as a table" in text_of(client_of(language="en").get(path))


def test_files_are_browsed_by_folder_and_version_and_taken_by_who_may(
    builder, data_set, head, kim, at
):
    client = client_of()
    top = text_of(client.get(f"{PAGE}files/"))
    assert f'href="{PAGE}take/main/train.csv"' in top
    taken = client.get(f"{PAGE}take/main/train.csv")
    assert b"".join(taken.streaming_content).startswith("n,ko,en\n1,하늘 1,Blue\n".encode())
    assert taken["Content-Disposition"] == "attachment; filename*=UTF-8''train.csv"
    assert client.get(f"{PAGE}take/main/none.csv").status_code == 404
    assert "deep/" in top
    assert "a.txt" not in top
    assert "a.txt" in text_of(client.get(f"{PAGE}files/?folder=deep/er"))
    assert client.get(f"{PAGE}files/?folder=none").status_code == 404
    assert client.get(f"{PAGE}files/?version=none").status_code == 404
    data_set.access = Access.GATED
    data_set.save()
    shut = text_of(client.get(f"{PAGE}files/"))
    assert "train.csv" in shut
    assert "/take/" not in shut
    assert client.get(f"{PAGE}take/main/train.csv").status_code == 403
    assert kim.roles
    now = portal_clock().now()
    row = Person.objects.get(email="kim@univ.example")
    actor = actor_for(row, at=now, origin="api")
    asked = apply_for_access(actor, row, data_set, purpose="번역", days=9, at=now)
    decide_access(builder, asked.id, step="approve", at=now)
    mine = client_of("kim@univ.example")
    assert "/take/main/train.csv" in text_of(mine.get(f"{PAGE}files/"))
    assert mine.get(f"{PAGE}take/main/train.csv").status_code == 200
    assert f"{PAGE}#access" in text_of(client.get(f"{PAGE}rows/"), 403)


def test_a_set_without_a_table_offers_no_rows_anywhere(builder, data_set, head, at):
    assert f'href="{PAGE}rows/"' in text_of(client_of().get(f"{PAGE}files/"))
    gone = Change(gone_files=["test.csv", "train.csv"])
    commit(builder, data_set, gone, at=at)
    for page in (PAGE, f"{PAGE}files/"):
        assert f"{PAGE}rows/" not in text_of(client_of().get(page)), page
    assert client_of().get(f"{PAGE}rows/").status_code == 404


def test_set_page_tells_how_to_use_it_and_draws_its_card_safely(builder, data_set, head, at):
    text = text_of(client_of().get(PAGE))
    for words in ("HF_ENDPOINT=", "load_dataset(&quot;hana/first&quot;)", "snapshot_download"):
        assert words in text
    assert "<h3>A head &lt;script&gt;" in text
    assert '<a href="https://example.org">words</a>' in text
    assert "p.png" not in "".join(re.findall(r"<img[^>]*>", text))
    assert "아직 개방한 판이 없습니다" in text
    assert f'href="{PAGE}rows/"' in text


def test_gated_set_leads_a_visitor_to_sign_in_and_a_refused_one_to_apply_again(
    builder, data_set, head, kim, at
):
    data_set.access = Access.GATED
    data_set.save()
    text = text_of(client_of().get(PAGE))
    assert "/account/sign-in/?next=/data/sets/hana/first/" in text
    assert "HF_ENDPOINT" not in text
    row = Person.objects.get(email="kim@univ.example")
    now = portal_clock().now()
    asked = apply_for_access(
        actor_for(row, at=now, origin="api"), row, data_set, purpose="번역", days=9, at=now
    )
    assert "활용 목적" not in text_of(client_of("kim@univ.example").get(PAGE))
    decide_access(builder, asked.id, step="deny", reason="목적이 짧습니다", at=now)
    text = text_of(client_of("kim@univ.example").get(PAGE))
    assert "목적이 짧습니다" in text
    assert "다시 신청" in text
    words = {"purpose": "번역기를 만든다", "days": 30}
    assert client_of("kim@univ.example").post(f"{PAGE}apply/", words).status_code == 302
    assert AccessRequest.objects.filter(state="requested").count() == 1


def test_newest_version_that_was_taken_back_is_told_where_an_older_one_is_given(
    builder, operator, data_set, head, at
):
    client = client_of("op@agency.example")
    _opened(client, "1.0")
    row = take_in(data_set, [b"more"], Announced(4), at=at)
    commit(builder, data_set, Change(puts=[("more.txt", bytes(row.sha256))]), at=at)
    _opened(client, "1.1")
    recall_version(
        system_actor("cli"), Version.objects.get(number="1.1").id, reason="개인정보", at=at
    )
    text = text_of(client_of().get(PAGE))
    assert "판 1.1을(를) 회수했습니다: 개인정보." in text
    assert f'href="{PAGE}files/?version=v1.0"' in text
    assert client_of().get(f"{PAGE}files/?version=v1.0").status_code == 200
    assert client_of().get(f"{PAGE}files/?version=v1.1").status_code == 410
    commit(builder, data_set, Change(gone_files=["more.txt"]), at=at)
    assert "지금은 판 1.0을(를) 제공합니다" in text_of(client_of().get(PAGE))


TARGETS = '[completeness]\nfiles = "train.csv"\npromised = {0}\n'


def _opened(client: Client, number: str) -> None:
    """As the agency does it on the set's desk."""
    assert client.post(
        f"{PAGE}desk/check/", {"targets": TARGETS.format(130)}
    ).status_code == 302  # fmt: skip
    assert client.post(f"{PAGE}desk/seal/", {"number": number}).status_code == 302
    version = Version.objects.get(number=number)
    place = f"/data/versions/{version.id}/"
    day = seoul_date(portal_clock().now()).isoformat()
    assert client.post(f"{place}prepare/", {"opens_on": day}).status_code == 302
    assert client.post(f"{place}open/").status_code == 302
    version.release.refresh_from_db()
    assert version.release.state == "open"


def test_desk_leads_from_a_failed_check_over_a_waiver_to_an_open_version_and_back(
    builder, operator, person, data_set, head, kim, at
):
    person("op2@agency.example", "agency", "operator")
    own, one, two = (
        client_of(email)
        for email in ("b@hana.example", "op@agency.example", "op2@agency.example")
    )
    assert client_of("kim@univ.example").get(f"{PAGE}desk/").status_code == 403
    assert "검사를 실행해" in text_of(own.get(f"{PAGE}desk/"))
    failed = own.post(f"{PAGE}desk/check/", {"targets": TARGETS.format(999)})
    assert failed.status_code == 302
    row = QualityCheck.objects.get()
    ask, sign = (f"/data/checks/{row.id}/waiver/{step}/" for step in ("ask", "sign"))
    assert ask not in text_of(own.get(f"{PAGE}desk/"))
    assert own.post(ask, {"reason": "x"}).status_code == 403
    assert ask in text_of(one.get(f"{PAGE}desk/"))
    one.post(ask, {"reason": "늦은 납품"})
    page = text_of(one.get(f"{PAGE}desk/"))
    assert sign not in page
    assert "다른 사람이 서명합니다" in page
    assert sign in text_of(two.get(f"{PAGE}desk/"))
    assert two.post(sign).status_code == 302
    assert own.post(f"{PAGE}desk/seal/", {"number": "1.0"}).status_code == 302
    version = Version.objects.get()
    place = f"/data/versions/{version.id}/"
    assert f"{place}prepare/" not in text_of(own.get(f"{PAGE}desk/"))
    later = seoul_date(portal_clock().now()) + timedelta(days=3)
    one.post(f"{place}prepare/", {"opens_on": later.isoformat()})
    early = one.post(f"{place}open/")
    assert early.status_code == 422
    assert later.isoformat() in early.content.decode()
    version.release.opens_on = seoul_date(portal_clock().now())
    version.release.save()
    assert one.post(f"{place}open/").status_code == 302
    one.post(f"{place}recall/", {"reason": "개인정보"})
    assert "개인정보" in text_of(one.get(f"{PAGE}desk/"))
    assert client_of().get("/datasets/hana/first/resolve/main/train.csv").status_code == 410


@pytest.mark.parametrize(
    ("path", "given", "said"),
    [
        ("check/", {"targets": "[completeness\n"}, "TOML 문법이 아닙니다"),
        ("check/", {"targets": "[completeness]\nfiles = 1\n"}, "completeness"),
        ("check/", {"targets": '[balance]\nfiles = "train.csv"\ncolumn = "zz"\n'
                    "entropy_permille_min = 1\n"}, "있는 열: n, ko, en"),
        ("seal/", {"number": "v1"}, "1.0처럼"),
    ],
)  # fmt: skip
def test_what_the_desk_refuses_stays_in_its_form_with_a_korean_reason(
    builder, head, path, given, said
):
    text = text_of(client_of("b@hana.example").post(f"{PAGE}desk/{path}", given), 422)
    assert said in text
    (typed,) = given.values()
    assert typed.strip().splitlines()[0].replace('"', "&quot;") in text

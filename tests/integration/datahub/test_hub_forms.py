"""What forms of the hub refuse: beside its field, in the reader's language, nothing lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madang.core.errors import Words
from madang.core.money import Ratio
from madang.datahub.demand import actions
from madang.datahub.demand.reading import read_demands
from madang.datahub.errors import DemandInvalid
from madang.datahub.models import BuildGoal, BuildOffer, DemandItem
from madang.parties.actor import system_actor
from madang.parties.models import Person
from madang.portal.clock import portal_clock
from madang.programme.years.actions import declare_programme

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HEAD = "field,title,purpose,user_kind\n"
FAULTY = [
    ("sports,경기 영상,연구,sme", "쓸 수 있는 분야", "the fields are"),
    ("vision,,연구,sme", "title: 비어 있습니다", "title: empty"),
    ("vision,영상,연구", "4개가 아니라 3개", "3 values instead of 4"),
    ("vision,영상,연구,robot", "모르는 이용자 종류", "no kind of user"),
    ("vision,영상,연락은 010-1234-5678,sme", "전화번호", "telephone"),
]


def client_of(email: str = "", language: str = "ko") -> Client:
    client = Client()
    client.cookies["django_language"] = language
    if email:
        client.force_login(Person.objects.get(email=email), backend=BACKEND)
    return client


@pytest.fixture
def survey(operator):
    now = portal_clock().now()
    return actions.create_survey(
        operator, code="d1", title_ko="수요", title_en="Wishes", at=now,
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=9),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_faulty_line_is_told_in_the_readers_language(survey, language):
    text = HEAD + "\n".join(line for line, _ko, _en in FAULTY) + "\n"
    file = SimpleUploadedFile("wishes.csv", text.encode("cp949"))
    client = client_of("op@agency.example", language)
    answer = client.post("/operator/data/surveys/d1/import/", {"file": file})
    page = answer.content.decode()
    assert answer.status_code == 422
    for _line, ko, en in FAULTY:
        assert (ko if language == "ko" else en) in page
        assert (en if language == "ko" else ko) not in page
    assert DemandItem.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe\x00", "CSV로 저장해"),
        (b"title\nx\n", "첫 줄의 열 이름은"),
        (HEAD.encode(), "응답이 한 건도 없습니다"),
        (b"a" * 8_000_001, "파일이 너무 큽니다"),
    ],
    ids=["no text", "other columns", "no rows", "too large"],
)
def test_a_file_that_is_no_such_table_is_told_beside_its_field(survey, data, said):
    file = SimpleUploadedFile("wishes.csv", data)
    answer = client_of("op@agency.example").post(
        "/operator/data/surveys/d1/import/", {"file": file}
    )
    assert said in answer.content.decode()
    assert answer.status_code in {400, 422}


def test_an_answer_with_a_number_of_a_person_stays_in_the_form(survey):
    given = {"field": "vision", "title": "도로 영상", "purpose": "연락은 010-1234-5678"}
    answer = client_of().post("/data/surveys/d1/answer/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("도로 영상", "010-1234-5678", "전화번호", "md-refused"):
        assert words in page
    assert "phone" not in page.partition("<main")[2]


def test_a_survey_that_ends_too_early_is_told_beside_its_end(survey):
    given = {
        "code": "d2", "title_ko": "둘째", "title_en": "Second",
        "opens_at": "2026-05-02T10:00", "closes_at": "2026-05-01T10:00",
    }  # fmt: skip
    client = client_of("op@agency.example")
    page = client.post("/operator/data/", given).content.decode()
    assert "시작한 뒤여야 합니다" in page
    assert "둘째" in page
    page = client.post("/operator/data/", {**given, "code": "d1"}).content.decode()
    assert "같은 코드의 수요조사" in page


def test_programs_get_the_english_and_each_sentence_speaks_its_own():
    error = DemandInvalid(field="title", reason=Words("empty", "비어 있습니다"))
    assert error.fields == {"field": "title", "reason": "empty"}
    assert "비어 있습니다" in error.sentence("ko")
    assert "empty" in error.sentence("en")
    assert (error.reason("ko"), error.reason("en")) == ("비어 있습니다", "empty")
    (fault,) = read_demands(HEAD + "vision,,x,\n").faults
    assert fault.reason == Words("title: empty", "title: 비어 있습니다")


def test_a_goal_and_a_build_call_are_set_on_one_page_and_what_is_odd_is_told(
    survey, operator, at
):
    client, place = client_of("op@agency.example"), "/operator/data/"
    odd = client.post(f"{place}goals/", {"field": "vision", "half_year": "2026", "target": 3})
    assert "2026H1처럼 쓰세요" in odd.content.decode()
    goal = {"field": "vision", "half_year": "2026H2", "target": 3}
    assert client.post(f"{place}goals/", goal).status_code == 302
    assert client.post(f"{place}goals/", {**goal, "target": 4}).status_code == 302
    assert [one.target for one in BuildGoal.objects.all()] == [4]
    now = portal_clock().now()
    for step in (actions.close_survey, actions.analyse_demands, actions.publish_survey):
        step(operator, "d1", at=now)
    declare_programme(
        system_actor("cli"), code="data", name_ko="데이터", name_en="Data", year=now.year,
        starts_on=date(now.year, 1, 1), ends_on=date(now.year, 12, 31),
        subsidy_ratio=Ratio(1, 1), vat_rate=Ratio(0, 1), budget_microwon=10**14, at=now,
    )  # fmt: skip
    page = client.get(f"{place}calls/").content.decode()
    assert "구축 목표" in page
    given = {
        "goal": BuildGoal.objects.get().pk, "survey": survey.pk, "code": "b-1",
        "programme": "data", "title_ko": "구축", "title_en": "Build",
        "opens_at": f"{now:%Y-%m-%d}T10:00", "closes_at": f"{now:%Y-%m-%d}T09:00",
        "budget": 1_000_000, "criteria": "plan | 100 | 계획 | Plan",
        "panel": 3, "quorum": 2, "trim": 0,
    }  # fmt: skip
    odd = client.post(f"{place}calls/new/", given)
    assert odd.status_code in {400, 422}
    assert 'value="b-1"' in odd.content.decode()
    assert not BuildOffer.objects.exists()
    later = {**given, "closes_at": f"{now + timedelta(days=3):%Y-%m-%d}T09:00"}
    assert client.post(f"{place}calls/new/", later).status_code == 302
    assert BuildOffer.objects.get().call.terms["fulfilment"] == "dataset"

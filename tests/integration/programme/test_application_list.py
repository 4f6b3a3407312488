"""The list of a call's applications: by pages, narrowed, searched, as a file, by API."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from madang.core.clock import FixedClock
from madang.parties.models import Organisation, Person
from madang.parties.people.actions import declare_person
from madang.portal.pages.operator.applicants import BYTE_ORDER_MARK
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.calls.actions import declare_call

FIRMS, PAGE = 7, 3
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
URL = "/operator/calls/c-list/"
CSV = URL + "applications.csv"


@pytest.fixture
def rows(system, year, content, apply_for, operators, seoul, monkeypatch, at):
    """Seven applications, of which the first is not eligible."""
    moment = seoul("2026-03-25 10:00")
    monkeypatch.setattr(
        "madang.portal.middleware.actor.portal_clock", lambda: FixedClock(moment)
    )
    monkeypatch.setattr("madang.portal.pages.operator.applicants.PER_PAGE", PAGE)
    call = declare_call(system, year, content(code="c-list"), at=at).row
    made = [apply_for(f"firm-{number:02}", 1_500_000, to=call) for number in range(FIRMS)]
    check_eligibility(operators[0], made[0].id, is_eligible=False, reason="no", at=moment)
    return made


@pytest.fixture
def operator():
    browser = Client()
    browser.cookies["django_language"] = "ko"
    browser.force_login(Person.objects.get(email="one@agency.example"), backend=BACKEND)
    return browser


def read(browser: Client, url: str, **asked: str) -> str:
    answer = browser.get(url, asked)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def receipts(text: str) -> set[str]:
    return set(re.findall(r"c-list-\d{4}", text))


def test_page_holds_one_page_of_applications_with_a_constant_number_of_statements(
    rows, operator
) -> None:
    with CaptureQueriesContext(connection) as full:
        first = read(operator, URL)
    with CaptureQueriesContext(connection) as short:
        last = read(operator, URL, page="3")
    assert (len(receipts(first)), len(receipts(last))) == (PAGE, FIRMS % PAGE)
    assert len(full) == len(short), "no statement of its own for each application"
    assert f"신청 {FIRMS}건" in first


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "ineligible"}, [0]),
        ({"state": "submitted", "q": "firm-0"}, [1, 2, 3, 4, 5, 6]),
        ({"q": "FIRM-04"}, [4]),
        ({"q": "c-list-0003"}, [2]),
        ({"q": "한빛"}, [5]),
        ({"q": "220-81"}, [6]),
        ({"state": "reserve"}, []),
        ({"q": "nobody"}, []),
        ({"state": "no-such-state"}, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_list_is_narrowed_by_state_and_by_firm_or_number(rows, operator, asked, found) -> None:
    Organisation.objects.filter(code="firm-05").update(name_ko="한빛소프트")
    Organisation.objects.filter(code="firm-06").update(registration_no="220-81-12345")
    wanted = {rows[number].receipt_no for number in found}
    pages = [read(operator, URL, page=str(page), **asked) for page in (1, 2, 3)]
    assert set().union(*(receipts(page) for page in pages)) == wanted
    assert receipts(read(operator, CSV, **asked)) == wanted
    if not found:
        assert "조건에 맞는 신청이 없습니다." in pages[0]


def test_file_holds_what_was_asked_for_and_nothing_that_a_spreadsheet_runs(
    rows, operator
) -> None:
    Organisation.objects.filter(code="firm-02").update(name_ko="=1+1")
    text = read(operator, CSV)
    assert text.startswith(BYTE_ORDER_MARK)
    lines = list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    assert len(lines) == 1 + FIRMS
    assert lines[0][:2] == ["접수번호", "기관"]
    line = next(line for line in lines if line[2] == "firm-02")
    assert (line[0], line[1], line[7], line[8]) == (
        rows[2].receipt_no, "'=1+1", "접수", "1500000",
    )  # fmt: skip


@pytest.fixture
def by_token(system, at, monkeypatch):
    monkeypatch.setenv("MADANG_TEST", "1")
    declare_person(
        system, email="three@agency.example", roles=["operator"], token="mdp_test_3", at=at
    )
    return Client(headers={"authorization": "Bearer mdp_test_3"})


def test_interface_reads_on_where_a_list_ended(rows, by_token) -> None:
    def ask(**asked: object) -> list[str]:
        answer = by_token.get("/api/v1/applications", {"call": "c-list", **asked})
        assert answer.status_code == 200, answer.content
        return [row["receipt_no"] for row in answer.json()]

    numbers = [row.receipt_no for row in rows]
    assert ask(limit=3) + ask(limit=3, offset=3) + ask(limit=3, offset=6) == numbers
    assert ask(q="firm-04", state="submitted") == [numbers[4]]
    with CaptureQueriesContext(connection) as many:
        ask(limit=7)
    with CaptureQueriesContext(connection) as few:
        ask(limit=1)
    assert len(many) == len(few)
    assert by_token.get("/api/v1/applications", {"limit": 501}).status_code == 422

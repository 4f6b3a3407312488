"""The page of a call's panel: as big as one page of applications, whatever the call holds."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from madang.core.clock import FixedClock
from madang.parties.models import Person
from madang.parties.relationships.actions import declare_relationship
from madang.portal.labels import CONFLICT_NAMES
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.calls.actions import declare_call
from madang.programme.selection.actions import assign_reviewer, start_review
from madang.review.pool.actions import enrol_reviewer, suspend_reviewer

FIRMS, PAGE = 5, 3
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
URL = "/operator/calls/c-panel/panel/"


@pytest.fixture
def when(seoul, monkeypatch):
    moment = seoul("2026-03-25 10:00")
    monkeypatch.setattr(
        "madang.portal.middleware.actor.portal_clock", lambda: FixedClock(moment)
    )
    monkeypatch.setattr("madang.portal.pages.operator.selection.SEATS_PER_PAGE", PAGE)
    return moment


@pytest.fixture
def rows(system, year, content, apply_for, operators, reviewers, when, at):
    """The applications of a call under review; each wants two experts of five."""
    rules = {"panel": 2, "quorum": 1, "trim_high": 0, "trim_low": 0}
    call = declare_call(system, year, content(code="c-panel", rules=rules), at=at).row
    made = [apply_for(f"firm-{number:02}", 1_000_000, to=call) for number in range(FIRMS)]
    for row in made:
        check_eligibility(operators[0], row.id, is_eligible=True, at=when)
    start_review(operators[0], call.id, at=when)
    return made


@pytest.fixture
def operator(operators):
    browser = Client()
    browser.cookies["django_language"] = "en"
    browser.force_login(Person.objects.get(email="one@agency.example"), backend=BACKEND)
    return browser


def read(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def receipts(text: str) -> set[str]:
    return set(re.findall(r"c-panel-\d{4}", text))


def test_panel_page_holds_one_page_of_applications_and_nobody_uninvited(
    rows, operator, reviewers
) -> None:
    with CaptureQueriesContext(connection) as asked:
        first = read(operator, URL)
    second = read(operator, URL + "?page=2")
    assert receipts(first) | receipts(second) == {row.receipt_no for row in rows}
    assert (len(receipts(first)), len(receipts(second))) == (PAGE, FIRMS - PAGE)
    assert reviewers[0][1].email not in first
    with CaptureQueriesContext(connection) as fewer:
        read(operator, URL + "?page=2")
    assert len(asked) == len(fewer), "no query of its own for each application"


def test_a_seat_shows_who_could_be_asked_and_what_stands_against_each(
    rows, operator, operators, reviewers, at, when
) -> None:
    row, humans = rows[0], [human for _, human in reviewers]
    declare_relationship(
        operators[0], a=f"person:{humans[0].email}", b=f"organisation:{row.organisation.code}",
        kind="mentor", at=at,
    )  # fmt: skip
    out = enrol_reviewer(operators[0], humans[1], at=at)
    suspend_reviewer(operators[0], out, reason="on leave", at=at)
    text = read(operator, f"{URL}?seat={row.id}")
    assert receipts(text) == {row.receipt_no}
    assert (humans[0].email in text, humans[1].email in text) == (True, False)
    with override("en"):  # the page's language ended with its request
        assert str(CONFLICT_NAMES["mentor"]) in text
    assert f'value="{humans[0].id}"' not in text, "a conflict has no button"
    sent = {"person": str(humans[2].id)}
    answer = operator.post(f"/operator/applications/{row.id}/assign/", sent)
    assert answer.headers["location"] == f"{URL}?seat={row.id}"
    text = read(operator, answer.headers["location"])
    assert "1 of 2 seats taken" in text
    assert f'value="{humans[2].id}"' not in text


def test_only_seats_that_are_free_are_shown_when_asked(
    rows, operator, operators, reviewers, when
) -> None:
    for _, human in reviewers[:2]:
        assign_reviewer(operators[0], rows[0].id, human, at=when)
    text = read(operator, URL + "?free=yes")
    assert rows[0].receipt_no not in text
    assert rows[1].receipt_no in text


@pytest.mark.parametrize("seat", ["not-an-id", "00000000-0000-7000-8000-000000000000"])
def test_a_seat_that_nobody_has_is_not_found(rows, operator, seat) -> None:
    assert operator.get(URL, {"seat": seat}).status_code == 404

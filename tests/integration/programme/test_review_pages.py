"""A reviewer's page: what was typed stays, and each field says what is wrong with it."""

from __future__ import annotations

import html

import pytest
from django.test import Client

from madang.core.clock import FixedClock
from madang.parties.models import Person
from madang.portal.due import due_for
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.selection.actions import assign_reviewer, start_review
from madang.review.assignments.actions import declare_interest
from madang.review.models import Review

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def when(seoul, monkeypatch):
    moment = seoul("2026-03-25 10:00")
    monkeypatch.setattr(
        "madang.portal.middleware.actor.portal_clock", lambda: FixedClock(moment)
    )
    return moment


@pytest.fixture
def seat(call, apply_for, operators, reviewers, when):
    """The first reviewer's seat on an application that is open to them."""
    row = apply_for("hana", 10_000_000)
    check_eligibility(operators[0], row.id, is_eligible=True, at=when)
    start_review(operators[0], call.id, at=when)
    actor, human = reviewers[0]
    made = assign_reviewer(operators[0], row.id, human, at=when)
    declare_interest(actor, made.id, has_conflict=False, at=when)
    return made


@pytest.fixture
def browser(reviewers):
    client = Client()
    client.cookies["django_language"] = "ko"
    client.force_login(Person.objects.get(pk=reviewers[0][1].pk), backend=BACKEND)
    return client


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({"c-plan": "120", "c-effect": "90"}, "100 이하로 적어 주세요."),
        ({"c-plan": "80.1234", "c-effect": "90"}, "소수 셋째 자리까지의 숫자를 적어 주세요."),
        ({"c-effect": "90"}, "필수 항목입니다."),
    ],
)
def test_a_score_that_cannot_be_taken_is_told_beside_it_and_nothing_is_lost(
    browser, seat, scores, told
) -> None:
    opinion = "계획이 구체적이다. " * 40
    url = f"/reviewer/{seat.id}/submit/"
    answer = browser.post(url, {**scores, "note": opinion})
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert told in text
    assert opinion in text
    assert 'value="90"' in text
    assert not Review.objects.exists()
    whole = {"c-plan": "80.5", "c-effect": "90", "note": opinion}
    assert browser.post(url, whole).status_code == 302
    assert Review.objects.get().scores == {"plan": 80_500, "effect": 90_000}


def test_a_draft_may_leave_a_score_open(browser, seat) -> None:
    answer = browser.post(f"/reviewer/{seat.id}/save/", {"c-plan": "80", "note": ""})
    assert answer.status_code == 302
    assert Review.objects.get().scores == {"plan": 80_000}


def test_what_is_due_names_the_application_by_its_receipt(seat, reviewers, when) -> None:
    (due,) = due_for(reviewers[0][0], when)
    assert due.about == "c-2026-1-0001"

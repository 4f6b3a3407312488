"""Distributed review: applicants judge the other pool; whoever does not, is out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from madang.core.clock import FixedClock, rfc3339
from madang.core.errors import NotAllowed
from madang.parties.models import Person
from madang.parties.people.queries import actor_for
from madang.portal.due import due_for
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.calls.actions import declare_call
from madang.programme.errors import NotDistributed, PeersPending
from madang.programme.models import Application
from madang.programme.selection.actions import (
    compute_ranking,
    confirm_ranking,
    start_review,
)
from madang.programme.selection.peers import distribute_reviews, peer_due_at
from madang.review.assignments.actions import declare_interest, decline_assignment
from madang.review.assignments.candidates import candidates_for
from madang.review.errors import RulesInvalid
from madang.review.models import Assignment, Subject
from madang.review.reviews.actions import submit_review

FIRMS = ("a1", "b2", "c3", "d4", "e5", "f6")
RULES = {
    "mode": "distributed", "peer_reviews": 2, "panel": 3, "quorum": 1, "trim_high": 0,
    "trim_low": 0,
}  # fmt: skip


@pytest.fixture
def started(system, year, content, apply_for, operators, seoul):
    """Six firms applied to a call of 30 million; the review has begun."""
    words = content(code="c-peer", rules=RULES)
    call = declare_call(system, year, words, at=year.created_at).row
    rows = {code: apply_for(code, 10_000_000, to=call) for code in FIRMS}
    at = seoul("2026-03-25 10:00")
    for row in rows.values():
        check_eligibility(operators[0], row.id, is_eligible=True, at=at)
    start_review(operators[0], call.id, at=at)
    return call, rows, at


def judge(seat: Assignment, points: int, at) -> None:
    person = Person.objects.get(pk=seat.reviewer.person_id)
    actor = actor_for(person, at=at, origin="portal")
    declare_interest(actor, seat.id, has_conflict=False, at=at)
    submit_review(actor, seat.id, scores={"plan": points, "effect": points}, at=at)


def test_every_author_judges_two_of_the_other_pool_and_never_the_own(
    started, operators
) -> None:
    call, rows, at = started
    made = distribute_reviews(operators[0], call.id, at=at)
    assert len(made) == len(FIRMS) * 2
    owner = {row.id: row.created_by for row in rows.values()}
    judged: dict = {}
    for seat in made:
        assert owner[seat.subject.subject_id] != seat.reviewer.person_id
        judged.setdefault(seat.reviewer.person_id, set()).add(seat.subject.subject_id)
    assert {len(others) for others in judged.values()} == {2}
    by_owner = {person: subject for subject, person in owner.items()}
    for person, others in judged.items():
        for other in others:  # never each other's judge within one pool of three
            assert by_owner[person] not in others
            assert other != by_owner[person]
    assert distribute_reviews(operators[0], call.id, at=at) == []


def test_who_owes_a_review_when_it_is_due_is_rejected_whatever_the_score(
    started, operators
) -> None:
    call, rows, at = started
    seats = distribute_reviews(operators[0], call.id, at=at)
    lazy = rows["a1"]
    for seat in seats:
        if seat.reviewer.person_id != lazy.created_by:
            judge(seat, 90 if seat.subject.subject_id == lazy.id else 50, at)
    late = at + timedelta(days=30)
    run = compute_ranking(operators[0], call.id, at=late)
    for operator in operators:
        confirm_ranking(operator, call.id, run.id, at=late)
    states = {code: Application.objects.get(pk=row.pk).state for code, row in rows.items()}
    assert states["a1"] == "rejected"
    assert sorted(states.values()).count("selected") == 3


def test_review_that_came_late_saves_its_author_from_nothing(started, operators) -> None:
    """It counts for whom it judges; the day that the author was told counts for the author."""
    call, rows, at = started
    seats = distribute_reviews(operators[0], call.id, at=at)
    late, punctual = rows["a1"], rows["b2"]
    due = peer_due_at(seats[0])
    last = {late.created_by: due, punctual.created_by: due - timedelta(microseconds=1)}
    for seat in seats:
        judge(seat, 50, last.get(seat.reviewer.person_id, at))
    run = compute_ranking(operators[0], call.id, at=due)
    for operator in operators:
        confirm_ranking(operator, call.id, run.id, at=due)
    states = {code: Application.objects.get(pk=row.pk).state for code, row in rows.items()}
    assert [code for code, state in states.items() if state == "rejected"] == ["a1"]


def test_no_ranking_is_computed_while_a_peer_has_time_left(started, operators) -> None:
    """Until the last microsecond of the last day an author may still judge."""
    call, rows, at = started
    seats = distribute_reviews(operators[0], call.id, at=at)
    due = peer_due_at(seats[0])
    for seat in seats:
        if seat.reviewer.person_id != rows["a1"].created_by:
            judge(seat, 50, at)
    for early in (at + timedelta(days=1), due - timedelta(microseconds=1)):
        with pytest.raises(PeersPending) as refused:
            compute_ranking(operators[0], call.id, at=early)
        assert refused.value.fields == {"reviews": 2, "until": rfc3339(due)}
    assert set(Subject.objects.values_list("standing", flat=True)) == {""}
    assert compute_ranking(operators[0], call.id, at=due).state == "computed"


def test_ranking_is_computed_at_once_when_every_peer_has_judged(started, operators) -> None:
    call, _rows, at = started
    for seat in distribute_reviews(operators[0], call.id, at=at):
        judge(seat, 50, at)
    compute_ranking(operators[0], call.id, at=at)
    assert set(Subject.objects.values_list("standing", flat=True)) == {""}


def test_who_declines_a_review_has_failed_at_once_and_nobody_waits_for_it(
    started, operators
) -> None:
    call, rows, at = started
    for seat in distribute_reviews(operators[0], call.id, at=at):
        if seat.reviewer.person_id == rows["a1"].created_by:
            person = Person.objects.get(pk=seat.reviewer.person_id)
            actor = actor_for(person, at=at, origin="portal")
            decline_assignment(actor, seat.id, reason="no time", at=at)
        else:
            judge(seat, 50, at)
    run = compute_ranking(operators[0], call.id, at=at)
    for operator in operators:
        confirm_ranking(operator, call.id, run.id, at=at)
    states = {code: Application.objects.get(pk=row.pk).state for code, row in rows.items()}
    assert [code for code, state in states.items() if state == "rejected"] == ["a1"]


def test_peers_are_asked_by_no_other_panel(started, operators) -> None:
    call, _, at = started
    distribute_reviews(operators[0], call.id, at=at)
    subject = Subject.objects.select_related("panel").first()
    assert candidates_for(operators[0], subject, at=at) == []


def test_panel_is_not_distributed(
    system, year, content, operators, kim, decide, apply_for, call
) -> None:
    row = apply_for("hana", 1_000_000)
    when = decide(call, {row: 80})
    with pytest.raises(NotDistributed):
        distribute_reviews(operators[0], call.id, at=when)
    with pytest.raises(NotAllowed):
        distribute_reviews(kim, call.id, at=when)


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "distributed"},
        {"peer_reviews": 2},
        {"mode": "distributed", "peer_reviews": 51},
        {"mode": "everybody", "peer_reviews": 2},
        {"sure_score": 50, "pass_score": 50},
        {"sure_score": -1},
    ],
)
def test_rules_of_the_options_are_refused(system, year, content, change) -> None:
    rules = {"panel": 5, "quorum": 3, "tie": ["lottery"]} | change
    with pytest.raises(RulesInvalid):
        declare_call(system, year, content(code="c-x", rules=rules), at=year.created_at)


def test_author_reads_until_when_the_review_is_owed_and_what_follows(
    started, operators, monkeypatch
) -> None:
    call, _rows, at = started
    seat = distribute_reviews(operators[0], call.id, at=at)[0]
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: FixedClock(at))
    browser, person = Client(), Person.objects.get(pk=seat.reviewer.person_id)
    browser.cookies["django_language"] = "ko"
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get(f"/reviewer/{seat.id}/").content.decode()
    assert "2026-04-08 24:00" in page, "14 days after 25 March, to the end of the last"
    assert "본인의 신청은 탈락합니다" in page
    actor = actor_for(person, at=at, origin="portal")
    (until,) = {one.until for one in due_for(actor, at) if "/reviewer/" in one.href}
    assert until == peer_due_at(seat)
    late = {one.is_late for one in due_for(actor, until) if "/reviewer/" in one.href}
    assert late == {True}

"""Two people at the same instant: one wins, nothing is done twice, no lock waits in a ring.

Goal: every decision of a selection is safe against its twin. Method: real threads on a
committed database of the test's own, released together; each row names two calls, what may
come of them, and what must hold afterwards.
"""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, connections, transaction

from madang.core.errors import MadangError
from madang.parties.errors import TransitionNotAllowed
from madang.programme.applications.actions import (
    locked_applications,
    submit_application,
    withdraw_application,
)
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.calls.actions import locked_call
from madang.programme.errors import YearEnded
from madang.programme.matches.actions import answer_consent, ask_consent
from madang.programme.models import (
    Application,
    ApplicationRevision,
    Award,
    Match,
    ProgrammeYear,
    YearState,
)
from madang.programme.selection.actions import (
    compute_ranking,
    confirm_ranking,
    reopen_review,
    start_review,
)
from madang.programme.selection.appeals import appeal_decision, challenge_reviewer
from madang.review.appeals.actions import judge_appeal
from madang.review.assignments.actions import assign_reviewer
from madang.review.assignments.candidates import fill_seats
from madang.review.challenges.actions import decide_challenge
from madang.review.errors import RankingStale
from madang.review.models import Appeal, Assignment, Challenge, RankingRun, ReviewPanel, Subject

WAIT_S_MAX = 60
pytestmark = pytest.mark.usefixtures("committed_db")


def at_once(*calls) -> list[object]:
    """What each call answered or raised, released together, each in a thread of its own."""
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int) -> None:
        try:
            gate.wait()
            answers[place] = calls[place]()
        except MadangError as error:
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def refused(answers) -> list[type]:
    return [type(one) for one in answers if isinstance(one, MadangError)]


@pytest.fixture
def submitted(apply_for):
    return apply_for("hana", 5_000_000)


def test_eligible_and_not_eligible_are_never_both_said(submitted, operators, seoul) -> None:
    at = seoul("2026-03-25 10:00")
    answers = at_once(
        lambda: check_eligibility(operators[0], submitted.id, is_eligible=True, at=at),
        lambda: check_eligibility(
            operators[1], submitted.id, is_eligible=False, findings=["x"], at=at
        ),
    )
    assert refused(answers) == [TransitionNotAllowed]
    assert submitted.eligibility_checks.count() == 1


def test_one_receipt_for_two_submissions_at_once(call, kim, person, won, at) -> None:
    from madang.parties.models import Organisation
    from madang.programme.applications.actions import save_application, start_application

    row = start_application(kim, call, Organisation.objects.get(code="hana"), at=at)
    cho = person("cho@hana.example", "hana", "beneficiary")
    save_application(
        kim, row.id, answers={"title": "t", "plan": "p"}, requested_microwon=won(1), at=at
    )
    answers = at_once(
        lambda: submit_application(kim, row.id, at=at),
        lambda: submit_application(cho, row.id, at=at),
    )
    assert {one.receipt_no for one in answers} == {"c-2026-1-0001"}
    assert ApplicationRevision.objects.count() == 1


def test_review_starts_once_and_withdrawal_beside_it_loses_nothing(
    submitted, apply_for, operators, person, seoul
) -> None:
    other = apply_for("duri", 5_000_000)
    at = seoul("2026-03-25 10:00")
    for row in (submitted, other):
        check_eligibility(operators[0], row.id, is_eligible=True, at=at)
    ceo = person("ceo@duri.example", "duri", "beneficiary")
    call = submitted.call_id
    answers = at_once(
        lambda: start_review(operators[0], call, at=at),
        lambda: start_review(operators[1], call, at=at),
        lambda: withdraw_application(ceo, other.id, at=at),
    )
    assert refused(answers) in ([TransitionNotAllowed], [TransitionNotAllowed] * 2)
    assert ReviewPanel.objects.count() == 1
    found = Application.objects.get(pk=other.pk)
    subject = Subject.objects.filter(subject_id=other.id).first()
    if found.state == "withdrawn":
        assert subject is None or subject.withdrawn_at is not None


@pytest.fixture
def reviewing(submitted, operators, review_all):
    when = review_all(submitted.call, {submitted: 80})
    return submitted.call, when


def test_seats_are_not_filled_twice(reviewing, operators, person) -> None:
    call, when = reviewing
    for name in ("gil", "han", "ivy", "joo"):
        person(f"{name}@{name}-univ.example", f"{name}-univ", "reviewer")
    panel = ReviewPanel.objects.get(context_id=call.id)
    at_once(*[lambda who=who: fill_seats(who, panel.id, at=when) for who in operators])
    assert Assignment.objects.filter(subject__panel=panel).count() == 5


def test_same_expert_is_not_invited_twice(reviewing, operators, reviewers) -> None:
    _, when = reviewing
    subject = Subject.objects.get()
    human = reviewers[4][1]
    at_once(
        *[lambda who=who: assign_reviewer(who, subject, human, at=when) for who in operators]
    )
    assert Assignment.objects.filter(reviewer__person=human).count() == 1


def test_two_confirmations_at_once_make_one_set_of_awards(reviewing, operators, sums) -> None:
    call, when = reviewing
    run = compute_ranking(operators[0], call.id, at=when)
    answers = at_once(
        *[lambda who=who: confirm_ranking(who, call.id, run.id, at=when) for who in operators]
    )
    assert refused(answers) == []
    assert (Award.objects.count(), sums()["B310"]) == (1, 5_000_000)


def test_ranking_that_somebody_leaves_while_it_is_confirmed_is_stale(
    submitted, apply_for, review_all, operators, person, seoul
) -> None:
    """The last confirmation waits for the withdrawal; then the order is another one."""
    other = apply_for("duri", 5_000_000)
    call, when = submitted.call, review_all(submitted.call, {submitted: 80, other: 90})
    ceo = person("ceo@duri.example", "duri", "beneficiary")
    run = compute_ranking(operators[0], call.id, at=when)
    confirm_ranking(operators[0], call.id, run.id, at=when)
    answers: list[object] = []

    def confirm() -> None:
        answers.extend(at_once(lambda: confirm_ranking(operators[1], call.id, run.id, at=when)))

    second = threading.Thread(target=confirm)
    with transaction.atomic():
        withdraw_application(ceo, other.id, at=when)
        second.start()
        until_one_waits()
    second.join()
    assert refused(answers) == [RankingStale]
    assert not Award.objects.exists()


def test_withdrawal_beside_a_ranking_waits_in_no_ring(
    submitted, review_all, operators, person
) -> None:
    """A ranking notes who stands where before it takes the applications: so does a withdrawal
    take the call first."""
    call, when = submitted.call, review_all(submitted.call, {submitted: 80})
    ceo, answers = person("ceo@hana.example", "hana", "beneficiary"), []

    def leave() -> None:
        answers.extend(at_once(lambda: withdraw_application(ceo, submitted.id, at=when)))

    other = threading.Thread(target=leave)
    with transaction.atomic():
        locked_call(call.id)
        Subject.objects.filter(subject_id=submitted.id).update(standing="")
        other.start()
        until_one_waits()
        assert len(locked_applications(call, "in_review")) == 1
    other.join()
    assert refused(answers) == []
    assert Application.objects.get(pk=submitted.pk).state == "withdrawn"


def test_same_person_confirming_twice_at_once_counts_once(reviewing, operators) -> None:
    call, when = reviewing
    run = compute_ranking(operators[0], call.id, at=when)
    same = [lambda: confirm_ranking(operators[0], call.id, run.id, at=when)] * 2
    assert len(refused(at_once(*same))) == 1
    assert RankingRun.objects.get().confirmations.count() == 1
    assert not Award.objects.exists()


def test_call_is_reopened_once_and_never_beside_an_archive(reviewing, operators) -> None:
    call, when = reviewing
    run = compute_ranking(operators[0], call.id, at=when)
    for who in operators:
        confirm_ranking(who, call.id, run.id, at=when)
    reopen = [lambda: reopen_review(operators[0], call.id, reason="x", at=when)] * 2
    assert refused(at_once(*reopen)) == [TransitionNotAllowed]


def test_call_waits_for_a_year_that_begins_to_close_and_stays_as_it_is(
    reviewing, operators
) -> None:
    call, when = reviewing
    run = compute_ranking(operators[0], call.id, at=when)
    for who in operators:
        confirm_ranking(who, call.id, run.id, at=when)
    answers: list[object] = []

    def reopen() -> None:
        answers.extend(
            at_once(lambda: reopen_review(operators[0], call.id, reason="x", at=when))
        )

    other = threading.Thread(target=reopen)
    with transaction.atomic():
        ProgrammeYear.objects.filter(pk=call.programme_year_id).update(state=YearState.CLOSING)
        other.start()
        until_one_waits()
    other.join()
    assert refused(answers) == [YearEnded]


def until_one_waits() -> None:
    """Until another connection waits for a lock of ours."""
    deadline = time.monotonic() + WAIT_S_MAX
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
    raise AssertionError("nobody waits")


def test_challenge_is_upheld_or_dismissed(reviewing, operators, reviewers, person) -> None:
    _, when = reviewing
    row = Application.objects.get()
    ceo = person("ceo@hana.example", "hana", "beneficiary")
    words = {"ground": "mentor", "text": "x", "at": when}
    email = reviewers[0][1].email
    twice = [lambda: challenge_reviewer(ceo, row.id, email, **words)] * 2
    assert refused(at_once(*twice)) == []
    made = Challenge.objects.get()
    answers = at_once(
        lambda: decide_challenge(operators[0], made.id, upheld=True, reason="x", at=when),
        lambda: decide_challenge(operators[1], made.id, upheld=False, reason="x", at=when),
    )
    assert refused(answers) == [TransitionNotAllowed]


def test_appeal_is_filed_once_and_judged_once(reviewing, operators, person) -> None:
    call, when = reviewing
    run = compute_ranking(operators[0], call.id, at=when)
    for who in operators:
        confirm_ranking(who, call.id, run.id, at=when)
    row = Application.objects.get()
    ceo = person("ceo@hana.example", "hana", "beneficiary")
    words = {"ground": "misreading", "text": "x", "at": when}
    assert refused(at_once(*[lambda: appeal_decision(ceo, row.id, **words)] * 2)) == []
    made = Appeal.objects.get()
    answers = at_once(
        lambda: judge_appeal(operators[0], made.id, admissible=True, at=when),
        lambda: judge_appeal(operators[1], made.id, admissible=False, reason="x", at=when),
    )
    assert refused(answers) == [TransitionNotAllowed]


def test_match_is_asked_once_and_answered_once(submitted, nuri, person, seoul) -> None:
    at = seoul("2026-03-11 10:00")
    ceo = person("ceo@hana.example", "hana", "beneficiary")
    ask = [lambda: ask_consent(ceo, submitted.id, supplier="nuri", at=at)] * 2
    assert refused(at_once(*ask)) == []
    made = Match.objects.get()
    answers = at_once(
        lambda: answer_consent(nuri, made.id, consents=True, at=at),
        lambda: answer_consent(nuri, made.id, consents=False, at=at),
    )
    assert refused(answers) == [TransitionNotAllowed]

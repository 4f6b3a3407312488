"""Every state of the selection's tables is reached by the public actions, seen in the record.

Goal: no state of Call, Application, Assignment, RankingRun, Appeal, Challenge or Match stands
in a table that nobody can get to. Method: small stories, and the events that they leave; open
and closed are read from the clock.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from madang.parties.models import Event, Organisation
from madang.parties.people.queries import person_by_email
from madang.parties.workflow import Workflow
from madang.programme.applications.actions import (
    return_for_completion,
    start_application,
    withdraw_application,
)
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.actions import decline_award
from madang.programme.calls.actions import (
    approve_call,
    archive_call,
    cancel_call,
    create_call,
    declare_call,
    revise_call,
)
from madang.programme.calls.phases import phase_at
from madang.programme.calls.workflow import CALL
from madang.programme.matches.actions import answer_consent, ask_consent, withdraw_consent
from madang.programme.matches.workflow import MATCH
from madang.programme.models import Application, Award
from madang.programme.selection.actions import (
    assign_reviewer,
    compute_ranking,
    confirm_ranking,
    reopen_review,
)
from madang.programme.selection.appeals import (
    appeal_decision,
    challenge_reviewer,
    close_appeal,
    decide_appeal,
    hear_appeal,
)
from madang.review.appeals.actions import judge_appeal
from madang.review.appeals.workflow import APPEAL
from madang.review.assignments.actions import (
    declare_interest,
    decline_assignment,
    exclude_reviewer,
    recuse_from_assignment,
    void_review,
)
from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.challenges.actions import decide_challenge
from madang.review.challenges.workflow import CHALLENGE
from madang.review.models import Assignment
from madang.review.pool.actions import enrol_reviewer
from madang.review.rankings.workflow import RANKING

DAY = timedelta(days=1)


def reached(table: Workflow) -> set[str]:
    """What the record says of a noun; the first state is what a row begins with."""
    found = Event.objects.filter(subject_type=table.noun).values_list("before", "after")
    return {table.initial, *(state for pair in found for state in pair if state)}


def stored(table: Workflow) -> set[str]:
    return {state.code for state in table.states if not state.derived}


def ceo(person, code: str):
    return person(f"ceo@{code}.example", code, "beneficiary")


def test_every_state_of_a_call(operators, year, content, apply_for, decide, at, seoul) -> None:
    drafted = create_call(operators[0], year, content(code="c-cancelled"), at=at - DAY)
    approve_call(operators[1], drafted.id, at=at - DAY)
    revise_call(operators[0], drafted.id, at=at - DAY, reason="a criterion was missing")
    cancel_call(operators[0], drafted.id, at=at, reason="no need")
    row = apply_for("hana", 1_000_000)
    assert phase_at(row.call, seoul("2026-03-24 14:59:59.999999")) == "open"
    assert phase_at(row.call, seoul("2026-03-24 15:00")) == "closed"
    when = decide(row.call, {row: 80})
    archive_call(operators[0], row.call_id, at=when)
    assert reached(CALL) >= stored(CALL)


def test_every_state_of_an_application(
    system, year, content, apply_for, decide, operators, kim, person, at, seoul
) -> None:
    rules = {"panel": 5, "quorum": 3, "tie": ["lottery"], "reserve_max": 1}
    call = declare_call(
        system, year, content(code="c-tight", budget_won=10_000_000, rules=rules), at=at
    ).row
    rows = {
        code: apply_for(code, 10_000_000, to=call)
        for code in ("first", "second", "third", "away", "unfit")
    }
    start_application(
        kim, call, Organisation.objects.get(code="hana"), at=seoul("2026-03-04 10:00")
    )
    then = seoul("2026-03-20 10:00")
    withdraw_application(ceo(person, "away"), rows["away"].id, at=then)
    due = call.closes_at
    return_for_completion(
        operators[0], rows["unfit"].id, reason="a page is missing", due_at=due, at=then
    )
    check_eligibility(
        operators[0], rows["unfit"].id, is_eligible=False, findings=["late"], at=due
    )
    decide(call, {rows["first"]: 90, rows["second"]: 80, rows["third"]: 70})
    now = {code: Application.objects.get(pk=row.pk).state for code, row in rows.items()}
    assert (now["first"], now["second"], now["third"]) == ("selected", "reserve", "rejected")
    assert reached(APPLICATION) >= stored(APPLICATION)


def test_every_state_of_an_assignment(
    apply_for, review_all, operators, reviewers, person
) -> None:
    row = apply_for("hana", 1_000_000)
    when = review_all(row.call, {row: 80})
    seats = list(Assignment.objects.order_by("created_at"))
    void_review(operators[0], seats[0].id, reason="mentor", at=when)
    actor, human = reviewers[3]
    seat = assign_reviewer(operators[0], row.id, human, at=when)
    decline_assignment(actor, seat.id, reason="no time", at=when)
    actor, human = reviewers[4]
    seat = assign_reviewer(operators[0], row.id, human, at=when)
    declare_interest(actor, seat.id, has_conflict=False, at=when)
    recuse_from_assignment(actor, seat.id, reason="a cousin", at=when)
    for name in ("fox", "gil"):
        person(f"{name}@{name}-univ.example", f"{name}-univ", "reviewer")
        human = person_by_email(f"{name}@{name}-univ.example")
        seat = assign_reviewer(operators[0], row.id, human, at=when)
        if name == "fox":
            exclude_reviewer(operators[0], seat.id, reason="named by mistake", at=when)
        else:
            made = challenge_reviewer(
                ceo(person, "hana"), row.id, human.email, ground="dispute", text="x", at=when
            )
            decide_challenge(operators[0], made.id, upheld=True, reason="true", at=when)
    assert reached(ASSIGNMENT) >= stored(ASSIGNMENT)


def test_every_state_of_rankings_appeals_challenges_and_matches(
    apply_for, review_all, operators, reviewers, person, nuri, kim, at
) -> None:
    rows = {code: apply_for(code, 1_000_000) for code in ("hana", "duri")}
    for code, word in (("hana", True), ("duri", False)):
        asked = ask_consent(ceo(person, code), rows[code].id, supplier="nuri", at=at)
        answer_consent(nuri, asked.id, consents=word, at=at)
        if word:
            withdraw_consent(nuri, asked.id, reason="no time", at=at)
    assert reached(MATCH) >= stored(MATCH)
    when = review_all(rows["hana"].call, {rows["hana"]: 80, rows["duri"]: 70})
    call = rows["hana"].call_id
    for code, (_, human), word in zip(rows, reviewers[3:5], (True, False), strict=True):
        enrol_reviewer(operators[0], human, at=when)
        made = challenge_reviewer(
            ceo(person, code), rows[code].id, human.email, ground="other", text="x", at=when
        )
        decide_challenge(operators[0], made.id, upheld=word, reason="seen", at=when)
    assert reached(CHALLENGE) >= stored(CHALLENGE)
    _appeals(rows, call, operators, person, when)
    assert reached(APPEAL) >= stored(APPEAL)
    assert reached(RANKING) >= stored(RANKING)


def _appeals(rows, call, operators, person, when) -> None:
    """One not admitted, one denied, one upheld, over three rankings of the same call."""
    _rank(call, operators, when)
    words = {"ground": "administrative_error", "text": "a page was lost", "at": when}
    away = appeal_decision(ceo(person, "hana"), rows["hana"].id, **words)
    judge_appeal(operators[0], away.id, admissible=False, reason="about the amount", at=when)
    close_appeal(operators[0], away.id, at=when)
    for code, verdict in (("duri", False), ("duri", True)):
        made = appeal_decision(ceo(person, code), rows[code].id, **words)
        judge_appeal(operators[0], made.id, admissible=True, at=when)
        hear_appeal(operators[0], made.id, at=when)
        decide_appeal(operators[1], made.id, upheld=verdict, reason="seen", at=when)
        if not verdict:
            close_appeal(operators[0], made.id, at=when)
            decline_award(
                ceo(person, "hana"), Award.objects.get(application=rows["hana"]).id,
                reason="no need", at=when,
            )  # fmt: skip
            reopen_review(operators[0], call, reason="a conflict came to light", at=when)
        _rank(call, operators, when)


def _rank(call, operators, when) -> None:
    run = compute_ranking(operators[0], call, at=when)
    if run.state == "computed":
        for who in operators:
            confirm_ranking(who, call, run.id, at=when)


@pytest.mark.parametrize(
    "table", [CALL, APPLICATION, ASSIGNMENT, RANKING, APPEAL], ids=lambda table: table.noun
)
def test_states_are_those_of_the_reference(table) -> None:
    """The words of section 11, whatever else a table has come to hold."""
    wanted = {
        "call": "draft approved open closed reviewing decided archived cancelled",
        "application": "draft submitted ineligible eligible in_review scored selected reserve "
        "rejected returned_for_completion withdrawn",
        "assignment": "proposed invited accepted declined excluded recused challenged_out "
        "review_draft submitted voided",
        "ranking": "computed confirmed superseded",
        "appeal": "filed admissible inadmissible under_review upheld denied closed",
    }[table.noun]
    assert set(wanted.split()) <= {state.code for state in table.states}

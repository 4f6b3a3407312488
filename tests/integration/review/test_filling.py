"""Whom to ask: no conflict, no challenge, time left, the right field; and replacements."""

from __future__ import annotations

import uuid

import pytest

from madang.core.errors import NotAllowed, NotFound
from madang.parties.errors import TransitionNotAllowed
from madang.parties.models import Notice
from madang.parties.relationships.actions import declare_relationship
from madang.review.assignments.actions import (
    assign_reviewer,
    declare_interest,
    decline_assignment,
)
from madang.review.assignments.candidates import candidates_for, fill_seats, replace_reviewer
from madang.review.assignments.queries import conflicts_on
from madang.review.challenges.actions import decide_challenge, file_challenge
from madang.review.challenges.queries import challenge_for, challenges_for
from madang.review.errors import (
    GroundNotAllowed,
    NobodyFree,
    PanelDecided,
    ReasonMissing,
    ReviewerBarred,
    SeatTaken,
)
from madang.review.models import Assignment, ReviewPanel
from madang.review.panels.actions import form_panel, reopen_panel
from madang.review.pool.actions import (
    enrol_reviewer,
    enrol_role_holders,
    reinstate_reviewer,
    suspend_reviewer,
)
from madang.review.pool.queries import reviewer_for, reviewers_for
from madang.review.rules import rules_from


@pytest.fixture
def paper(subject, panel):
    return subject(panel, "hana")


def test_every_seat_is_filled_evenly_and_never_by_somebody_in_conflict(
    operators, reviewers, subject, panel, person, at
) -> None:
    person("in@hana.example", "hana", "reviewer")
    papers = [subject(panel, code) for code in ("hana", "duri")]
    done = fill_seats(operators[0], panel.id, at=at)
    assert (len(done.assigned), done.short) == (4 + 5, 1)
    ours = Assignment.objects.filter(subject=papers[0]).values_list(
        "reviewer__person__email", flat=True
    )
    assert "in@hana.example" not in ours
    again = fill_seats(operators[0], panel.id, at=at)
    assert (again.assigned, again.short) == ((), 1)


def test_knowing_the_field_comes_before_the_load(operators, reviewers, paper, at) -> None:
    paper.topics = ["NLP", "robot"]
    paper.save(update_fields=["topics"])
    for (_, human), expertise in zip(
        reviewers, ([], ["NLP"], ["NLP", "robot"], []), strict=True
    ):
        enrol_reviewer(operators[0], human, expertise=expertise, at=at)
    found = candidates_for(operators[0], paper, at=at)
    assert [one.matches for one in found] == [2, 1, 0, 0]
    assert found[0].reviewer.person == reviewers[2][1]


def test_candidates_name_what_stands_against_them(
    operators, reviewers, paper, system_ties, at
) -> None:
    enrol_role_holders(operators[0], at=at)
    system_ties(reviewers[0][1], "hana")
    found = {
        one.reviewer.person_id: one.against
        for one in candidates_for(operators[0], paper, at=at)
    }
    assert found[reviewers[0][1].id] == ("relationship:mentor",)
    assert found[reviewers[1][1].id] == ()
    with pytest.raises(NotAllowed):
        candidates_for(reviewers[0][0], paper, at=at)


@pytest.fixture
def system_ties(operators, at):
    def make(person, organisation: str) -> None:
        declare_relationship(
            operators[0], a=f"person:{person.email}", b=f"organisation:{organisation}",
            kind="mentor", at=at,
        )  # fmt: skip

    return make


def test_conflict_that_comes_to_light_later_is_found_on_every_seat(
    operators, reviewers, paper, system_ties, panel, at
) -> None:
    seat = assign_reviewer(operators[0], paper, reviewers[0][1], at=at)
    assert conflicts_on(operators[0], panel.id, at=at) == []
    system_ties(reviewers[0][1], "hana")
    (found,) = conflicts_on(operators[0], panel.id, at=at)
    assert (found.assignment, found.kinds) == (seat, ("relationship:mentor",))
    with pytest.raises(NotAllowed):
        conflicts_on(reviewers[1][0], panel.id, at=at)


def test_replacement_is_somebody_free_and_comes_once(
    operators, reviewers, paper, system_ties, at
) -> None:
    actor, human = reviewers[0]
    seat = assign_reviewer(operators[0], paper, human, at=at)
    with pytest.raises(SeatTaken) as refused:
        replace_reviewer(operators[0], seat.id, at=at)
    assert refused.value.fields == {"state": "invited"}
    decline_assignment(actor, seat.id, at=at)
    system_ties(reviewers[1][1], "hana")
    made = replace_reviewer(operators[0], seat.id, at=at)
    assert made.reviewer.person in (reviewers[2][1], reviewers[3][1])
    assert made.replaces == seat
    assert replace_reviewer(operators[0], seat.id, at=at) == made


def test_nobody_left_is_said(operators, reviewers, paper, at) -> None:
    seats = [assign_reviewer(operators[0], paper, human, at=at) for _, human in reviewers]
    decline_assignment(reviewers[0][0], seats[0].id, at=at)
    with pytest.raises(NobodyFree):
        replace_reviewer(operators[0], seats[0].id, at=at)


def test_suspended_reviewer_is_not_asked_until_reinstated(
    operators, reviewers, paper, at
) -> None:
    enrol_role_holders(operators[0], at=at)
    row = reviewer_for(operators[0], reviewers[0][1].reviewer.id)
    suspend_reviewer(operators[0], row, at=at, reason="missed")
    suspend_reviewer(operators[0], row, at=at, reason="missed")
    assert len(candidates_for(operators[0], paper, at=at)) == 3
    reinstate_reviewer(operators[0], row, at=at, reason="came back")
    reinstate_reviewer(operators[0], row, at=at, reason="came back")
    assert len(candidates_for(operators[0], paper, at=at)) == 4
    for step in (suspend_reviewer, reinstate_reviewer):
        with pytest.raises(NotAllowed):
            step(reviewers[0][0], row, at=at, reason="x")


def test_pool_shows_the_load_to_operators_and_oneself(operators, reviewers, paper, at) -> None:
    actor, human = reviewers[0]
    assign_reviewer(operators[0], paper, human, at=at)
    (own,) = reviewers_for(actor)
    assert (own.person, own.waiting, own.submitted) == (human, 1, 0)
    with pytest.raises(NotFound):
        reviewer_for(reviewers[1][0], own.id)


@pytest.fixture
def challenged(operators, reviewers, paper, person, at):
    seat = assign_reviewer(operators[0], paper, reviewers[0][1], at=at)
    ceo = person("ceo@hana.example", "hana", "beneficiary")
    row = file_challenge(
        ceo, paper, seat.reviewer, ground="family", grounds=["family"], text="cousin", at=at
    )
    return ceo, seat, row


def test_upheld_challenge_takes_the_seat_for_good(challenged, operators, paper, at) -> None:
    ceo, seat, row = challenged
    with pytest.raises(ReasonMissing):
        decide_challenge(operators[0], row.id, upheld=True, reason=" ", at=at)
    decide_challenge(operators[0], row.id, upheld=True, reason="true", at=at)
    seat.refresh_from_db()
    assert seat.state == "challenged_out"
    assert Notice.objects.filter(recipient=ceo.id, kind="review.challenge.upheld").exists()
    other = form_panel(
        operators[0], context_type="test", context_id=uuid.uuid4(),
        rules=rules_from(paper.panel.rules),
        budget_microwon=None, at=at,
    )  # fmt: skip
    twin = type(paper).objects.create(
        panel=other, subject_type=paper.subject_type, subject_id=paper.subject_id,
        created_at=at,
    )  # fmt: skip
    with pytest.raises(ReviewerBarred):
        assign_reviewer(operators[0], twin, seat.reviewer.person, at=at)
    with pytest.raises(TransitionNotAllowed):
        decide_challenge(operators[0], row.id, upheld=False, reason="no", at=at)


def test_dismissed_challenge_leaves_the_seat(challenged, operators, at) -> None:
    _, seat, row = challenged
    assert decide_challenge(operators[0], row.id, upheld=False, reason="no", at=at)
    seat.refresh_from_db()
    assert seat.state == "invited"


def test_challenge_is_kept_from_the_reviewer_and_decided_by_operators(
    challenged, reviewers, operators, at
) -> None:
    ceo, _, row = challenged
    assert list(challenges_for(ceo)) == list(challenges_for(operators[0])) == [row]
    with pytest.raises(NotFound):
        challenge_for(reviewers[0][0], row.id)
    with pytest.raises(NotAllowed):
        decide_challenge(reviewers[0][0], row.id, upheld=True, reason="x", at=at)
    with pytest.raises(NotFound):
        decide_challenge(operators[0], uuid.uuid4(), upheld=True, reason="x", at=at)


@pytest.mark.parametrize(
    ("ground", "text", "is_decided", "refusal"),
    [
        ("dislike", "x", False, GroundNotAllowed),
        ("family", " ", False, ReasonMissing),
        ("family", "x", True, PanelDecided),
    ],
)
def test_challenge_is_refused(
    operators, reviewers, paper, panel, at, ground, text, is_decided, refusal
) -> None:
    enrol_role_holders(operators[0], at=at)
    if is_decided:
        ReviewPanel.objects.filter(pk=panel.pk).update(state="decided")
    with pytest.raises(refusal):
        file_challenge(
            operators[1], paper, reviewers[0][1].reviewer, ground=ground, grounds=["family"],
            text=text, at=at,
        )  # fmt: skip


def test_panel_is_reopened_with_a_reason_and_once(operators, panel, at) -> None:
    ReviewPanel.objects.filter(pk=panel.pk).update(state="decided")
    with pytest.raises(ReasonMissing):
        reopen_panel(operators[0], panel.id, reason="", at=at)
    assert reopen_panel(operators[0], panel.id, reason="conflict", at=at).state == "reviewing"
    assert reopen_panel(operators[0], panel.id, reason="conflict", at=at).state == "reviewing"


def test_seat_of_one_pledged_is_never_lost_by_asking_for_more(
    operators, reviewers, paper, panel, at
) -> None:
    actor, human = reviewers[0]
    seat = assign_reviewer(operators[0], paper, human, at=at)
    declare_interest(actor, seat.id, has_conflict=False, at=at)
    fill_seats(operators[0], panel.id, at=at)
    seat.refresh_from_db()
    assert seat.state == "accepted"

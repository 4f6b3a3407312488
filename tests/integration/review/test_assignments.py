"""Assignments: every state is reached, every guard refuses."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from madang.core.errors import NotAllowed, NotFound
from madang.parties.actor import system_actor
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.models import Event, Membership, Organisation
from madang.parties.notices.queries import notices_for
from madang.parties.people.queries import person_by_email
from madang.parties.relationships.actions import declare_relationship
from madang.review.assignments.actions import (
    assign_reviewer,
    declare_interest,
    decline_assignment,
    exclude_reviewer,
    recuse_from_assignment,
    uphold_challenge,
)
from madang.review.assignments.models import Assignment, AssignmentState
from madang.review.assignments.queries import (
    assignment_for,
    assignments_for,
    open_assignment,
    open_subject_ids,
)
from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.errors import (
    AlreadyAssigned,
    AlreadyDeclared,
    ConflictOfInterest,
    LoadExceeded,
    NotAReviewer,
    PanelExists,
    PanelFull,
    PledgeMissing,
    ReasonMissing,
    ReviewSubmitted,
)
from madang.review.panels.actions import form_panel
from madang.review.pool.actions import enrol_reviewer, suspend_reviewer
from madang.review.reviews.actions import save_review, submit_review
from madang.review.reviews.queries import review_for

SCORES = {"plan": 80, "effect": "90.5"}


@pytest.fixture
def assigned(operators, panel, subject, reviewers, at):
    """One invited assignment, its reviewer's actor, its subject."""
    of = subject(panel, "hana")
    actor, person = reviewers[0]
    return assign_reviewer(operators[0], of, person, at=at), actor, of


def bring_to(state: str, assigned, operators, at) -> Assignment:
    """Walk an invited assignment to a state through its public actions."""
    row, actor, _ = assigned
    operator = operators[0]
    if state == "declined":
        return decline_assignment(actor, row.id, at=at)
    if state == "recused":
        return declare_interest(actor, row.id, has_conflict=True, reason="my pupil", at=at)
    if state == "excluded":
        return exclude_reviewer(operator, row.id, reason="same project", at=at)
    if state == "challenged_out":
        return uphold_challenge(operator, row.id, reason="teacher", at=at)
    if state in {"accepted", "review_draft", "submitted", "voided"}:
        declare_interest(actor, row.id, has_conflict=False, at=at)
    if state == "review_draft":
        save_review(actor, row.id, scores={"plan": 1}, at=at)
    if state in {"submitted", "voided"}:
        submit_review(actor, row.id, scores=SCORES, comment="solid", at=at)
    if state == "voided":
        exclude_reviewer(operator, row.id, reason="a conflict came to light", at=at)
    return Assignment.objects.get(pk=row.pk)


@pytest.mark.parametrize("state", [s for s in AssignmentState.values if s != "proposed"])
def test_every_state_is_reached_by_an_action_and_leaves_an_event(
    assigned, operators, at, state
) -> None:
    row = bring_to(state, assigned, operators, at)
    assert row.state == state
    event = Event.objects.filter(subject_type="assignment", subject_id=row.id).order_by("id")
    assert event.last().after == state


def test_table_is_closed_and_every_state_can_be_reached_in_it() -> None:
    reached, grew = {ASSIGNMENT.initial}, True
    while grew:
        step = {m.target for m in ASSIGNMENT.transitions if reached & set(m.sources)}
        grew = not step <= reached
        reached |= step
    assert reached == {state.code for state in ASSIGNMENT.states}
    leaves = {s for m in ASSIGNMENT.transitions for s in m.sources}
    assert leaves.isdisjoint(state.code for state in ASSIGNMENT.states if state.final)


ACTIONS = {
    "accept": lambda a, o, r, at: declare_interest(a, r.id, has_conflict=False, at=at),
    "decline": lambda a, o, r, at: decline_assignment(a, r.id, at=at),
    "recuse": lambda a, o, r, at: recuse_from_assignment(a, r.id, reason="x", at=at),
    "exclude": lambda a, o, r, at: exclude_reviewer(o, r.id, reason="x", at=at),
    "challenge": lambda a, o, r, at: uphold_challenge(o, r.id, reason="x", at=at),
    "save": lambda a, o, r, at: save_review(a, r.id, scores=SCORES, at=at),
    "submit": lambda a, o, r, at: submit_review(a, r.id, scores=SCORES, at=at),
}


@pytest.mark.parametrize(
    ("state", "action", "refusal"),
    [
        ("declined", "accept", TransitionNotAllowed),
        ("declined", "decline", TransitionNotAllowed),
        ("declined", "recuse", TransitionNotAllowed),
        ("declined", "save", PledgeMissing),
        ("recused", "accept", AlreadyDeclared),
        ("recused", "submit", PledgeMissing),
        ("excluded", "accept", TransitionNotAllowed),
        ("excluded", "exclude", TransitionNotAllowed),
        ("excluded", "submit", PledgeMissing),
        ("challenged_out", "accept", TransitionNotAllowed),
        ("accepted", "decline", TransitionNotAllowed),
        ("invited", "save", PledgeMissing),
        ("invited", "submit", PledgeMissing),
        ("submitted", "save", ReviewSubmitted),
        ("submitted", "recuse", TransitionNotAllowed),
        ("submitted", "challenge", TransitionNotAllowed),
        ("voided", "submit", TransitionNotAllowed),
        ("voided", "exclude", TransitionNotAllowed),
    ],
)
def test_step_is_refused_from_a_state_that_does_not_allow_it(
    assigned, operators, at, state, action, refusal
) -> None:
    row = bring_to(state, assigned, operators, at)
    with pytest.raises(refusal):
        ACTIONS[action](assigned[1], operators[0], row, at)
    assert Assignment.objects.get(pk=row.pk).state == state


@pytest.mark.parametrize("action", ["accept", "decline", "recuse", "save", "submit"])
def test_nobody_acts_on_the_assignment_of_another(
    assigned, operators, reviewers, at, action
) -> None:
    with pytest.raises(NotFound):
        ACTIONS[action](reviewers[1][0], operators[0], assigned[0], at)
    with pytest.raises(NotAllowed):
        ACTIONS[action](operators[0], operators[0], assigned[0], at)


@pytest.mark.parametrize("action", ["exclude", "challenge"])
def test_reviewers_do_not_exclude_each_other(assigned, reviewers, at, action) -> None:
    with pytest.raises(NotFound):
        ACTIONS[action](None, reviewers[1][0], assigned[0], at)
    with pytest.raises(NotAllowed):
        ACTIONS[action](None, assigned[1], assigned[0], at)


def test_same_pledge_and_same_scores_again_answer_as_the_first_time(
    assigned, operators, at
) -> None:
    row, actor, _ = assigned
    bring_to("submitted", assigned, operators, at)
    events = Event.objects.count()
    declare_interest(actor, row.id, has_conflict=False, at=at)
    first = submit_review(actor, row.id, scores=SCORES, at=at)
    assert first.scores == {"plan": 80_000, "effect": 90_500}
    assert Event.objects.count() == events
    with pytest.raises(ReviewSubmitted):
        submit_review(actor, row.id, scores=SCORES | {"plan": 81}, at=at)


def test_assignment_is_refused_twice_for_self_and_without_reason(
    assigned, operators, panel, subject, person, reviewers, at
) -> None:
    row, _, of = assigned
    with pytest.raises(AlreadyAssigned):
        assign_reviewer(operators[0], of, reviewers[0][1], at=at)
    both = person("both@agency.example", None, "operator", "reviewer")
    with pytest.raises(FourEyes):
        assign_reviewer(both, of, person_by_email("both@agency.example"), at=at)
    with pytest.raises(ReasonMissing):
        exclude_reviewer(operators[0], row.id, reason=" ", at=at)
    with pytest.raises(NotAllowed):
        assign_reviewer(reviewers[1][0], of, reviewers[2][1], at=at)
    with pytest.raises(NotFound):
        exclude_reviewer(operators[0], uuid.uuid4(), reason="x", at=at)


def test_only_the_pool_is_asked(operators, panel, subject, person, reviewers, at) -> None:
    of = subject(panel, "hana")
    person("clerk@city.example", "city", "beneficiary")
    with pytest.raises(NotAReviewer):
        assign_reviewer(operators[0], of, person_by_email("clerk@city.example"), at=at)
    row = enrol_reviewer(operators[0], reviewers[0][1], expertise=["NLP"], at=at)
    suspend_reviewer(operators[0], row, at=at, reason="missed three reviews")
    with pytest.raises(NotAReviewer):
        assign_reviewer(operators[0], of, reviewers[0][1], at=at)


def test_panel_and_load_have_a_limit(operators, make_rules, subject, reviewers, at) -> None:
    rules = make_rules(panel=3, assignments_per_reviewer=1)
    panel = form_panel(
        operators[0],
        context_type="t",
        context_id=uuid.uuid4(),
        rules=rules,
        budget_microwon=None,
        at=at,
    )
    first, second = subject(panel, "hana"), subject(panel, "duri")
    rows = [assign_reviewer(operators[0], first, p, at=at) for _, p in reviewers[:3]]
    with pytest.raises(PanelFull):
        assign_reviewer(operators[0], first, reviewers[3][1], at=at)
    with pytest.raises(LoadExceeded):
        assign_reviewer(operators[0], second, reviewers[0][1], at=at)
    decline_assignment(reviewers[0][0], rows[0].id, at=at)
    assign_reviewer(operators[0], first, reviewers[3][1], at=at)
    assign_reviewer(operators[0], second, reviewers[0][1], at=at)


def test_panel_of_a_context_is_formed_once(operators, panel, make_rules, at) -> None:
    again = {"context_type": "test", "context_id": panel.context_id, "at": at}
    same = form_panel(operators[1], rules=make_rules(), budget_microwon=100, **again)
    assert same == panel
    for rules, budget in ((make_rules(quorum=4), 100), (make_rules(), 101)):
        with pytest.raises(PanelExists):
            form_panel(operators[1], rules=rules, budget_microwon=budget, **again)


# Conflicts of interest: one row per way of being too near.


def near_same_organisation(person, at):
    person("rev@hana.example", "hana", "reviewer")
    return "rev@hana.example", "same_organisation"


def near_supplier(person, at):
    person("rev@nuri.example", "nuri", "reviewer")
    return "rev@nuri.example", "same_organisation"


def near_former(person, at):
    person("rev@hana.example", "hana", "reviewer")
    person("rev@hana.example", "univ", "reviewer")
    row = Membership.objects.get(person__email="rev@hana.example", organisation__code="hana")
    row.ends_at = at - timedelta(days=1000)
    row.save()
    return "rev@hana.example", "same_former_organisation"


def tie(person, at, b: str, kind: str = "adviser"):
    person("rev@univ.example", "univ", "reviewer")
    declare_relationship(
        system_actor("cli"), a="person:rev@univ.example", b=b, kind=kind, at=at
    )
    return "rev@univ.example", f"relationship:{kind}"


def near_by_tie_to_applicant(person, at):
    return tie(person, at, "organisation:hana")


def near_by_tie_to_supplier(person, at):
    return tie(person, at, "organisation:nuri", "shareholder")


def near_by_family(person, at):
    person("worker@hana.example", "hana", "beneficiary")
    return tie(person, at, "person:worker@hana.example", "family")


def near_by_own_organisation(person, at):
    person("rev@univ.example", "univ", "reviewer")
    declare_relationship(
        system_actor("cli"),
        a="organisation:univ",
        b="organisation:hana",
        kind="investor",
        at=at,
    )
    return "rev@univ.example", "relationship:investor"


def near_by_affiliate(person, at):
    person("rev@sister.example", "sister", "reviewer")
    declare_relationship(
        system_actor("cli"),
        a="organisation:sister",
        b="organisation:hana",
        kind="affiliate",
        at=at,
    )
    return "rev@sister.example", "affiliate_organisation"


def near_by_being_the_applicant(person, at):
    person("ceo@hana.example", "univ", "reviewer")
    return "ceo@hana.example", "self"


NEAR = [
    near_same_organisation,
    near_supplier,
    near_former,
    near_by_tie_to_applicant,
    near_by_tie_to_supplier,
    near_by_family,
    near_by_own_organisation,
    near_by_affiliate,
    near_by_being_the_applicant,
]


@pytest.mark.parametrize("near", NEAR, ids=lambda f: f.__name__)
def test_conflict_of_interest_refuses_the_assignment_and_leaves_none(
    operators, panel, subject, person, at, near
) -> None:
    of = subject(panel, "hana", supplier="nuri")
    email, kind = near(person, at)
    with pytest.raises(ConflictOfInterest) as caught:
        assign_reviewer(operators[0], of, person_by_email(email), at=at)
    assert caught.value.fields["conflict"] == kind
    assert not Assignment.objects.exists()


def test_distant_reviewer_and_irrelevant_tie_are_no_conflict(
    operators, panel, subject, person, at
) -> None:
    of = subject(panel, "hana", supplier="nuri")
    email, _ = tie(person, at, "organisation:hana", "neighbour")
    assert assign_reviewer(operators[0], of, person_by_email(email), at=at).state == "invited"


def test_affiliation_that_ended_long_ago_no_longer_bars(
    operators, panel, subject, person, at
) -> None:
    of = subject(panel, "hana")
    near_former(person, at - timedelta(days=96))
    assign_reviewer(operators[0], of, person_by_email("rev@hana.example"), at=at)


def test_rule_by_unit_bars_the_unit_and_not_the_university(
    operators, make_rules, subject, person, at
) -> None:
    panel = form_panel(
        operators[0],
        context_type="t",
        context_id=uuid.uuid4(),
        rules=make_rules(same_institution="unit"),
        budget_microwon=None,
        at=at,
    )
    of = subject(panel, "univ", unit="AI")
    person("near@univ.example", "univ", "reviewer", unit="AI")
    person("far@univ.example", "univ", "reviewer", unit="History")
    with pytest.raises(ConflictOfInterest):
        assign_reviewer(operators[0], of, person_by_email("near@univ.example"), at=at)
    assign_reviewer(operators[0], of, person_by_email("far@univ.example"), at=at)


def test_inv_i1_documents_open_after_the_pledge_and_close_when_a_conflict_appears(
    assigned, operators, at
) -> None:
    row, actor, of = assigned
    place = ("paper", of.subject_id)
    assert open_assignment(actor, *place, at=at) is None
    declare_interest(actor, row.id, has_conflict=False, at=at)
    assert open_assignment(actor, *place, at=at) == row
    assert list(open_subject_ids(actor, "paper")) == [of.subject_id]
    email = row.reviewer.person.email
    declare_relationship(
        system_actor("cli"), a=f"person:{email}", b="organisation:hana", kind="mentor", at=at
    )
    assert open_assignment(actor, *place, at=at) is None
    for act in (save_review, submit_review):
        with pytest.raises(ConflictOfInterest):
            act(actor, row.id, scores=SCORES, at=at)


@pytest.mark.parametrize(
    "state", ["declined", "recused", "excluded", "challenged_out", "voided"]
)
def test_inv_i1_documents_stay_closed_in_every_other_state(
    assigned, operators, at, state
) -> None:
    _, actor, of = assigned
    bring_to(state, assigned, operators, at)
    assert open_assignment(actor, "paper", of.subject_id, at=at) is None
    assert open_assignment(operators[0], "paper", of.subject_id, at=at) is None


def test_pledge_against_a_known_fact_is_refused(assigned, at) -> None:
    row, actor, _ = assigned
    Membership.objects.create(
        person=row.reviewer.person,
        organisation=Organisation.objects.get(code="hana"),
        roles=["reviewer"],
        starts_at=at,
    )
    with pytest.raises(ConflictOfInterest):
        declare_interest(actor, row.id, has_conflict=False, at=at)


def test_reviewers_see_their_own_assignments_and_reviews_only(
    assigned, operators, reviewers, at
) -> None:
    row, actor, _ = assigned
    bring_to("submitted", assigned, operators, at)
    other = reviewers[1][0]
    assert assignment_for(actor, row.id) == assignment_for(operators[1], row.id) == row
    assert not assignments_for(other).exists()
    assert review_for(actor, row.id).comment_row.text == "solid"
    for query in (assignment_for, review_for):
        with pytest.raises(NotFound):
            query(other, row.id)
    assert notices_for(actor).count() == 1


@pytest.fixture
def drafting(panel, subject, operators, reviewers, at):
    """A pledged reviewer with a draft of the review; the actor and the seat."""
    actor, human = reviewers[0]
    seat = assign_reviewer(operators[0], subject(panel, "hana"), human, at=at)
    declare_interest(actor, seat.id, has_conflict=False, at=at)
    save_review(actor, seat.id, scores={"plan": 50}, at=at)
    return actor, seat


def test_review_that_was_begun_is_given_up_by_its_reviewer(drafting, at) -> None:
    actor, seat = drafting
    assert recuse_from_assignment(actor, seat.id, reason="a cousin", at=at).state == "recused"


def test_review_that_was_begun_is_taken_from_its_reviewer(drafting, operators, at) -> None:
    _, seat = drafting
    assert exclude_reviewer(operators[0], seat.id, reason="r", at=at).state == "excluded"


def test_review_that_was_begun_ends_with_an_upheld_challenge(drafting, operators, at) -> None:
    _, seat = drafting
    assert uphold_challenge(operators[0], seat.id, reason="r", at=at).state == "challenged_out"


def test_tie_that_comes_late_stops_acceptance_draft_and_submission(
    panel, subject, operators, reviewers, at
) -> None:
    """The guard looks again at each step: what was no conflict yesterday is one today."""
    seats = []
    brought = subject(panel, "hana")
    for actor, human in reviewers[:3]:
        seats.append((actor, assign_reviewer(operators[0], brought, human, at=at)))
    for actor, seat in seats[1:]:
        declare_interest(actor, seat.id, has_conflict=False, at=at)
    save_review(seats[2][0], seats[2][1].id, scores={"plan": 50}, at=at)
    for _, human in reviewers[:3]:
        declare_relationship(
            operators[0], a=f"person:{human.email}", b="organisation:hana", kind="adviser",
            at=at,
        )  # fmt: skip
    accepting, drafted, submitting = seats
    with pytest.raises(ConflictOfInterest):
        declare_interest(accepting[0], accepting[1].id, has_conflict=False, at=at)
    with pytest.raises(ConflictOfInterest):
        save_review(drafted[0], drafted[1].id, scores={"plan": 50}, at=at)
    with pytest.raises(ConflictOfInterest):
        submit_review(submitting[0], submitting[1].id, scores={"plan": 50, "effect": 50}, at=at)


def test_reviewer_who_has_pledged_is_challenged_out(
    panel, subject, operators, reviewers, at
) -> None:
    actor, human = reviewers[0]
    seat = assign_reviewer(operators[0], subject(panel, "hana"), human, at=at)
    declare_interest(actor, seat.id, has_conflict=False, at=at)
    assert uphold_challenge(operators[0], seat.id, reason="r", at=at).state == "challenged_out"

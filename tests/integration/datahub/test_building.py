"""Demand → proposal → panel → comment → goals in writing → deliveries → payment.

Goal: nothing is agreed before the public was heard, nothing is delivered before both signed,
nothing is paid but for a delivery whose very digest passed the very targets that were agreed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from tests.integration.datahub import building
from tests.integration.datahub.building import AT, DAY, HALF, STEPS, TARGETS, WHOLE, WON

from madang.core.errors import NotAllowed, NotFound
from madang.datahub.comments.actions import (
    answer_comment,
    comment_on,
    hold_round,
    withhold_comment,
)
from madang.datahub.comments.queries import shown_comments
from madang.datahub.deliveries.actions import (
    accept_delivery,
    give_opinion,
    hand_in,
    return_delivery,
)
from madang.datahub.deliveries.queries import due_of, sample_of
from madang.datahub.errors import (
    CheckMissing,
    DeliveryNotAccepted,
    DemandInvalid,
    PersonNamed,
    ProposalFrozen,
    ProposalInvalid,
    ProposalMissing,
    RoundClosed,
    RoundsOpen,
    SignatureOther,
    StepNotDue,
    TermsMissing,
    TooMany,
)
from madang.datahub.models import BuildTerms, Comment, Delivery
from madang.datahub.plan.actions import move_project
from madang.datahub.plan.queries import roadmap
from madang.datahub.proposals.actions import save_proposal
from madang.datahub.quality.actions import ask_waiver, run_check, sign_waiver
from madang.datahub.senders import A_DAY_MAX
from madang.datahub.terms.actions import offer_terms, propose_terms, sign_terms
from madang.ledger.queries import identities, payable
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.people.models import Person
from madang.programme.applications.actions import submit_application
from madang.programme.milestones.actions import accept_milestone
from madang.programme.models import Milestone

pytestmark = pytest.mark.django_db
LATER = AT + 40 * DAY
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def made(store):
    return building.drafted(building.called(building.surveyed(building.cast())))


@pytest.fixture
def chosen(made):
    return building.selected(made)


@pytest.fixture
def heard(chosen):
    """Both rounds were held; nobody said anything."""
    for number in (1, 2):
        opens = AT + (21 + number) * DAY
        hold_round(
            chosen.op, chosen.survey, number, opens_at=opens, closes_at=opens + DAY,
            at=opens,
        )  # fmt: skip
    return chosen


@pytest.fixture
def signed(heard):
    terms = BuildTerms.objects.get()
    offer_terms(heard.op, terms.id, sha256=terms.sha256, at=LATER)
    sign_terms(heard.builder, terms.id, sha256=terms.sha256, at=LATER)
    for step in ("collect", "refine", "label", "inspect"):
        move_project(heard.builder, heard.project.id, step=step, at=LATER)
    return heard


def paid(made) -> int:
    return payable(made.project.organisation_id).subsidy // WON


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": "../x"}, "name"),
        ({"title_ko": " "}, "title_ko"),
        ({"licence": ""}, "licence"),
        ({"targets": '[personal]\nfiles = "*"\n'}, "targets"),
        ({"steps": []}, "steps"),
        ({"steps": STEPS[:1]}, "steps"),  # not all that is promised
        ({"steps": [STEPS[1], STEPS[0]]}, "steps"),  # volumes and days fall
        ({"steps": [STEPS[0], {**STEPS[1], "amount_microwon": 1}]}, "steps"),
        ({"steps": [STEPS[0], {**STEPS[1], "volume": "4"}]}, "steps"),
        ({"steps": [{**STEPS[0], "amount_microwon": -4}, STEPS[1]]}, "steps"),
    ],
)
def test_proposal_that_does_not_add_up_is_refused_by_its_place(made, changes, place):
    with pytest.raises(ProposalInvalid) as caught:
        save_proposal(
            made.builder, made.application.id, building.facts_of(made, **changes), at=AT
        )
    assert caught.value.fields["field"] == place


def test_nothing_is_handed_in_to_a_build_call_without_a_proposal(made):
    at = AT + 14 * DAY
    with pytest.raises(ProposalMissing):
        submit_application(made.builder, made.application.id, at=at)
    facts = building.facts_of(made)
    with pytest.raises(NotFound):
        save_proposal(made.people["lee@lee.example"], made.application.id, facts, at=at)
    row = save_proposal(made.builder, made.application.id, facts, at=at)
    assert row.sha256 == ""
    submit_application(made.builder, made.application.id, at=at)
    row.refresh_from_db()
    assert len(row.sha256) == 64
    with pytest.raises(ProposalFrozen):
        save_proposal(made.builder, made.application.id, facts, at=at)


def test_page_of_an_application_leads_only_its_own_people_to_the_proposal(chosen):
    """Nobody else may open that form: to others the link was a refusal."""
    page = f"/applications/{chosen.application.id}/"
    form = f"/builder/proposals/{chosen.application.id}/"
    for email, is_led in (("kim@hana.example", True), ("op@agency.example", False)):
        client = Client()
        client.force_login(Person.objects.get(email=email), backend=BACKEND)
        shown = client.get(page)
        assert shown.status_code == 200
        assert (form in shown.content.decode()) == is_led
        assert client.get(form).status_code == (200 if is_led else 403)


def test_proposal_answers_a_demand_of_the_calls_survey_and_field(made):
    other = made.survey.items.get(field="vision")
    merged = made.survey.items.filter(state="merged").first()
    for demand in (other, merged):
        with pytest.raises(ProposalInvalid) as caught:
            facts = building.facts_of(made, demand=demand.id)
            save_proposal(made.builder, made.application.id, facts, at=AT)
        assert caught.value.fields["field"] == "demand"


def test_award_becomes_a_private_set_a_project_and_terms_to_sign(chosen):
    project = chosen.project
    assert (project.promised, project.unit, project.state) == (4, "rows", "contracted")
    data_set = project.data_set
    assert (data_set.code, data_set.is_private) == ("hana/minwon", True)
    assert (data_set.field, data_set.licence) == ("speech-language", "KOGL-1")
    (row,) = (one for one in roadmap() if one.field == "speech-language")
    assert (row.contracted, row.delivered) == (1, 0)
    assert BuildTerms.objects.get().state == "proposed"


def test_goals_are_agreed_only_after_both_rounds_and_every_answer(chosen):
    terms = BuildTerms.objects.get()
    with pytest.raises(RoundsOpen):
        offer_terms(chosen.op, terms.id, sha256=terms.sha256, at=LATER)
    for number, about in ((1, chosen.demand), (2, chosen.proposal)):
        opens = AT + (21 + number) * DAY
        with pytest.raises(RoundClosed):
            comment_on(chosen.op, about, "좋다", address="1", at=opens)
        hold_round(
            chosen.op, chosen.survey, number, opens_at=opens, closes_at=opens + DAY,
            at=opens,
        )  # fmt: skip
        comment_on(chosen.op, about, f"{number}차 의견", address="1", at=opens)
    with pytest.raises(RoundsOpen) as caught:
        offer_terms(chosen.op, terms.id, sha256=terms.sha256, at=LATER)
    assert caught.value.fields["count"] == 2
    assert list(shown_comments(chosen.survey)) == []
    first, second = Comment.objects.order_by("received_at")
    with pytest.raises(NotAllowed):
        answer_comment(chosen.builder, first.id, answer="예", at=LATER)
    answer_comment(chosen.op, first.id, answer="반영하였다", at=LATER)
    withhold_comment(chosen.op, second.id, reason="광고", at=LATER)
    assert [row.state for row in shown_comments(chosen.survey)] == ["answered", "withheld"]
    offer_terms(chosen.op, terms.id, sha256=terms.sha256, at=LATER)


def test_round_can_be_made_longer_and_never_shorter(chosen):
    opens = AT + 22 * DAY
    given = {"opens_at": opens, "closes_at": opens + DAY, "at": opens}
    hold_round(chosen.op, chosen.survey, 1, **given)
    hold_round(chosen.op, chosen.survey, 1, **{**given, "closes_at": opens + 2 * DAY})
    with pytest.raises(RoundClosed):
        hold_round(chosen.op, chosen.survey, 1, **given)
    with pytest.raises(DemandInvalid):
        hold_round(chosen.op, chosen.survey, 3, **given)
    with pytest.raises(NotAllowed):
        hold_round(chosen.builder, chosen.survey, 2, **given)


def test_one_sender_says_so_much_a_day_and_no_number_of_a_person(chosen):
    opens = AT + 22 * DAY
    hold_round(chosen.op, chosen.survey, 1, opens_at=opens, closes_at=opens + 5 * DAY, at=opens)
    anybody = replace(chosen.system, id="anonymous", roles=frozenset())
    with pytest.raises(PersonNamed) as caught:
        comment_on(anybody, chosen.demand, "전화 010-1234-5678", address="7", at=opens)
    assert "5678" not in str(caught.value.sentence("ko"))
    for number in range(A_DAY_MAX):
        comment_on(anybody, chosen.demand, f"말 {number}", address="7", at=opens)
    with pytest.raises(TooMany):
        comment_on(anybody, chosen.demand, "또", address="7", at=opens)
    comment_on(anybody, chosen.demand, "다른 사람", address="8", at=opens)
    comment_on(anybody, chosen.demand, "다음 날", address="7", at=opens + DAY)
    senders = set(Comment.objects.values_list("sender", flat=True))
    assert len(senders) == 3, "an address is another sender on another day"


def test_both_sides_sign_the_same_words_agency_first(heard):
    terms = BuildTerms.objects.get()
    sha256 = terms.sha256
    with pytest.raises(TransitionNotAllowed):
        sign_terms(heard.builder, terms.id, sha256=sha256, at=LATER)
    with pytest.raises(SignatureOther):
        offer_terms(heard.op, terms.id, sha256="0" * 64, at=LATER)
    with pytest.raises(NotAllowed):
        offer_terms(heard.builder, terms.id, sha256=sha256, at=LATER)
    offer_terms(heard.op, terms.id, sha256=sha256, at=LATER)
    for stranger in (heard.op2, heard.people["lee@lee.example"], heard.system):
        with pytest.raises((NotAllowed, NotFound)):
            sign_terms(stranger, terms.id, sha256=sha256, at=LATER)
    with pytest.raises(TermsMissing):
        hand_in(heard.builder, heard.project.id, step=1, at=LATER)
    assert sign_terms(heard.builder, terms.id, sha256=sha256, at=LATER).state == "in_force"
    amounts = Milestone.objects.order_by("number").values_list("amount_microwon", "state")
    assert list(amounts) == [(one["amount_microwon"], "agreed") for one in STEPS]


def test_money_follows_accepted_deliveries_and_nothing_else(signed):
    assert due_of(signed.project).number == 1
    with pytest.raises(StepNotDue):
        hand_in(signed.builder, signed.project.id, step=2, at=LATER)
    building.put(signed, HALF, LATER)
    first = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    assert (first.volume, first.quality_check.state) == (2, "passed")
    with pytest.raises(DeliveryNotAccepted):  # the programme's own door is closed, too
        accept_milestone(signed.op2, first.milestone_id, at=LATER)
    assert paid(signed) == 0
    with pytest.raises(FourEyes):  # who planned the step does not accept it
        accept_delivery(signed.op, first.id, at=LATER)
    accept_delivery(signed.op2, first.id, at=LATER)
    assert paid(signed) == 4_000_000
    assert signed.project.state == "inspecting"
    building.put(signed, WHOLE, LATER)
    second = hand_in(signed.builder, signed.project.id, step=2, at=LATER)
    accept_delivery(signed.op2, second.id, at=LATER)
    assert paid(signed) == 10_000_000
    assert (signed.project.state, signed.project.delivered) == ("accepted", 4)
    assert all(one.ok for one in identities())
    (row,) = (one for one in roadmap() if one.field == "speech-language")
    assert (row.contracted, row.delivered) == (1, 1)


def test_delivery_that_falls_short_is_returned_mended_and_handed_in_again(signed):
    building.put(signed, b"text,label\na,x\n", LATER)
    short = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    assert (short.volume, short.quality_check.state) == (1, "failed")
    with pytest.raises(CheckMissing):
        accept_delivery(signed.op2, short.id, at=LATER)
    with pytest.raises(NotAllowed):
        accept_delivery(signed.builder, short.id, at=LATER)
    with pytest.raises(ProposalInvalid):
        return_delivery(signed.op2, short.id, reason=" ", at=LATER)
    return_delivery(signed.op2, short.id, reason="절반이 없다", at=LATER)
    building.put(signed, HALF, LATER)
    again = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    accept_delivery(signed.op2, again.id, at=LATER)
    assert [row.state for row in Delivery.objects.order_by("number")] == [
        "returned", "accepted",
    ]  # fmt: skip
    assert paid(signed) == 4_000_000


def test_easier_targets_that_pass_do_not_carry_a_delivery(signed):
    head = building.put(signed, b"text,label\na,x\n", LATER)
    easy = '[completeness]\nfiles = "*.csv"\npromised = 1\n'
    short = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    later = LATER + timedelta(hours=1)
    assert run_check(signed.builder, head, targets=easy, at=later).state == "passed"
    with pytest.raises(CheckMissing):
        accept_delivery(signed.op2, short.id, at=later)
    ask_waiver(signed.op, short.quality_check_id, reason="수집이 늦다", at=later)
    sign_waiver(signed.op2, short.quality_check_id, at=later)
    accept_delivery(signed.op2, short.id, at=later)


def test_check_that_was_run_before_is_not_run_again(signed):
    building.put(signed, HALF, LATER)
    first = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    return_delivery(signed.op2, first.id, reason="서류", at=LATER)
    again = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    assert again.quality_check_id == first.quality_check_id


def test_goals_change_by_an_amendment_that_both_sign(signed):
    project = signed.project
    steps = [STEPS[0], {**STEPS[1], "volume": 3, "due_on": "2026-07-31"}]
    targets = TARGETS.replace("promised = 4", "promised = 3")
    given = {"targets": targets, "steps": steps, "at": LATER}
    with pytest.raises(ProposalInvalid):
        propose_terms(signed.builder, project, **given)  # no reason
    dearer = [{**STEPS[0], "amount_microwon": 5_000_000 * WON},
              {**steps[1], "amount_microwon": 5_000_000 * WON}]  # fmt: skip
    with pytest.raises(ProposalInvalid):
        propose_terms(signed.builder, project, **{**given, "steps": dearer}, reason="비용")
    with pytest.raises(NotFound):
        propose_terms(signed.people["lee@lee.example"], project, **given, reason="x")
    row = propose_terms(signed.builder, project, **given, reason="원천이 줄었다")
    assert signed.project.promised == 4, "an amendment counts when both have signed"
    offer_terms(signed.op, row.id, sha256=row.sha256, at=LATER)
    sign_terms(signed.builder, row.id, sha256=row.sha256, at=LATER)
    assert (signed.project.promised, signed.project.due_on.month) == (3, 7)
    states = BuildTerms.objects.order_by("number").values_list("state", flat=True)
    assert list(states) == ["superseded", "in_force"]


def test_amendment_leaves_what_was_accepted_as_it_is(signed):
    building.put(signed, HALF, LATER)
    first = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    accept_delivery(signed.op2, first.id, at=LATER)
    steps = [{**STEPS[0], "volume": 1}, STEPS[1]]
    with pytest.raises(ProposalInvalid):
        propose_terms(
            signed.op, signed.project, targets=TARGETS, steps=steps, reason="x", at=LATER
        )


def test_experts_count_a_drawn_sample_once_and_not_their_own(signed):
    building.put(signed, HALF, LATER)
    row = hand_in(signed.builder, signed.project.id, step=1, at=LATER)
    sample = sample_of(row)
    assert sample == sample_of(row), "the same rows for everybody"
    assert {values for _, values in sample.rows} == {("a", "x"), ("b", "y")}
    lee = signed.people["lee@lee.example"]
    give_opinion(lee, row.id, wrong=1, rows=2, at=LATER)
    assert give_opinion(lee, row.id, wrong=0, rows=2, at=LATER).wrong == 1
    with pytest.raises(ProposalInvalid):
        give_opinion(signed.people["choi@choi.example"], row.id, wrong=3, rows=2, at=LATER)
    with pytest.raises(NotAllowed):
        give_opinion(signed.builder, row.id, wrong=0, rows=2, at=LATER)

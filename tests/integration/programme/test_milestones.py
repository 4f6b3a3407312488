"""Milestones: an award without a voucher is paid for accepted work only (P24)."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from madang.core.clock import FixedClock
from madang.core.errors import NotAllowed, NotFound
from madang.ledger.queries import identities, payable
from madang.metering.payouts.actions import approve_payout, fail_payout, settle_payout
from madang.metering.payouts.queries import payouts_of
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.models import Person
from madang.parties.notices.queries import notices_for
from madang.programme.agreements.amending import propose_amendment, sign_amendment
from madang.programme.calls.actions import archive_call, cancel_call, declare_call
from madang.programme.errors import (
    AmendmentInvalid,
    AmountInvalid,
    EvidenceMissing,
    MilestonesMiss,
    PeriodInvalid,
    ReasonMissing,
)
from madang.programme.milestones.actions import (
    Step,
    accept_milestone,
    agree_milestones,
    pay_milestone,
    plan_milestones,
    release_milestones,
    return_milestone,
    submit_milestone,
)
from madang.programme.milestones.api import milestone_out
from madang.programme.milestones.queries import milestone_for, milestones_for
from madang.programme.models import Award, CoPaymentObligation, Milestone
from madang.programme.years.closing import begin_year_close, close_year, what_is_open
from madang.programme.years.treasury import remit_treasury


@pytest.fixture
def award(system, year, content, apply_for, decide, sign_all, at, seoul):
    """hana's award of 10 million won in a call that pays by milestones, signed."""
    terms = {"deposit_days": 14, "fulfilment": "milestones"}
    call = declare_call(system, year, content(code="rnd", terms=terms), at=at).row
    decided = decide(call, {apply_for("hana", 10_000_000, to=call): 90})
    return sign_all(Award.objects.get(), decided)


@pytest.fixture
def steps(won):
    def make(*amounts: int, due_on: date = date(2026, 6, 30)) -> list[Step]:
        return [Step(f"{won_}원", f"{won_} won", due_on, won(won_)) for won_ in amounts]

    return make


@pytest.fixture
def ceo(person):
    return person("ceo@hana.example", "hana", "beneficiary")


@pytest.fixture
def paper(ceo, tmp_path, at):
    def make(text: str = "result"):
        return store_document(
            ceo,
            chunks=[b"%PDF-1.7 " + text.encode()],
            file_name="result.pdf",
            media_type="application/pdf",
            organisation=next(iter(ceo.organisations)),
            store=DocumentStore(tmp_path),
            at=at,
        ).id

    return make


@pytest.fixture
def agreed(award, steps, operators, ceo, at):
    """Two steps of 4 and 6 million won, agreed."""
    plan_milestones(operators[0], award.id, steps(4_000_000, 6_000_000), at=at)
    return agree_milestones(ceo, award.id, at=at)


def test_award_is_in_force_with_the_last_signature(award) -> None:
    assert (award.state, award.voucher) == ("issued", None)
    assert CoPaymentObligation.objects.get(award=award).state == "funded"


def test_accepted_step_is_payable_to_the_beneficiary(
    agreed, award, operators, ceo, paper, sums, won, at
) -> None:
    first = submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=at)
    assert payable(award.organisation_id).subsidy == 0
    accept_milestone(operators[1], first.id, at=at)
    assert payable(award.organisation_id).subsidy == won(4_000_000)
    found = sums()
    assert (found["B310"], found["B500"], found["5100"]) == (6_000_000, 4_000_000, 4_000_000)
    assert all(one.ok for one in identities())
    assert milestone_for(ceo, first.id).accepted_at == at
    assert "programme.milestone.accepted" in {row.kind for row in notices_for(ceo)}


def test_firm_reads_what_is_due_why_its_work_came_back_and_that_it_is_paid(
    award, steps, operators, ceo, paper, at, monkeypatch
) -> None:
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: FixedClock(at))
    browser = Client()
    browser.cookies["django_language"] = "en"
    person = Person.objects.get(email="ceo@hana.example")
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")

    def read(path: str) -> str:
        return browser.get(path).content.decode()

    page = f"/awards/{award.id}/milestones/"
    plan_milestones(operators[0], award.id, steps(4_000_000, 6_000_000), at=at)
    assert "Agree to these steps" in read("/account/desk/")
    first = agree_milestones(ceo, award.id, at=at)[0]
    assert "Hand in the work" in read("/account/desk/")
    submit_milestone(ceo, first.id, evidence=[paper()], at=at)
    return_milestone(operators[1], first.id, reason="the figures are missing", at=at)
    assert "It was sent back: the figures are missing" in read(page)
    assert f'href="{page}"' in read("/account/notices/")
    submit_milestone(ceo, first.id, evidence=[paper("better")], at=at)
    accept_milestone(operators[1], first.id, at=at)
    assert "Payout</span>" not in read(page)
    pay_milestone(operators[0], first.id, at=at)
    assert "Payout</span>" in read(page)


def test_step_is_accepted_by_a_person_who_did_not_plan_it(
    agreed, operators, system, ceo, paper, at
) -> None:
    row = submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=at)
    for actor in (operators[0], system):
        with pytest.raises(FourEyes):
            accept_milestone(actor, row.id, at=at)
    with pytest.raises(NotAllowed):
        accept_milestone(ceo, row.id, at=at)


def test_nothing_is_handed_in_without_a_document(agreed, ceo, paper, at) -> None:
    with pytest.raises(EvidenceMissing):
        submit_milestone(ceo, agreed[0].id, evidence=[], at=at)
    with pytest.raises(NotFound):
        submit_milestone(ceo, agreed[0].id, evidence=[agreed[0].id], at=at)


def test_step_goes_back_and_comes_again(agreed, operators, ceo, paper, at) -> None:
    row = agreed[0]
    submit_milestone(ceo, row.id, evidence=[paper("half")], at=at)
    with pytest.raises(ReasonMissing):
        return_milestone(operators[1], row.id, reason=" ", at=at)
    return_milestone(operators[1], row.id, reason="the other half", at=at)
    with pytest.raises(TransitionNotAllowed):
        accept_milestone(operators[1], row.id, at=at)
    submit_milestone(ceo, row.id, evidence=[paper("whole")], at=at)
    assert Milestone.objects.get(pk=row.pk).evidence.count() == 2, "both stay on record"
    accept_milestone(operators[1], row.id, at=at)
    with pytest.raises(TransitionNotAllowed):
        accept_milestone(operators[1], row.id, at=at)


def test_steps_are_written_again_until_they_are_agreed(
    award, steps, operators, ceo, at
) -> None:
    with pytest.raises(MilestonesMiss):
        agree_milestones(ceo, award.id, at=at)
    for amounts in ((10_000_000,), (1_000_000, 9_000_000)):
        plan_milestones(operators[0], award.id, steps(*amounts), at=at)
    assert [row.number for row in milestones_for(ceo)] == [1, 2]
    agree_milestones(ceo, award.id, at=at)
    with pytest.raises(TransitionNotAllowed):
        plan_milestones(operators[0], award.id, steps(10_000_000), at=at)


def amend(award, operators, ceo, nuri, microwon: int, at) -> None:
    """The amount anew, signed by the agency, the firm and its supplier where it has one."""
    changes = {"subsidy_microwon": microwon}
    row = propose_amendment(
        operators[0], award.agreement.id, changes=changes, reason="r", at=at
    )
    for actor, _ in zip((operators[0], ceo, nuri), row.parties.all(), strict=False):
        sign_amendment(actor, row.id, sha256=row.terms_sha256, at=at)
    award.refresh_from_db()
    assert award.amount_microwon == microwon


def test_less_money_by_amendment_never_undercuts_what_is_handed_in(
    agreed, award, operators, ceo, nuri, paper, won, at
) -> None:
    submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=at)
    with pytest.raises(AmendmentInvalid) as caught:
        amend(award, operators, ceo, nuri, won(3_999_999), at)
    assert caught.value.fields["reason"] == "below what is handed in"
    amend(award, operators, ceo, nuri, won(4_000_000), at)
    accept_milestone(operators[1], agreed[0].id, at=at)
    assert payable(award.organisation_id).subsidy == won(4_000_000)


def test_no_step_is_accepted_beyond_the_amended_award(
    agreed, award, operators, ceo, nuri, paper, won, at
) -> None:
    amend(award, operators, ceo, nuri, won(9_000_000), at)
    for row in agreed:
        submit_milestone(ceo, row.id, evidence=[paper(str(row.number))], at=at)
    accept_milestone(operators[1], agreed[0].id, at=at)
    with pytest.raises(MilestonesMiss) as missed:  # 4 + 6 accepted, 9 awarded
        accept_milestone(operators[1], agreed[1].id, at=at)
    assert missed.value.fields["missing_microwon"] == -won(1_000_000)
    assert payable(award.organisation_id).subsidy == won(4_000_000)
    with pytest.raises(TransitionNotAllowed):
        accept_milestone(operators[1], agreed[0].id, at=at)


def test_steps_are_written_anew_after_an_amendment_of_the_amount(
    agreed, award, steps, operators, ceo, nuri, paper, won, sums, at
) -> None:
    first = submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=at)
    amend(award, operators, ceo, nuri, won(7_000_000), at)
    with pytest.raises(MilestonesMiss):
        plan_milestones(operators[0], award.id, steps(7_000_000), at=at)
    plan_milestones(operators[0], award.id, steps(1_000_000, 2_000_000), at=at)
    agree_milestones(ceo, award.id, at=at)
    told = [(row.number, row.state) for row in milestones_for(ceo)]
    assert told == [(1, "submitted"), (2, "cancelled"), (3, "agreed"), (4, "agreed")]
    with pytest.raises(TransitionNotAllowed):  # they add up again
        plan_milestones(operators[0], award.id, steps(3_000_000), at=at)
    for row in Milestone.objects.filter(number__gt=2):
        submit_milestone(ceo, row.id, evidence=[paper(str(row.number))], at=at)
    for row in (first, *Milestone.objects.filter(number__gt=2)):
        accept_milestone(operators[1], row.id, at=at)
    assert "B310" not in sums()
    assert sums()["B500"] == 7_000_000


@pytest.mark.parametrize(
    ("amounts", "change", "refusal"),
    [
        ((4_000_000, 5_999_999), {}, MilestonesMiss),
        ((4_000_000, 6_000_001), {}, MilestonesMiss),
        ((10_000_000,), {"due_on": date(2027, 1, 1)}, PeriodInvalid),
        ((10_000_000, 0), {}, AmountInvalid),
        ((), {}, MilestonesMiss),
    ],
)
def test_steps_are_refused(award, steps, operators, at, amounts, change, refusal) -> None:
    with pytest.raises(refusal):
        plan_milestones(operators[0], award.id, steps(*amounts, **change), at=at)
    assert not Milestone.objects.exists()


def test_only_the_own_firm_agrees_and_hands_in(agreed, award, lee, paper, at) -> None:
    with pytest.raises(NotFound):
        agree_milestones(lee, award.id, at=at)
    with pytest.raises(NotFound):
        submit_milestone(lee, agreed[0].id, evidence=[], at=at)
    assert not milestones_for(lee).exists()


def test_what_is_not_accepted_goes_back_to_the_call(
    agreed, award, operators, ceo, paper, sums, at
) -> None:
    before = sums()["B300"]
    submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=at)
    accept_milestone(operators[1], agreed[0].id, at=at)
    with pytest.raises(ReasonMissing):
        release_milestones(operators[0], award.id, reason="", at=at)
    for _ in range(2):
        release_milestones(operators[0], award.id, reason="the firm stopped", at=at)
    found = sums()
    assert (found["B300"] - before, found.get("B310", 0)) == (6_000_000, 0)
    states = [row.state for row in milestones_for(ceo)]
    assert states == ["accepted", "cancelled"]


def test_accepted_step_is_paid_out_by_two_people(
    agreed, award, operators, ceo, lee, paper, sums, won, at
) -> None:
    one, two = operators
    with pytest.raises(TransitionNotAllowed):
        pay_milestone(one, agreed[0].id, at=at)
    submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=at)
    accept_milestone(two, agreed[0].id, at=at)
    payout = pay_milestone(one, agreed[0].id, at=at)
    assert pay_milestone(two, agreed[0].id, at=at) == payout, "once while it is under way"
    with pytest.raises(FourEyes):
        approve_payout(one, payout, at=at)
    fail_payout(two, approve_payout(two, payout, at=at), at=at)
    again = pay_milestone(one, agreed[0].id, at=at)
    before = sums()["1100"]
    settle_payout(two, approve_payout(two, again, at=at), at=at)
    assert before - sums()["1100"] == 4_000_000
    assert payable(award.organisation_id).subsidy == 0
    assert all(one.ok for one in identities())
    assert {row.state for row in payouts_of(ceo)} == {"failed", "settled"}
    assert not payouts_of(lee).exists()


def test_voucher_award_has_no_milestones(call, apply_for, decide, sign_all, steps, operators):
    decided = decide(call, {apply_for("hana", 10_000_000): 90})
    award = sign_all(Award.objects.get(), decided)
    with pytest.raises(TransitionNotAllowed):
        plan_milestones(operators[0], award.id, steps(10_000_000), at=decided)


def assert_page_tells(award, work) -> None:
    """The year's page names whose work waits, in words, and leads to where it is ended."""
    browser = Client()
    browser.cookies["django_language"] = "en"
    operator = Person.objects.get(email="one@agency.example")
    browser.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    text = browser.get("/operator/years/api-voucher/2026/").content.decode()
    shown = f"{award.organisation.code} ({award.call.code})"
    for name, href in (
        ("Award", f"/operator/awards/{award.id}/"),
        ("Milestone", f"/awards/{award.id}/milestones/"),
    ):
        assert f'{name} <a class="md-link" href="{href}">{shown}</a>' in text
    assert str(work.id) not in text


def test_award_of_milestones_is_settled_and_its_year_can_close(
    agreed, award, call, operators, ceo, paper, seoul, sums, won
) -> None:
    """Nothing stays in it: what was accepted is paid, the rest is the treasury's."""
    year, when = award.call.programme_year, seoul("2026-04-02 10:00")
    first = submit_milestone(ceo, agreed[0].id, evidence=[paper()], at=when)
    accept_milestone(operators[1], first.id, at=when)
    archive_call(operators[0], award.call_id, at=when)
    cancel_call(operators[0], call.id, at=when, reason="nobody applied")
    assert [str(one) for one in what_is_open(year)] == [
        f"award {award.id} is issued", f"milestone {first.id} is accepted",
    ]  # fmt: skip
    assert_page_tells(award, first)
    for _ in range(2):
        release_milestones(operators[0], award.id, reason="the plan's end", at=when)
    assert award.agreement.__class__.objects.get(award=award).state == "completed"
    assert "B310" not in sums()
    assert [str(one) for one in what_is_open(year)] == [f"milestone {first.id} is accepted"]
    payout = pay_milestone(operators[0], first.id, at=when)
    approve_payout(operators[1], payout, at=when)
    settle_payout(operators[0], payout, at=when)
    assert list(what_is_open(year)) == []
    late = seoul("2027-01-04 10:00")
    begin_year_close(operators[0], year.id, at=late)
    (owed,) = year.treasury_returns.all()
    assert owed.amount_microwon == won(100_000_000 - 4_000_000)
    remit_treasury(operators[1], owed.id, at=late)
    assert close_year(operators[1], year.id, at=late).state == "closed"
    assert all(one.ok for one in identities())


def test_steps_are_given_up_wherever_they_stand(
    award, steps, operators, ceo, paper, at, sums
) -> None:
    plan_milestones(operators[0], award.id, steps(4_000_000, 6_000_000), at=at)
    rows = agree_milestones(ceo, award.id, at=at)
    submit_milestone(ceo, rows[0].id, evidence=[paper()], at=at)
    gone = release_milestones(operators[0], award.id, reason="it stops", at=at)
    assert [row.state for row in gone] == ["cancelled", "cancelled"]
    assert "B310" not in sums()


def test_steps_that_nobody_agreed_to_are_given_up(award, steps, operators, at, sums) -> None:
    plan_milestones(operators[0], award.id, steps(10_000_000), at=at)
    (gone,) = release_milestones(operators[0], award.id, reason="it stops", at=at)
    assert (gone.state, "B310" in sums()) == ("cancelled", False)


def test_list_of_steps_costs_no_more_with_more_steps_and_papers(
    award, steps, operators, ceo, paper, at, django_assert_num_queries
) -> None:
    plan_milestones(operators[0], award.id, steps(*[1_000_000] * 10), at=at)
    for number, row in enumerate(agree_milestones(ceo, award.id, at=at)):
        submit_milestone(ceo, row.id, evidence=[paper(str(number)), paper("same")], at=at)
    with django_assert_num_queries(3):
        shown = [milestone_out(row) for row in milestones_for(operators[0]).filter(award=award)]
    assert [len(one.evidence_sha256) for one in shown] == [2] * 10

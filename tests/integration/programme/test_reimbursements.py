"""Calls that reimburse: the firm pays its supplier first, and asks for the share afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madang.core.clock import FixedClock
from madang.core.errors import NotAllowed, NotFound
from madang.ledger.queries import identities, payable, trial_balance
from madang.metering.payouts.actions import approve_payout, settle_payout
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.models import Person
from madang.parties.notices.queries import notices_for
from madang.parties.organisations.actions import declare_organisation
from madang.parties.relationships.actions import declare_relationship
from madang.portal.due import due_for
from madang.programme.agreements.amending import propose_amendment, sign_amendment
from madang.programme.agreements.ending import terminate_agreement
from madang.programme.calls.actions import archive_call, cancel_call, declare_call
from madang.programme.errors import (
    AmountInvalid,
    ClaimsWait,
    ClaimTooLarge,
    EvidenceMissing,
    InvoiceClaimed,
    PeriodInvalid,
    ReasonMissing,
    SelfDealing,
    TermInvalid,
)
from madang.programme.milestones.actions import (
    Step,
    accept_milestone,
    pay_milestone,
    plan_milestones,
    release_milestones,
    return_milestone,
    submit_milestone,
)
from madang.programme.models import Agreement, Award, CoPaymentObligation, Purchase
from madang.programme.reimbursements.actions import Bought, claim_reimbursement, refuse_claim
from madang.programme.years.closing import begin_year_close, close_year, what_is_open
from madang.programme.years.queries import budgets_of, public_figures
from madang.programme.years.treasury import remit_treasury

SELLER = "220-81-00009"


@pytest.fixture
def award(system, year, content, apply_for, decide, sign_all, at, seoul):
    """hana's award of 10 million won (4/5) in a call that reimburses, signed."""
    terms = {"deposit_days": 14, "pay_direction": "reimburse"}
    call = declare_call(system, year, content(code="export", terms=terms), at=at).row
    decided = decide(call, {apply_for("hana", 10_000_000, to=call): 90})
    return sign_all(Award.objects.get(), decided)


@pytest.fixture
def ceo(person):
    return person("ceo@hana.example", "hana", "beneficiary")


@pytest.fixture
def paper(ceo, tmp_path, at):
    return store_document(
        ceo, chunks=[b"%PDF-1.7 invoice"], file_name="invoice.pdf",
        media_type="application/pdf", organisation=next(iter(ceo.organisations)),
        store=DocumentStore(tmp_path), at=at,
    ).id  # fmt: skip


@pytest.fixture
def when(seoul):
    return seoul("2026-06-01 10:00")


@pytest.fixture
def claim(award, ceo, paper, won, when):
    def make(supply_won: int = 1_000_000, invoice: str = "A-1", *, evidence=None, **change):
        facts = {
            "seller_no": SELLER, "invoice_no": invoice, "delivered_on": date(2026, 5, 20),
            "paid_on": date(2026, 5, 29), "supply_microwon": won(supply_won),
        }  # fmt: skip
        at = change.pop("at", when)
        shown = [paper] if evidence is None else evidence
        return claim_reimbursement(
            ceo, award.id, Bought(**(facts | change)), evidence=shown, at=at
        )

    return make


def test_award_is_in_force_without_voucher_or_deposit_and_the_agreement_says_so(award) -> None:
    assert (award.state, award.voucher) == ("issued", None)
    assert CoPaymentObligation.objects.get(award=award).cash_microwon == 0
    assert Agreement.objects.get(award=award).terms["pay_direction"] == "reimburse"


def test_firm_is_reimbursed_the_share_and_not_the_supplier(
    award, claim, operators, when, sums, won
) -> None:
    row = claim(1_000_001)
    assert (row.state, row.amount_microwon) == ("submitted", won(800_000))
    accept_milestone(operators[0], row.id, at=when)
    assert payable(award.organisation_id).subsidy == won(800_000)
    payout = pay_milestone(operators[0], row.id, at=when)
    with pytest.raises(FourEyes):
        approve_payout(operators[0], payout, at=when)
    approve_payout(operators[1], payout, at=when)
    settle_payout(operators[0], payout, at=when)
    assert payout.payee_id == award.organisation_id
    found = sums()
    assert (found["B310"], found["B500"], found["1100"]) == (9_200_000, 800_000, 99_200_000)
    assert trial_balance().is_balanced
    (figures,) = public_figures()
    assert figures.executed_microwon == won(800_000), "the front page counts it as spent"
    assert budgets_of([figures.year])[0].awarded_microwon == won(9_200_000)
    assert all(one.ok for one in identities())


def test_operators_see_a_claim_that_waits_and_one_that_nobody_pays_yet(
    award, claim, operators, ceo, when
) -> None:
    def due(actor) -> list[str]:
        return [one.what for one in due_for(actor, when) if str(award.id) in one.href]

    row = claim()
    assert due(operators[0]) == ["지급 청구나 결과물을 확인하세요"]
    accept_milestone(operators[0], row.id, at=when)
    assert due(operators[1]) == ["승인된 금액을 지급하세요"]
    pay_milestone(operators[0], row.id, at=when)
    assert due(operators[0]) == due(ceo) == []


def test_shares_follow_the_cumulative_purchase_and_never_drift(claim, won) -> None:
    shares = [claim(3, f"B-{n}").amount_microwon // won(1) for n in range(2, 7)]
    assert shares == [2, 2, 3, 2, 3], "4/5 of 3, 6, 9, 12, 15 is 2, 4, 7, 9, 12"


def test_purchase_beyond_the_award_is_refused_and_one_that_fits_is_not(claim, won) -> None:
    claim(10_000_000)
    with pytest.raises(ClaimTooLarge) as refused:
        claim(2_500_001 + 4, "A-2")
    assert refused.value.fields["left_microwon"] == won(2_000_000)
    assert claim(2_500_000, "A-3").amount_microwon == won(2_000_000)


@pytest.mark.parametrize("invoice", [" a-1 ", "A1", "a 1", "Ａ－１", "A_1"])
@pytest.mark.parametrize("seller", [SELLER, SELLER.replace("-", ""), "２２０-８１-００００９"])
def test_an_invoice_counts_once_however_it_is_written(claim, invoice, seller) -> None:
    claim()
    with pytest.raises(InvoiceClaimed):
        claim(invoice=invoice, seller_no=seller)
    assert claim(invoice="A-1", seller_no="220-81-00010").state == "submitted"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"delivered_on": date(2026, 3, 24)}, PeriodInvalid),
        ({"delivered_on": date(2027, 1, 1)}, PeriodInvalid),
        ({"paid_on": date(2026, 6, 2)}, PeriodInvalid),
        ({"supply_won": 0}, AmountInvalid),
        ({"supply_won": 1}, AmountInvalid),
        ({"seller_no": "--"}, AmountInvalid),
        ({"invoice": " "}, AmountInvalid),
        ({"evidence": []}, EvidenceMissing),
    ],
)
def test_refusals_of_a_claim(claim, change, error) -> None:
    with pytest.raises(error):
        claim(**change)
    assert not Purchase.objects.exists()


def test_own_invoice_and_that_of_an_affiliate_are_refused(
    claim, award, system, operators, at
) -> None:
    """Also where the affiliate is no supplier of ours."""
    for code, number in (("hana", "101-81-77777"), ("hana-trading", "202 81 88888")):
        declare_organisation(
            system, code=code, name_ko=code, name_en=code.title(), kind="sme",
            registration_no=number, at=at,
        )  # fmt: skip
    assert claim(invoice="A-0", seller_no="202-81-88888").state == "submitted"
    declare_relationship(
        system, a="organisation:hana-trading", b="organisation:hana", kind="affiliate", at=at
    )
    for seller_no in ("1018177777", "202-81-88888"):
        with pytest.raises(SelfDealing):
            claim(seller_no=seller_no)


def test_claim_goes_back_comes_again_and_is_refused_with_a_reason(
    claim, operators, ceo, paper, when
) -> None:
    row = claim()
    return_milestone(operators[0], row.id, reason="the stamp is missing", at=when)
    submit_milestone(ceo, row.id, evidence=[paper], at=when)
    with pytest.raises(ReasonMissing):
        refuse_claim(operators[0], row.id, reason=" ", at=when)
    with pytest.raises(NotAllowed):
        refuse_claim(ceo, row.id, reason="x", at=when)
    refuse_claim(operators[0], row.id, reason="not what was agreed", at=when)
    assert "programme.milestone.refused" in {one.kind for one in notices_for(ceo)}
    assert claim().amount_microwon == row.amount_microwon, "the invoice is free again"


def test_outsider_claims_nothing_and_nobody_accepts_his_own(
    claim, award, lee, ceo, system, paper, when
) -> None:
    row = claim()
    bought = Bought(SELLER, "A-9", date(2026, 5, 20), date(2026, 5, 29), 10**12)
    with pytest.raises(NotFound):
        claim_reimbursement(lee, award.id, bought, evidence=[paper], at=when)
    with pytest.raises(FourEyes):
        accept_milestone(system, row.id, at=when)


def test_steps_are_not_planned_where_purchases_are_claimed(award, operators, won, at) -> None:
    step = Step("가", "a", date(2026, 6, 1), won(10_000_000))
    with pytest.raises(TransitionNotAllowed):
        plan_milestones(operators[0], award.id, [step], at=at)


@pytest.mark.parametrize(
    "terms",
    [{"pay_direction": "later"}, {"pay_direction": "reimburse", "fulfilment": "milestones"}],
)
def test_direction_that_does_not_fit_is_refused_with_the_call(
    system, year, content, at, terms
) -> None:
    with pytest.raises(TermInvalid) as refused:
        declare_call(system, year, content(terms={"deposit_days": 1, **terms}), at=at)
    assert refused.value.fields["field"] == "pay_direction"


def test_nothing_is_claimed_from_a_voucher_call(apply_for, call, decide, sign_all, ceo) -> None:
    decided = decide(call, {apply_for("hana", 10_000_000): 90})
    award = sign_all(Award.objects.get(), decided)
    bought = Bought(SELLER, "A-9", date(2026, 5, 20), date(2026, 5, 29), 10**12)
    with pytest.raises(TransitionNotAllowed):
        claim_reimbursement(ceo, award.id, bought, evidence=[], at=decided)


def test_claims_follow_the_agreement_as_it_was_amended(
    award, claim, ceo, operators, won, when, sums
) -> None:
    claim(5_000_000)
    row = propose_amendment(
        operators[0], award.agreement.id, reason="less is needed, and earlier", at=when,
        changes={"subsidy_microwon": won(5_000_000), "use_ends_on": "2026-06-30"},
    )  # fmt: skip
    for signer in (operators[0], ceo):
        sign_amendment(signer, row.id, sha256=row.terms_sha256, at=when)
    assert sums()["B310"] == 5_000_000
    with pytest.raises(ClaimTooLarge) as refused:
        claim(1_250_004, "A-2")
    assert refused.value.fields["left_microwon"] == won(1_000_000)
    late = {"delivered_on": date(2026, 7, 1), "paid_on": date(2026, 7, 1)}
    with pytest.raises(PeriodInvalid):
        claim(1_000_000, "A-3", **late, at=when + timedelta(days=60))
    assert claim(1_250_000, "A-4").amount_microwon == won(1_000_000)


def test_invoice_whose_claim_ends_with_the_award_is_free_and_an_accepted_one_is_not(
    award, claim, operators, when
) -> None:
    accepted, waiting = claim(), claim(invoice="A-2")
    accept_milestone(operators[0], accepted.id, at=when)
    return_milestone(operators[0], waiting.id, reason="whose signature is it?", at=when)
    release_milestones(operators[0], award.id, reason="the firm steps back", at=when)
    held = {row.invoice_no: row.refused_at for row in Purchase.objects.all()}
    assert held == {"A1": None, "A2": when}
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"


def test_award_ends_only_when_its_claims_are_decided(
    award, claim, operators, when, sums, won
) -> None:
    first, second = claim(1_000_000), claim(2_000_000, "A-2")
    for _ in range(2):
        with pytest.raises(ClaimsWait) as refused:
            release_milestones(operators[0], award.id, reason="the firm closes", at=when)
        assert refused.value.fields["claims"] == 2
    accept_milestone(operators[0], first.id, at=when)
    refuse_claim(operators[0], second.id, reason="not in the plan", at=when)
    release_milestones(operators[0], award.id, reason="the firm closes", at=when)
    assert payable(award.organisation_id).subsidy == won(800_000), "what is accepted is owed"
    assert "B310" not in sums()
    payout = pay_milestone(operators[0], first.id, at=when)
    approve_payout(operators[1], payout, at=when)
    settle_payout(operators[0], payout, at=when)
    assert sums()["B500"] == 800_000


def test_agreement_is_terminated_after_its_claims_are_decided_and_pays_those(
    award, claim, operators, when, sums, won
) -> None:
    row = claim(1_000_000)
    with pytest.raises(ClaimsWait):
        terminate_agreement(operators[0], award.agreement.id, reason="broken", at=when)
    accept_milestone(operators[0], row.id, at=when)
    terminate_agreement(operators[0], award.agreement.id, reason="broken", at=when)
    with pytest.raises(TransitionNotAllowed):
        claim(1_000_000, "A-2")
    assert payable(award.organisation_id).subsidy == won(800_000)
    assert "B310" not in sums()
    release_milestones(operators[0], award.id, reason="terminated", at=when)
    assert Agreement.objects.get(award=award).state == "terminated"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"paid_on": "2026-07-01"}, "This day has not come yet: pay first, then ask."),
        ({"delivered_on": "2026-01-02"}, "This day lies before the agreement was signed."),
        ({"supply_microwon": "90000000"}, "than the award has left (10,000,000 won)."),
    ],
)
def test_claim_that_cannot_be_taken_says_so_beside_the_field_and_keeps_what_was_typed(
    award, ceo, when, monkeypatch, settings, tmp_path, change, told
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: FixedClock(when))
    browser = Client()
    browser.cookies["django_language"] = "en"
    browser.force_login(
        Person.objects.get(email="ceo@hana.example"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    typed = {
        "seller_no": SELLER, "invoice_no": "KEPT-77", "delivered_on": "2026-05-20",
        "paid_on": "2026-05-29", "supply_microwon": "1000000",
    }  # fmt: skip
    file = SimpleUploadedFile("i.pdf", b"%PDF-1.7 i", content_type="application/pdf")
    page = {"referer": f"http://testserver/awards/{award.id}/milestones/"}
    sent = {**typed, **change, "file": file}
    answer = browser.post(f"/awards/{award.id}/claims/", sent, headers=page)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert 'value="KEPT-77"' in answer.content.decode()
    assert not Purchase.objects.exists()


def test_award_without_a_single_claim_is_ended_on_its_page(
    award, operators, when, sums, monkeypatch
) -> None:
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: FixedClock(when))
    browser = Client()
    browser.cookies["django_language"] = "en"
    browser.force_login(
        Person.objects.get(email="one@agency.example"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    page = f"/awards/{award.id}/milestones/"
    assert "Cancel what is not accepted" in browser.get(page).content.decode()
    browser.post(f"{page}release/", {"reason": "nothing was bought"})
    assert "B310" not in sums()
    assert Agreement.objects.get(award=award).state == "completed"


def test_rest_returns_and_the_year_closes_to_zero(
    award, claim, operators, system, year, sums, seoul, when
) -> None:
    row = claim(5_000_000)
    accept_milestone(operators[0], row.id, at=when)
    late = seoul("2027-01-05 10:00")
    waiting = {(one.noun, one.name) for one in what_is_open(year)}
    assert {("award", str(award.id)), ("milestone", str(row.id))} <= waiting
    payout = pay_milestone(operators[0], row.id, at=late)
    approve_payout(operators[1], payout, at=late)
    settle_payout(operators[0], payout, at=late)
    release_milestones(operators[0], award.id, reason="the year is over", at=late)
    with pytest.raises(TransitionNotAllowed):
        claim(invoice="A-7", at=late + timedelta(days=1))
    archive_call(operators[0], award.call_id, at=late)
    cancel_call(
        operators[0], year.calls.exclude(pk=award.call_id).get().id, reason="x", at=late
    )
    assert list(what_is_open(year)) == []
    begin_year_close(operators[0], year.id, at=late)
    (owed,) = year.treasury_returns.all()
    remit_treasury(operators[1], owed.id, at=late)
    close_year(operators[1], year.id, at=late)
    assert sums() == {
        "4100": 4_000_000,
        "5100": 4_000_000,
        "B100": 4_000_000,
        "B500": 4_000_000,
    }

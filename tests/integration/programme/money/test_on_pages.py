"""The money's way back through the pages alone, as an installation's role.

What the API's tests show of the actions, these show of the forms: each step is posted as its
button posts it, and what the other side then reads on its own page is looked at.
"""

from __future__ import annotations

import html
from datetime import date
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.types import Stamp
from madang.metering.models import DepositReturn, DisputeEnd, Offering, SettledRefund, Voucher
from madang.metering.vouchers.queries import terms_of
from madang.parties.models import Organisation, Person, Supplier
from madang.parties.policies.actions import declare_policy
from madang.parties.sanctions.actions import SanctionTerms, impose_sanction
from madang.programme.models import (
    Award,
    ClawbackCase,
    Correction,
    InKindEvidence,
    ProjectSettlement,
    RollOver,
    TreasuryReturn,
)

WON = 1_000_000
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
YEAR = "/operator/years/api-voucher/2026/"


class Browser:
    """Somebody at the pages, in English."""

    def __init__(self, email: str) -> None:
        self._client = Client()
        self._client.cookies["django_language"] = "en"
        self._client.force_login(Person.objects.get(email=email), backend=BACKEND)

    def read(self, path: str) -> str:
        response = self._client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return response.content.decode()

    def press(self, path: str, /, **fields) -> None:
        """A button of a form: the answer leads to a page."""
        response = self._client.post(path, fields)
        assert response.status_code == 302, (path, response.content.decode()[-2000:])

    def refused(self, path: str, status: int, /, **fields) -> None:
        self.answer(path, status, **fields)

    def answer(self, path: str, status: int, /, **fields) -> str:
        """The page that refuses."""
        response = self._client.post(path, fields)
        assert response.status_code == status, path
        return html.unescape(response.content.decode())


def paper(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7", content_type="application/pdf")


@pytest.fixture
def browse(town):
    return {
        "op1": Browser("op1@agency.example"),
        "op2": Browser("op2@agency.example"),
        "op3": Browser("op3@agency.example"),
        "au": Browser("au@audit.example"),
        "hana": Browser("ceo@hana.example"),
        "nuri": Browser("s@nuri.example"),
    }


def test_refund_by_instalment_is_entered_once_and_seen_by_the_holder(
    town, browse, granted, use, paid
) -> None:
    granted()
    use("v-hana", 10)
    paid()
    (charge,) = town.hana.get("/charges")
    page = f"/charges/{charge['no']}/"
    assert "Object to this charge" in browse["hana"].read(page)
    assert "Give it back" not in browse["hana"].read(page)
    given = {"amount_microwon": "500000", "reason": "returned goods", "refund": str(uuid4())}
    for _ in range(2):  # a second click of the same form
        browse["op1"].press(page + "refund/", **given)
    (refund,) = SettledRefund.objects.all()
    part = {"by": "cash", "amount_microwon": "300000", "collection": str(uuid4())}
    for _ in range(2):
        browse["op1"].press(f"/operator/refunds/{refund.id}/", **part)
    shown = browse["hana"].read("/vouchers/v-hana/money/")
    assert "₩550,000" in shown, "all of it, with VAT"
    assert "₩250,000" in shown, "still to come"
    assert refund.collections.count() == 1
    rest = {"by": "cash", "amount_microwon": "", "collection": str(uuid4())}
    browse["op1"].press(f"/operator/refunds/{refund.id}/", **rest)
    assert "Record an instalment" not in browse["op1"].read("/vouchers/v-hana/money/")
    town.wells()


def test_refund_that_never_comes_is_written_off_through_the_pages(
    town, browse, granted, use, paid
) -> None:
    granted()
    use("v-hana", 10)
    paid()
    (charge,) = town.hana.get("/charges")
    given = {"amount_microwon": "500000", "reason": "r", "refund": str(uuid4())}
    browse["op1"].press(f"/charges/{charge['no']}/refund/", **given)
    (refund,) = SettledRefund.objects.all()
    page, step = "/vouchers/v-hana/money/", f"/operator/refunds/{refund.id}/"
    assert "Pay the refund back" in browse["nuri"].read("/account/desk/")
    assert "Propose to write it off" in browse["op1"].read(page)
    told = {"ground": "bankrupt", "reason": "the court closed the estate"}
    browse["op1"].press(
        step + "propose/", **told, file=SimpleUploadedFile("c.pdf", b"%PDF-1.7")
    )
    assert "Write it off" not in browse["op1"].read(page)
    assert "Decide the write-off" not in browse["op1"].read("/account/desk/")
    for desk in ("op2", "op3"):
        assert "Decide the write-off" in browse[desk].read("/account/desk/")
    assert "Refund that a supplier does not pay" in browse["op2"].read("/operator/exceptions/")
    browse["op1"].refused(step + "write-off/", 403)
    assert told["reason"] in browse["op2"].read(page)
    browse["op2"].press(step + "write-off/")
    browse["op2"].press(step + "write-off/")  # a second click
    browse["op3"].refused(step + "write-off/", 409)
    for desk in ("hana", "au", "op1"):
        shown = browse[desk].read(page)
        assert "Written off" in shown and "₩150,000" in shown, desk
        assert (told["reason"] in shown) is (desk != "hana")
    sold = browse["nuri"].read("/supplier/")
    assert "Written off" in sold and "₩550,000" in sold
    assert "Written off" in browse["nuri"].read(f"/charges/{charge['no']}/")
    (journal,) = town.auditor.get("/ledger/journals?kind=P13w")
    rests_on = browse["au"].read(f"/auditor/journals/{journal['id']}/")
    for kind in (
        "loss.written_off",
        "document",
        "event.refund.propose",
        "event.refund.write_off",
    ):
        assert kind in rests_on, kind
    browse["op1"].press(step + "revive/", reason="the estate pays")
    assert "Record an instalment" in browse["op1"].read(page)
    browse["op3"].press(
        step + "propose/", **told, file=SimpleUploadedFile("d.pdf", b"%PDF-1.7")
    )
    browse["op3"].press(step + "refuse/", reason="no, they pay")
    browse["op1"].refused(step + "nothing/", 404)
    town.wells()


def test_payout_is_withdrawn_on_its_page_and_made_anew(
    town, browse, granted, use, stated
) -> None:
    granted()
    use("v-hana", 10)
    number = stated()
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    page = "/operator/payouts/"
    assert "Confirmed statements without a payout" not in browse["op2"].read(page)
    browse["op2"].press(f"{page}{rows[0]['id']}/withdraw/", reason="wrong account")
    shown = browse["op2"].read(page)
    assert "Withdrawn" in shown and "Confirmed statements without a payout" in shown
    (again,) = town.op2.post(f"/statements/nuri/2026-03/{number}/payouts")
    assert again["amount_microwon"] == rows[0]["amount_microwon"]
    for row in (rows[1], again):
        town.op3.post(f"/payouts/{row['id']}/approve")
        town.op1.post(f"/payouts/{row['id']}/settle")
    assert {row["state"] for row in town.op1.get("/statements")} == {"paid"}
    town.wells()


def test_own_part_goes_back_by_two_people_and_its_holder_sees_it(town, browse, granted) -> None:
    granted()
    town.at("2027-01-05 10:00")
    town.duties()
    browse["op1"].press("/operator/vouchers/v-hana/close/")
    money = "/vouchers/v-hana/money/"
    assert "₩2,000,000" in browse["hana"].read(money)
    browse["op1"].press("/vouchers/v-hana/return/")
    row = DepositReturn.objects.get()
    assert "waits for a second person" in browse["op1"].read(money)
    assert "Approve the return" in browse["op2"].read("/account/desk/")
    browse["op1"].refused(f"/operator/returns/{row.id}/approve/", 403)
    browse["op2"].press(f"/operator/returns/{row.id}/approve/")
    browse["op1"].press(f"/operator/returns/{row.id}/fail/", reason="account closed")
    browse["op1"].press("/vouchers/v-hana/return/")
    again = DepositReturn.objects.get(state="created")
    browse["op2"].press(f"/operator/returns/{again.id}/approve/")
    browse["op2"].press(f"/operator/returns/{again.id}/pay/")
    assert "Paid" in browse["hana"].read(money)
    town.wells()


def test_dispute_ends_on_the_page_by_two_people(town, browse, granted) -> None:
    granted()
    voucher = Voucher.objects.get(code="v-hana")
    seller = Supplier.objects.get(code="nuri")
    stamp = Stamp("test:dispute", "op", town.now, "test", "1")
    terms = terms_of(voucher, town.now)
    postings.open_dispute(stamp, terms, supplier=seller.id, amount=900 * WON + 1)
    assert "₩900" in browse["nuri"].read("/supplier/standing/")
    assert "Propose how it ends" in browse["op1"].read("/operator/disputes/")
    assert "Propose how it ends" not in browse["au"].read("/operator/disputes/")
    browse["op1"].press(
        "/operator/disputes/nuri/v-hana/end/", amount_microwon="", is_paid="on", reason="r"
    )
    (end,) = DisputeEnd.objects.all()
    assert (end.amount_microwon, end.is_paid) == (900 * WON + 1, True), "all of it"
    browse["op1"].refused(f"/operator/dispute-ends/{end.id}/close/", 403)
    assert "Decide how the dispute ends" in browse["op2"].read("/account/desk/")
    browse["op2"].press(f"/operator/dispute-ends/{end.id}/close/")
    assert "K300" not in town.sums()
    assert ledger.trial_balance().is_balanced


def test_supplier_leaves_by_itself_and_an_operator_lets_it_sell_again(
    town, browse, granted
) -> None:
    granted()
    browse["nuri"].press("/supplier/standing/leave/", reason="we close down")
    assert set(Offering.objects.filter(supplier__code="nuri").values_list("state")) == {
        ("suspended",)
    }
    assert "withdrawn" in browse["nuri"].read("/supplier/standing/")
    assert "Supplier has left" in browse["au"].read("/operator/exceptions/")
    browse["op1"].refused(
        "/operator/suppliers/nuri/exit/", 409, kind="bankrupt", reason="gone already"
    )
    browse["op1"].press("/operator/suppliers/nuri/readmit/", reason="they come back")
    browse["op1"].press("/operator/suppliers/nuri/exit/", kind="bankrupt", reason="court")
    assert "court" in browse["nuri"].read("/supplier/standing/"), "the hold and why"
    assert "court" in browse["op2"].read("/operator/holds/")


def test_correction_and_roll_over_are_decided_by_another(town, browse, granted) -> None:
    granted()
    (deposit,) = (row["id"] for row in town.op1.get("/ledger/journals?kind=P5"))
    page = f"/auditor/journals/{deposit}/"
    assert "Propose a correction" in browse["op1"].read(page)
    assert "Propose a correction" not in browse["au"].read(page)
    right = {"voucher": "v-hana", "reason": "it is the other firm's"}
    browse["op1"].press(f"/operator/journals/{deposit}/correct/", **right)
    (row,) = Correction.objects.all()
    browse["op1"].refused(f"/operator/corrections/{row.id}/book/", 403)
    browse["op2"].press(f"/operator/corrections/{row.id}/refuse/", reason="it is not")
    assert "it is the other firm" in browse["au"].read("/operator/corrections/")
    browse["op1"].press(YEAR + "roll-over/", budget_won="5000000", carried_won="1000000")
    (roll,) = RollOver.objects.all()
    browse["op1"].refused(YEAR + "approve-roll-over/", 403, row=str(roll.id))
    assert "Decide the roll-over" in browse["op2"].read("/account/desk/")
    browse["op2"].press(YEAR + "approve-roll-over/", row=str(roll.id))
    assert "2027" in browse["au"].read(YEAR)
    town.wells()


def test_paper_in_kind_is_handed_in_opened_and_judged(town, browse, granted) -> None:
    award = granted()
    step = f"/awards/{award.id}/execution/"
    browse["op1"].press(step + "pledge/", amount="700000")
    for won in ("300000", "400000"):
        paper = SimpleUploadedFile("kind.pdf", b"%PDF-1.7 kind")
        browse["hana"].press(step + "submit-in-kind/", amount=won, file=paper)
    first, second = InKindEvidence.objects.order_by("amount_microwon")
    assert f"/documents/{first.document_id}/" in browse["op1"].read(step)
    browse["op1"].press(step + "accept-in-kind/", row=str(first.id))
    browse["op1"].refused(step + "reject-in-kind/", 422, row=str(second.id), reason="")
    browse["op1"].press(step + "reject-in-kind/", row=str(second.id), reason="not ours")
    assert town.sums()["K100"] == 300_000
    town.wells()


def test_key_of_a_team_and_its_limit_on_the_holders_page(town, browse, granted) -> None:
    granted()
    key = town.hana.post("/vouchers/v-hana/keys")["no"]
    browse["hana"].press(
        "/vouchers/v-hana/teams/set/", code="lab", name="Lab", limit_microwon="9"
    )
    browse["hana"].press(f"/keys/{key}/team/", team="lab")
    (team,) = town.hana.get("/vouchers/v-hana/teams")
    assert (team["limit_microwon"], team["keys"]) == (9 * WON, [key])
    browse["hana"].refused("/vouchers/v-hana/teams/set/", 422, code="l b", name="")
    assert "ceo" in browse["hana"].read("/vouchers/v-hana/teams/"), "its member, by the key"


def test_sanction_is_seen_by_its_firm_and_lifted_by_another_person(town, browse) -> None:
    decider = town.actor("op1@agency.example")
    firm = Organisation.objects.get(code="hana")
    terms = SanctionTerms(firm, "fraud", date(2027, 3, 2))
    row = impose_sanction(decider, terms, at=town.now)
    assert "2027-03-02" in browse["hana"].read("/sanctions/")
    assert "Nothing here." in browse["nuri"].read("/sanctions/")
    browse["op1"].refused(f"/sanctions/{row.id}/lift/", 403, reason="r")
    browse["op2"].press(f"/sanctions/{row.id}/lift/", reason="the court said so")
    assert "lifted" in browse["au"].read("/sanctions/")


def test_findings_of_a_settlement_are_recorded_answered_and_confirmed_on_the_page(
    town, browse, running, use, paid
) -> None:
    award = running(tranches=("1/1",))
    declare_policy(
        town.system, kind="execution", valid_from=town.now, at=town.now,
        changes={"verification_won": 1_000_000},
    )  # fmt: skip
    use(award.voucher.code, 30)
    paid()
    town.at("2027-01-04 10:00")
    town.duties()
    report = next(row for row in town.hana.get("/reports") if row["kind"] == "result")
    words = {"done": "a", "effect": "b", "problems": "c"}
    town.hana.post(f"/reports/{report['id']}/submit", sections=words)
    town.op1.post(f"/reports/{report['id']}/accept")
    row = ProjectSettlement.objects.get(award=award)
    page = f"/awards/{award.id}/execution/"
    mine = {"row": str(row.id)}
    browse["hana"].press(page + "submit-settlement/", **mine)
    browse["op2"].refused(page + "confirm/", 422, **mine)  # no accountant yet
    browse["op1"].press(page + "verify/", **mine, verifier="cpa-7", audit_sha256="")
    assert "Record a finding" in browse["op1"].read(page)
    assert "Record a finding" not in browse["hana"].read(page)
    found = {"ground": "requirement", "amount_won": "100000", "reason": "no delivery note"}
    browse["hana"].refused(page + "find/", 403, **mine, **found)
    browse["op1"].press(page + "find/", **mine, **found)
    finding = row.findings.get()
    assert "₩100,000" in browse["hana"].read(page)
    browse["op2"].refused(page + "confirm/", 422, **mine)  # the finding is not dealt with
    town.at("2027-01-05 00:30")  # the fourth still, in London
    suspected = {"award": award.id, "ground": "requirement", "reason": "no delivery note"}
    case = town.op1.post("/cases", **suspected)
    assert "2027-01-05 requirement not met" in browse["op1"].read(page)
    town.op1.post(f"/cases/{case['id']}/drop", reason="it is there")
    answered = {"row": str(finding.id), "case": "", "reason": "the note was found"}
    browse["op1"].press(page + "answer-finding/", **answered)
    browse["op1"].refused(page + "confirm/", 403, **mine)  # who looked may not confirm
    browse["op2"].press(page + "confirm/", **mine)
    browse["op1"].press(page + "return/", **mine)
    row.refresh_from_db()
    assert row.state == "returned"
    town.wells()


def test_interest_of_the_grant_is_entered_once_and_returned_by_two_people(
    town, browse, granted
) -> None:
    granted()
    given = {"amount": "12345", "reference": "int-2026"}
    for _ in range(2):  # a second click
        browse["op1"].press(YEAR + "interest/", **given)
    assert town.sums()["2510"] == 12_345
    browse["op1"].press(YEAR + "interest-return/")
    row = TreasuryReturn.objects.get(kind="interest")
    assert "Remit to the treasury" in browse["op2"].read("/account/desk/")
    assert "Remit to the treasury" not in browse["op1"].read("/account/desk/")
    assert "₩12,340" in browse["au"].read(YEAR), "below ten won is not counted"
    browse["op1"].refused(YEAR + "remit/", 403, row=str(row.id))
    browse["op2"].press(YEAR + "remit/", row=str(row.id))
    assert town.sums()["2510"] == 5
    browse["au"].refused(YEAR + "interest/", 403, **given)
    town.wells()


@pytest.mark.parametrize(
    ("step", "fields", "place", "told"),
    [
        (
            "interest",
            {"amount": "a lot", "reference": "b-1"},
            "interest_amount-error",
            "Enter a whole number",
        ),
        ("interest", {"amount": "5"}, "interest_reference-error", "This field is required"),
        (
            "part",
            {"amount": "0"},
            "part_amount-error",
            "Ensure this value is greater than or equal to 1",
        ),
        ("roll-over", {"budget_won": "1"}, "roll_carried_won-error", "This field is required"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(town, browse, step, fields, place, told) -> None:
    page = browse["op1"].answer(YEAR + step + "/", 422, **fields)
    assert f'<ul class="errorlist" id="{place}"><li>{told}' in page
    assert all(f'value="{value}"' in page for value in fields.values())


def test_suppliers_debt_is_opened_answered_and_set_off_on_the_pages(
    town, granted, use, paid, stated, browse
) -> None:
    award = granted()
    Award.objects.filter(pk=award.pk).update(supplier=Supplier.objects.get(code="nuri"))
    use("v-hana", 5)
    paid()
    found = {"debtor": "supplier", "ground": "requirement", "amount": "100000", "reason": "r"}
    browse["op1"].press(f"/awards/{award.id}/case/", **found)
    case = ClawbackCase.objects.get(award=award)
    assert case.debtor == Organisation.objects.get(code="nuri")
    page = f"/cases/{case.id}/"
    for step in ("investigate", "hearing"):
        browse["op1"].press(f"{page}{step}/", reason="r")
    assert "Your answer" in browse["nuri"].read(page)
    browse["nuri"].press(page + "answer/", reason="we delivered")
    browse["op1"].press(page + "hear/")
    browse["op2"].press(page + "decide/", amount="100000", reason="r")
    town.op3.post(f"/cases/{case.id}/demand")
    granted("v-two")
    use("v-two", 4)
    stated()
    browse["op1"].press(page + "set-off/", amount="60000", reference="s-1")
    assert "s-1" in browse["op1"].read(page)
    short = browse["op1"].answer(page + "set-off/", 422, amount="90000000", reference="s-2")
    assert 'value="s-2"' in short, "nothing is set off, and what was typed stays"


def test_a_direct_vouchers_supplier_can_be_the_debtor_of_a_case(
    town, granted, use, paid, browse
) -> None:
    award = granted()
    page = f"/awards/{award.id}/execution/"
    assert "the supplier nuri" not in browse["op1"].read(page)
    use("v-hana", 5)
    paid()
    assert "the supplier nuri" in browse["op1"].read(page)
    found = {"debtor": "sold:nuri", "ground": "requirement", "amount": "100000", "reason": "r"}
    browse["op1"].press(f"/awards/{award.id}/case/", **found)
    case = ClawbackCase.objects.get(award=award)
    assert (case.supplier.code, case.debtor.code) == ("nuri", "nuri")
    by_api = {"award": award.id, "ground": "requirement", "reason": "r"}
    again = town.op1.post("/cases", supplier="nuri", **by_api)
    assert (again["debtor"], again["supplier"]) == ("nuri", "nuri")
    refused = "programme.case.supplier_unknown"
    for other in ({"supplier": "sk"}, {"debtor": "supplier"}):
        town.op1.refused("/cases", refused, **by_api, **other)


def test_each_person_of_a_case_sees_what_is_due_and_the_words_of_each_step(
    town, granted, use, paid, browse
) -> None:
    award = granted()
    use("v-hana", 5)
    paid()
    found = {"ground": "requirement", "amount": "100000", "reason": "for the house alone"}
    browse["op1"].press(f"/awards/{award.id}/case/", **found)
    page = f"/cases/{ClawbackCase.objects.get(award=award).id}/"
    desk = "/account/desk/"
    assert "Set off" not in browse["op1"].read(page)
    browse["op1"].press(page + "investigate/", reason="for the house, too")
    assert "Call the hearing" in browse["op2"].read(desk)
    browse["op1"].press(page + "hearing/", reason="ten bills for one report")
    assert "Answer the findings" in browse["hana"].read(desk)
    shown = browse["hana"].read(page)
    assert "ten bills for one report" in shown, "nobody can answer what is not said"
    assert "for the house" not in shown
    assert "for the house alone" in browse["au"].read(page)
    browse["hana"].press(page + "answer/", reason="it was two")
    browse["op1"].press(page + "hear/")
    assert "Decide the case" in browse["op2"].read(desk)
    assert "Decide the case" not in browse["op1"].read(desk), "who opened it does not decide"
    browse["op2"].press(page + "decide/", amount="100000", reason="one bill was right")
    assert "Book and demand" in browse["op3"].read(desk)
    assert "Book and demand" not in browse["op2"].read(desk)
    browse["op3"].press(page + "demand/")
    assert "Pay back" in browse["hana"].read(desk)
    assert "one bill was right" in browse["hana"].read(page)
    told = browse["hana"].read("/account/notices/")
    assert "pay back 100,000 won" in told, "as people write an amount"
    assert "24:00 KST" in told, "the last day, not the first moment of the day after it"
    assert "T15:00:00Z" not in told, "nobody here reads UTC"
    offered = browse["op1"].read(page)
    assert page + "set-off/" not in offered, "a beneficiary's debt is not set off"
    assert page + "write-off/" not in offered, "nobody has proposed it"
    browse["op1"].press(page + "collect/", amount="50000", reference="b-1")
    assert "Remit to the treasury" in browse["op2"].read(desk)
    browse["op1"].press(page + "remit/", reference="t-1")
    assert "Remit to the treasury" not in browse["op2"].read(desk)
    browse["op1"].press(page + "propose-write-off/", reason="it closed its doors")
    assert "Decide the write-off" in browse["op2"].read(desk)
    assert "Decide the write-off" not in browse["op1"].read(desk)
    browse["op2"].press(page + "write-off/")
    assert "Pay back" not in browse["hana"].read(desk)
    town.wells()

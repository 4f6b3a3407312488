"""The end of a year: everything closed, the rest remitted in tens of won, the books shut."""

from __future__ import annotations

from uuid import uuid4

import pytest

from madang.ledger.journals.models import Journal
from madang.programme.models import Award, ProgrammeYear

WON = 1_000_000
YEAR = "/years/api-voucher/2026"


@pytest.fixture
def spent(town, granted, use, paid):
    """Two vouchers used by two suppliers; settled to the end, and expired."""

    def make() -> None:
        granted()
        granted("v-duri", "duri", 3_000_000, 1_500_000)
        use("v-hana", 7)
        use("v-duri", 3, offering="mirae/report")
        paid("nuri")
        paid("mirae")
        town.at("2027-01-02 09:00")
        town.duties()

    return make


def close_vouchers(town) -> None:
    for code in ("v-hana", "v-duri"):
        town.op1.post(f"/vouchers/{code}/close")
        back = town.op1.post(f"/vouchers/{code}/deposit-return")
        town.op2.post(f"/deposit-returns/{back['id']}/approve")
        town.op1.post(f"/deposit-returns/{back['id']}/pay")


def test_year_is_closed_and_every_won_is_where_it_belongs(town, spent) -> None:
    spent()
    refusal = town.op1.refused(YEAR + "/begin-close", "programme.year.not_ready")
    assert "voucher" in refusal.fields["reason"]
    close_vouchers(town)
    assert town.auditor.get(YEAR)["open"] == []
    assert town.op1.post(YEAR + "/begin-close")["state"] == "closing"
    (owed,) = town.op1.get(YEAR + "/treasury")
    used = 560_000 + 72_000  # the subsidies of 700,000 and of 90,001.05, less its fraction
    assert owed["amount_microwon"] == (100_000_000 - used) * WON
    town.op2.refused(YEAR + "/close", "programme.year.not_ready")
    town.op1.refused(f"/treasury-returns/{owed['id']}/remit", "parties.approval.same_person")
    done = town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    assert done["remitted_microwon"] == (100_000_000 - used) // 10 * 10 * WON
    town.op1.refused(YEAR + "/close", "parties.approval.same_person")
    assert town.op2.post(YEAR + "/close")["state"] == "closed"
    found = town.sums()
    assert set(found) == {"4100", "5100", "B100", "B500"}
    assert found["B100"] == found["B500"] == used
    town.wells()


def test_money_that_an_award_gives_back_after_its_call_was_archived_is_unallotted(
    town, year, decided
) -> None:
    """Nothing stays in a call that ended: the books of a year without use close to nothing."""
    award = decided()
    for call in year.calls.exclude(pk=award.call_id):
        town.op1.post(f"/calls/{call.code}/cancel", reason="not needed")
    town.op1.post(f"/calls/{award.call.code}/archive")
    town.hana.post(f"/awards/{award.id}/decline", reason="another plan")
    assert town.sums()["B300"] == 10_000_000
    town.at("2027-01-02 09:00")
    town.op1.post(YEAR + "/begin-close")
    (owed,) = town.op1.get(YEAR + "/treasury")
    assert owed["amount_microwon"] == 100_000_000 * WON
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    assert town.op2.post(YEAR + "/close")["state"] == "closed"
    assert town.sums() == {}
    town.wells()


def test_fractions_below_ten_won_wait_and_join_the_next_return(town, year, granted) -> None:
    granted()
    first = town.op1.post(YEAR + "/treasury", amount_microwon=1_000_007 * WON)
    done = town.op2.post(f"/treasury-returns/{first['id']}/remit")
    assert done["remitted_microwon"] == 1_000_000 * WON
    assert town.sums()["2590"] == 7
    second = town.op1.post(YEAR + "/treasury", amount_microwon=2_000_005 * WON)
    done = town.op2.post(f"/treasury-returns/{second['id']}/remit")
    assert done["remitted_microwon"] == 2_000_010 * WON
    assert town.sums()["2590"] == 2
    town.wells()


def test_interest_is_booked_once_and_returned_in_tens_of_won(town, granted) -> None:
    granted()
    body = {"amount_microwon": 12_345 * WON, "reference": "int-1"}
    for _ in range(2):
        town.op1.post(YEAR + "/interest", **body)
    assert town.sums()["2510"] == 12_345
    made = town.op1.post(YEAR + "/interest/return")
    assert made["amount_microwon"] == 12_340 * WON
    town.op2.post(f"/treasury-returns/{made['id']}/remit")
    assert town.sums()["2510"] == 5
    town.op1.refused(YEAR + "/interest/return", "programme.case.nothing_to_remit")
    town.wells()


def test_year_is_not_closed_before_24_00_of_its_last_day(town, granted) -> None:
    granted()
    town.at("2026-12-31 23:59:59.999999")
    refusal = town.op1.refused(YEAR + "/begin-close", "programme.year.not_ready")
    assert "2026-12-31T15:00:00Z" in refusal.fields["reason"]
    town.at("2027-01-01 00:00")
    refusal = town.op1.refused(YEAR + "/begin-close", "programme.year.not_ready")
    assert "voucher" in refusal.fields["reason"]


def test_roll_over_carries_what_is_unallotted_to_the_next_year(town, granted) -> None:
    granted()
    body = {"budget_microwon": 50_000_000 * WON, "carried_microwon": 20_000_000 * WON}
    refusal = town.op1.refused(
        YEAR + "/roll-over", "programme.budget.committed",
        budget_microwon=0, carried_microwon=96_000_001 * WON,
    )  # fmt: skip
    assert refusal.fields["available_microwon"] == 96_000_000 * WON
    made = town.op1.post(YEAR + "/roll-over", **body)
    town.op1.refused(f"/roll-overs/{made['id']}/approve", "parties.approval.same_person")
    done = town.op2.post(f"/roll-overs/{made['id']}/approve")
    assert (done["state"], done["to_year"]) == ("done", 2027)
    again = town.op1.post(YEAR + "/roll-over", budget_microwon=0, carried_microwon=0)
    town.op2.post(f"/roll-overs/{again['id']}/refuse", reason="done already")
    coming = town.op1.get("/years/api-voucher/2027")
    assert (coming["starts_on"], coming["ends_on"]) == ("2027-01-01", "2027-12-31")
    found = town.sums()
    assert found["B100"] == 100_000_000 - 20_000_000 + 70_000_000
    assert found["B200"] == 96_000_000 - 20_000_000 + 70_000_000
    assert found["1100"] == found["2100"] == 150_000_000
    town.wells()


def test_inv_i15_closed_year_takes_only_corrections_booked_in_the_open_year(
    town, spent
) -> None:
    from madang.ledger.errors import YearClosed
    from madang.metering.deposits.actions import record_deposit
    from madang.metering.models import Voucher
    from madang.programme.models import ProgrammeYear
    from madang.programme.years.actions import set_budget

    granted_year = ProgrammeYear.objects.get(year=2026)
    spent()
    town.op1.post(YEAR + "/interest", amount_microwon=100 * WON, reference="int-1")
    wrong = town.auditor.get("/ledger/journals?kind=P19")[0]
    made = town.op1.post(YEAR + "/roll-over", budget_microwon=5_000_000 * WON)
    close_vouchers(town)
    town.op1.post(YEAR + "/begin-close")
    town.op2.post(f"/roll-overs/{made['id']}/approve")
    (owed,) = town.op1.get(YEAR + "/treasury")
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    town.op2.post(YEAR + "/close")
    voucher = Voucher.objects.get(code="v-hana")
    with pytest.raises(YearClosed):
        set_budget(town.system, granted_year, budget_microwon=100_000_010 * WON, at=town.now)
    town.op1.refused(
        YEAR + "/interest", "ledger.year.closed", amount_microwon=WON, reference="int-2"
    )
    parked = record_deposit(
        town.system, voucher, payer=voucher.organisation, amount_microwon=WON,
        reference="late", received_at=town.now, at=town.now,
    )  # fmt: skip
    assert parked.park_reason == "late"
    fix = town.op1.post("/corrections", journal=wrong["id"], reason="never paid in")
    done = town.op2.post(f"/corrections/{fix['id']}/book")
    shown = town.auditor.get(f"/ledger/journals/{done['reversed_by']}")
    assert (shown["kind"], shown["corrects"]) == ("P23", wrong["id"])
    assert shown["effective_at"] == wrong["effective_at"]
    assert "2510" not in town.sums()
    town.wells()


def shut(town) -> None:
    town.op1.post(YEAR + "/begin-close")
    (owed,) = town.op1.get(YEAR + "/treasury")
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    town.op2.post(YEAR + "/close")


def test_year_waits_for_what_suppliers_agreed_to_give_back(town, spent) -> None:
    """After the close nothing could be collected any more. A closed voucher's share of it is
    the year's again, and leaves with the rest."""
    spent()
    charge = next(row for row in town.op1.get("/charges") if row["voucher"] == "v-hana")
    refund = str(uuid4())
    town.op1.post(
        f"/charges/{charge['no']}/refund", refund=refund, amount_microwon=200_000 * WON,
        reason="returned goods",
    )  # fmt: skip
    close_vouchers(town)
    assert town.auditor.get(YEAR)["open"] == [f"refund {refund} is not_collected"]
    town.op1.refused(YEAR + "/begin-close", "programme.year.not_ready")
    part = {"by": "cash", "amount_microwon": 100_000 * WON, "collection": str(uuid4())}
    for body in (part, part, {"by": "cash"}):
        town.op1.post(f"/refunds/{refund}/collect", **body)
    assert "B600" not in town.sums()
    back = town.op1.post("/vouchers/v-hana/deposit-return")
    assert back["amount_microwon"] == 60_000 * WON
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    town.op1.post(f"/deposit-returns/{back['id']}/pay")
    shut(town)
    used = 400_000 + 72_000  # 560,000 less the subsidy of 200,000
    assert town.sums() == {
        "4100": 632_000, "4190": 160_000, "5100": 632_000, "5190": 160_000,
        "B100": used, "B500": used,
    }  # fmt: skip
    town.wells()


def test_case_of_a_closed_year_is_booked_in_the_programmes_open_one(town, spent) -> None:
    """Follow-up goes on when the books are shut: the demand is a correction of theirs."""
    spent()
    close_vouchers(town)
    shut(town)
    award = Award.objects.get(voucher__code="v-hana")
    case = town.op1.post(
        "/cases", award=award.id, ground="other_purpose", found_microwon=100_000 * WON,
        reason="found two years later",
    )  # fmt: skip
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="look closer")
    town.op1.post(path + "/hearing", reason="what is alleged")
    town.hana.post(path + "/answer", text="we thought it was")
    town.op1.post(path + "/hear")
    town.op2.post(path + "/decide", principal_microwon=100_000 * WON, reason="it was so")
    refusal = town.op3.refused(path + "/demand", "programme.year.not_ready")
    assert refusal.fields["reason"] == "the programme has no open year to book it in"
    made = town.op1.post(YEAR + "/roll-over", budget_microwon=0)
    town.op2.post(f"/roll-overs/{made['id']}/approve")
    assert town.op3.post(path + "/demand")["owed_microwon"] == 400_000 * WON
    (booked,) = town.auditor.get("/ledger/journals?kind=P20")
    assert Journal.objects.get(pk=booked["id"]).chain == ProgrammeYear.objects.get(year=2027).id
    town.op1.post(path + "/collect", amount_microwon=400_000 * WON, reference="bank-1")
    assert town.op1.post(path + "/remit", reference="t-1")["to_remit_microwon"] == 0
    found = town.sums()
    assert (found["B500"], found["B650"], found["B100"]) == (532_000, 100_000, 632_000)
    town.wells()


def test_two_people_cannot_close_one_year_twice(town, spent) -> None:
    spent()
    close_vouchers(town)
    town.op1.post(YEAR + "/begin-close")
    town.op3.refused(YEAR + "/begin-close", "parties.workflow.not_allowed_now")
    (owed,) = town.op1.get(YEAR + "/treasury")
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    town.op2.refused(
        f"/treasury-returns/{owed['id']}/remit", "parties.workflow.not_allowed_now"
    )
    town.op2.post(YEAR + "/close")
    town.op3.refused(YEAR + "/close", "parties.workflow.not_allowed_now")

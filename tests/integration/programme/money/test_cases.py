"""Clawback: every state reached through the API, every guard's refusal, to the won."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from madang.core.clock import seoul_date
from madang.programme.cases.models import ClawbackCase
from madang.programme.cases.queries import next_payment

WON = 1_000_000


@pytest.fixture
def open_case(town, granted, use, paid):
    """500,000 won of supply used, settled and paid; a case of the first operator."""

    def make(voucher: str = "v-hana", firm: str = "hana", ground: str = "other_purpose"):
        award = granted(voucher, firm)
        use(voucher, 5)
        paid()
        return town.op1.post(
            "/cases", award=award.id, ground=ground, found_microwon=300_000 * WON,
            reason="bills look copied",
        )  # fmt: skip

    return make


def heard(town, case: dict) -> str:
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="look closer")
    town.op1.post(path + "/hearing", reason="what is alleged")
    town.after(days=40)
    town.op1.post(path + "/hear")
    return path


def demanded(town, case: dict, principal_won: int) -> str:
    path = heard(town, case)
    town.op2.post(
        path + "/decide", principal_microwon=principal_won * WON, reason="not for the purpose"
    )
    town.op3.post(path + "/demand")
    return path


def test_case_from_suspicion_to_the_treasury(town, open_case, use) -> None:
    case = open_case()
    path = f"/cases/{case['id']}"
    assert case["state"] == "suspected"
    again = {"award": case["award"], "ground": "other_purpose", "reason": "bills look copied"}
    told = town.op1.post("/cases", **again, found_microwon=300_000 * WON)
    assert told["id"] == case["id"], "the same words again are the same case"
    assert town.hana.get("/cases") == []
    town.op1.refused(path + "/hear", "parties.workflow.not_allowed_now")
    town.op1.post(path + "/investigate", reason="look closer")
    assert town.op1.get("/vouchers/v-hana")["state"] == "suspended"
    town.op1.refused(
        "/usage", "voucher.state.suspended", voucher="v-hana", offering="nuri/report",
        quantity=1, id="x",
    )  # fmt: skip
    town.op1.refused(path + "/hear", "programme.case.hearing_not_called")
    called = town.op1.post(path + "/hearing", reason="what is alleged")
    assert called["hearing_due_at"] == "2026-03-13T15:00:00Z"
    assert "under investigation" in town.hana.get("/notices")[0]["body"]
    refusal = town.op1.refused(path + "/hear", "programme.case.hearing_not_over")
    assert refusal.fields["hearing_due_at"] == "2026-03-13T15:00:00Z"
    town.hana.post(path + "/answer", text="it was a test run")
    town.op1.post(path + "/hear")
    town.hana.refused(path + "/answer", "programme.case.hearing_over", text="more")
    body = {"principal_microwon": 200_009 * WON, "reason": "not for the purpose"}
    town.op1.refused(path + "/decide", "parties.approval.same_person", **body)
    decided = town.op2.post(path + "/decide", **body)
    assert decided["principal_microwon"] == 200_000 * WON  # below ten won is not counted
    assert (decided["multiplier"], decided["surcharge_microwon"]) == (3, 600_000 * WON)
    town.op2.refused(path + "/demand", "parties.approval.same_person")
    owed = town.op3.post(path + "/demand")
    assert (owed["state"], owed["owed_microwon"]) == ("receivable", 800_000 * WON)
    found = town.sums()
    assert (found["1300"], found["1310"], found["B650"]) == (200_000, 600_000, 200_000)
    assert "B400" not in found
    assert town.op1.get("/vouchers/v-hana")["state"] == "expired"
    town.wells()
    body = {"amount_microwon": 300_000 * WON, "reference": "bank-9"}
    for _ in range(2):
        part = town.op1.post(path + "/collect", **body)
        assert part["owed_microwon"] == 500_000 * WON
    town.op1.refused(
        path + "/collect", "programme.case.exists_with_different_amount",
        amount_microwon=1 * WON, reference="bank-9",
    )  # fmt: skip
    assert town.op1.post(path + "/remit", reference="t-1")["to_remit_microwon"] == 0
    town.op1.refused(path + "/remit", "programme.case.nothing_to_remit", reference="t-2")
    over = town.op1.refused(
        path + "/collect", "programme.case.more_than_owed",
        amount_microwon=500_001 * WON, reference="bank-10",
    )  # fmt: skip
    assert "500,001 won is more than the 500,000 won that are still owed" in str(over)
    town.op1.refused(
        path + "/collect", "programme.amount.invalid", amount_microwon=1, reference="bank-10"
    )
    done = town.op1.post(path + "/collect", amount_microwon=500_000 * WON, reference="bank-10")
    assert done["state"] == "collected"
    town.op1.post(path + "/remit", reference="t-2")
    found = town.sums()
    assert not {"1300", "1310", "2520", "2530"} & found.keys()
    town.wells()


def test_debtor_may_let_the_day_of_the_hearing_pass(town, open_case) -> None:
    path = heard(town, open_case())
    assert town.op1.get(path)["state"] == "heard"


def test_instalments_are_in_tens_of_won_and_the_fraction_is_in_the_first(
    town, open_case
) -> None:
    path = demanded(town, open_case(ground="requirement"), 100_010)
    planned = town.op1.post(path + "/instalments", count=3, reason="asked for time")
    assert planned["state"] == "instalment"
    amounts = [one["amount_microwon"] // WON for one in planned["instalments"]]
    assert amounts == [66_680, 66_670, 66_670]  # principal and once as much
    for number, amount in enumerate(amounts):
        left = town.op1.post(
            path + "/collect", amount_microwon=amount * WON, reference=f"i-{number}"
        )
    assert left["state"] == "collected"
    town.op1.post(path + "/remit", reference="t")
    town.wells()


def test_instalment_is_never_due_on_a_day_off(town, open_case) -> None:
    """민법 §161: a last day on a Saturday, a Sunday or a holiday moves to a working day."""
    path = demanded(town, open_case(ground="requirement"), 1_000_000 // 10)
    planned = town.op1.post(
        path + "/instalments", count=8, every_days=1, reason="asked for a day each"
    )
    days = [datetime.fromisoformat(one["due_at"]) for one in planned["instalments"]]
    lasts = [seoul_date(due - timedelta(microseconds=1)) for due in days]
    assert planned["instalments"][0]["due_at"] == planned["pay_due_at"]
    assert all(last.weekday() < 5 for last in lasts), lasts
    assert lasts == sorted(lasts)


def test_plan_says_which_part_is_paid_and_counts_nothing_that_came_before_it(
    town, open_case
) -> None:
    path = demanded(town, open_case(ground="requirement"), 100_000)
    town.op1.post(path + "/collect", amount_microwon=80_000 * WON, reference="early")
    planned = town.op1.post(path + "/instalments", count=3, reason="asked for time")
    first, second, _ = planned["instalments"]

    def parts(case) -> list[int]:
        return [one["paid_microwon"] // WON for one in case["instalments"]]

    assert (parts(planned), first["amount_microwon"] // WON) == ([0, 0, 0], 40_000)
    case = ClawbackCase.objects.get(id=planned["id"])
    assert next_payment(case).isoformat() == first["due_at"].replace("Z", "+00:00")
    paid = town.op1.post(path + "/collect", amount_microwon=55_000 * WON, reference="one")
    assert parts(paid) == [40_000, 15_000, 0]
    assert next_payment(case).isoformat() == second["due_at"].replace("Z", "+00:00")
    town.op1.post(path + "/write-off/propose", reason="the firm is gone")
    assert parts(town.op2.post(path + "/write-off")) == [40_000, 15_000, 0]


def test_debt_of_a_few_won_is_not_cut_into_nothing(town, open_case) -> None:
    path = demanded(town, open_case(ground="requirement"), 10)
    refused = town.op1.refused(
        path + "/instalments", "programme.case.instalments_invalid", count=3, reason="r"
    )
    assert refused.fields["reason"] == "a part would be below ten won"


def test_write_off_needs_a_proposal_of_somebody_else(town, open_case) -> None:
    path = demanded(town, open_case(), 50_000)
    town.op1.refused(path + "/write-off", "programme.case.write_off_not_proposed")
    town.op1.post(path + "/collect", amount_microwon=30_000 * WON, reference="one")
    town.op1.post(path + "/write-off/propose", reason="the firm is gone")
    town.op1.refused(path + "/write-off", "parties.approval.same_person")
    done = town.op2.post(path + "/write-off")
    assert (done["state"], done["owed_microwon"]) == ("written_off", 0)
    assert done["to_remit_microwon"] == 30_000 * WON
    town.op1.post(path + "/remit", reference="t")
    assert not {"1300", "1310", "2520", "2530"} & town.sums().keys()
    town.wells()


@pytest.mark.parametrize("until", ["suspected", "investigating", "heard"])
def test_dropped_case_lets_go_what_it_stopped(town, open_case, use, until) -> None:
    case = open_case()
    path = f"/cases/{case['id']}"
    if until == "investigating":
        town.op1.post(path + "/investigate", reason="look closer")
    elif until == "heard":
        heard(town, case)
    town.op2.post(path + "/drop", reason="nothing in it")
    assert town.op1.get("/vouchers/v-hana")["state"] == "active"
    use("v-hana", 1)
    assert all(flag["lifted_at"] for flag in town.op1.get("/payout-holds"))
    town.op2.refused(path + "/drop", "parties.workflow.not_allowed_now", reason="again")
    town.wells()


def test_voucher_stays_suspended_until_the_last_of_its_cases_lets_go(town, open_case) -> None:
    case = open_case()
    more = {"award": case["award"], "ground": "breach", "reason": "another thing"}
    other = town.op1.post("/cases", **more, found_microwon=WON)
    paths = [f"/cases/{one['id']}" for one in (case, other)]
    for path in paths:
        town.op1.post(path + "/investigate", reason="look closer")
    for path, then in zip(paths, ("suspended", "active"), strict=True):
        town.op2.post(path + "/drop", reason="nothing in it")
        assert town.op1.get("/vouchers/v-hana")["state"] == then


def test_more_than_was_settled_is_not_taken_back(town, open_case, use) -> None:
    case = open_case()
    use("v-hana", 3)  # on no statement yet: that goes back as a refund
    path = heard(town, case)
    refusal = town.op2.refused(
        path + "/decide", "programme.case.too_large",
        principal_microwon=400_010 * WON, reason="all of it",
    )  # fmt: skip
    assert refusal.fields["settled_microwon"] == 400_000 * WON
    town.op2.post(path + "/decide", principal_microwon=400_000 * WON, reason="all of it")
    town.wells()


def test_decision_of_which_a_refund_left_nothing_is_dropped_by_another(town, open_case) -> None:
    """Else the voucher stood still for good: nothing was left to decide or to demand."""
    path = heard(town, open_case())
    town.op2.post(path + "/decide", principal_microwon=400_000 * WON, reason="all of it")
    for charge in town.op1.get("/charges"):
        town.op1.post(
            f"/charges/{charge['no']}/refund", refund=str(uuid4()),
            amount_microwon=charge["amount_microwon"], reason="no report ever came",
        )  # fmt: skip
    refusal = town.op3.refused(path + "/demand", "programme.case.too_large")
    assert refusal.fields["settled_microwon"] == 0
    reason = {"reason": "all went back as refunds"}
    town.op2.refused(path + "/drop", "parties.approval.same_person", **reason)
    assert town.op1.post(path + "/drop", **reason)["state"] == "dropped"
    town.wells()


def test_decision_that_a_refund_overtook_is_decided_anew(town, open_case) -> None:
    """Else nobody could demand it, nor end it, and voucher and payouts stood still for good."""
    path = heard(town, open_case())
    decided = {"principal_microwon": 400_000 * WON, "reason": "all of it"}
    town.op2.post(path + "/decide", **decided)
    charge = town.op1.get("/charges")[0]
    town.op1.post(
        f"/charges/{charge['no']}/refund", refund=str(uuid4()), amount_microwon=100_000 * WON,
        reason="one report never came",
    )  # fmt: skip
    refusal = town.op3.refused(path + "/demand", "programme.case.too_large")
    assert refusal.fields["settled_microwon"] == 320_000 * WON
    town.op1.refused(path + "/decide", "parties.approval.same_person", **decided)
    less = town.op3.post(path + "/decide", principal_microwon=320_000 * WON, reason="the rest")
    assert (less["state"], less["principal_microwon"]) == ("decided", 320_000 * WON)
    town.op3.refused(path + "/demand", "parties.approval.same_person")
    assert town.op2.post(path + "/demand")["state"] == "receivable"
    town.wells()


def test_fraud_excludes_at_the_first_strike_until_24_00_of_the_last_day(
    town, open_case, granted
) -> None:
    demanded(town, open_case(ground="fraud"), 100_000)
    (row,) = town.hana.get("/sanctions")
    assert (row["strikes"], row["state"], row["ground"]) == (1, "active", "fraud")
    last = town.now + timedelta(days=1)
    from madang.parties.errors import Sanctioned

    with pytest.raises(Sanctioned):
        granted("v-again", "hana")
    granted("v-duri", "duri")
    ends = row["ends_at"]
    assert ends.endswith("T15:00:00Z")
    assert ends[:7] == f"{last.year + 5}-{last.month:02d}"


def test_third_breach_excludes_and_the_first_two_do_not(town, granted, use, paid) -> None:
    for number in (1, 2, 3):
        award = granted(f"v-{number}", "hana", 1_000_000, 500_000)
        use(f"v-{number}", 2)
        paid()
        case = town.op1.post(
            "/cases", award=award.id, ground="breach", reason="against an order"
        )
        demanded(town, case, 10_000)
        assert len(town.op1.get("/sanctions")) == (1 if number == 3 else 0)
    (row,) = town.op1.get("/sanctions")
    assert row["strikes"] == 3
    town.op3.refused(f"/sanctions/{row['id']}/lift", "parties.approval.same_person", reason="x")
    town.hana.refused(f"/sanctions/{row['id']}/lift", "core.request.not_allowed", reason="x")
    lifted = town.op1.post(f"/sanctions/{row['id']}/lift", reason="won in court")
    assert lifted["state"] == "lifted"
    granted("v-4", "hana", 1_000_000, 500_000)


def test_sanction_ends_by_the_clock_alone(town, open_case, granted) -> None:
    from madang.parties.errors import Sanctioned
    from madang.parties.sanctions.models import Sanction
    from madang.parties.sanctions.queries import in_force, state_of

    demanded(town, open_case(ground="fraud"), 100_000)
    row = Sanction.objects.get()
    micro = timedelta(microseconds=1)
    assert in_force(row.organisation_id, row.ends_at - micro) == row
    assert in_force(row.organisation_id, row.ends_at) is None
    assert state_of(row, row.ends_at - micro) == "active"
    assert state_of(row, row.ends_at) == "expired"
    with pytest.raises(Sanctioned):
        granted("v-again", "hana")


def test_strangers_learn_nothing_of_a_case(town, open_case) -> None:
    case = open_case()
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="look closer")
    assert town.auditor.get(path)["state"] == "investigating"
    town.duri.refused(path + "/answer", "core.request.not_found", text="x")
    town.nuri.refused(path + "/answer", "core.request.not_found", text="x")
    town.hana.refused(path + "/investigate", "core.request.not_allowed", reason="x")
    town.auditor.refused(path + "/hearing", "core.request.not_allowed", reason="x")


def test_beneficiarys_case_is_not_set_off_against_a_supplier(town, open_case) -> None:
    path = demanded(town, open_case(), 50_000)
    town.op1.refused(
        path + "/set-off", "programme.case.debtor_unknown",
        amount_microwon=1 * WON, reference="x",
    )  # fmt: skip


def test_a_reference_of_the_bank_counts_for_one_way_only(town, open_case) -> None:
    """Also the words that the house once gave a write-off are somebody's free choice."""
    path = demanded(town, open_case(), 100_000)
    paid = {"amount_microwon": 50_000 * WON, "reference": "write-off"}
    town.op1.post(path + "/collect", **paid)
    town.op1.refused(
        path + "/remit", "programme.case.exists_with_different_amount", reference="write-off"
    )
    town.op1.post(path + "/remit", reference="t-1")
    town.op1.post(path + "/write-off/propose", reason="nothing left")
    done = town.op2.post(path + "/write-off")
    assert (done["state"], done["owed_microwon"]) == ("written_off", 0)
    assert [one["step"] for one in done["reasons"]][-1] == "propose_write_off"
    assert [one["step"] for one in town.hana.get(path)["reasons"]] == ["call_hearing", "decide"]

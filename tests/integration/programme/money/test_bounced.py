"""A payout that the bank confirmed and then sent back: payable again, by a new payout.

800,000 of subsidy and 300,000 of own part and VAT were paid; the first came back.
"""

from __future__ import annotations

import pytest

from madang.parties.notices.models import Notice

WON = 1_000_000
YEAR = "/years/api-voucher/2026"
HEAD = "account,reference,booked_at,amount_won,payer,memo\n"


@pytest.fixture
def sent_out(town, granted, use, stated):
    """Both payouts of 1,000,000 of supply are paid; they, and the statement's path."""

    def make() -> tuple[list[dict], str]:
        granted()
        use("v-hana", 10)
        path = f"/statements/nuri/2026-03/{stated()}/payouts"
        rows = town.op1.post(path)
        for row in rows:
            town.op2.post(f"/payouts/{row['id']}/approve")
            town.op1.post(f"/payouts/{row['id']}/settle")
        return rows, path

    return make


def states(town) -> set[str]:
    return {row["state"] for row in town.op1.get("/statements")}


def pay_anew(town, path: str, won: int) -> None:
    (again,) = town.op1.post(path)
    assert again["amount_microwon"] == won * WON
    town.op1.refused(f"/payouts/{again['id']}/approve", "parties.approval.same_person")
    town.op2.post(f"/payouts/{again['id']}/approve")
    town.op1.post(f"/payouts/{again['id']}/settle")


def take_in(town, *lines: str) -> dict:
    asked = {"programme": "api-voucher", "year": 2026, "text": HEAD + "\n".join(lines)}
    return town.op1.post("/bank/imports", **asked)


def test_payout_that_came_back_is_payable_again_and_its_statement_waits(town, sent_out) -> None:
    rows, path = sent_out()
    assert states(town) == {"paid"}
    before = town.sums()
    for who in ("auditor", "nuri"):
        getattr(town, who).refused(
            f"/payouts/{rows[0]['id']}/bounce", "core.request.not_allowed", reason="r"
        )
    done = town.op1.post(f"/payouts/{rows[0]['id']}/bounce", reason="account closed")
    assert (done["state"], states(town)) == ("failed", {"confirmed"})
    town.op2.refused(
        f"/payouts/{rows[0]['id']}/bounce", "parties.workflow.not_allowed_now", reason="r"
    )
    books = town.sums()
    assert books["1100"] - before["1100"] == 800_000
    assert (abs(books["2310S"]), books["1110"]) == (800_000, before["1110"])
    assert "statement 2026-03 no. 1 is confirmed" in str(town.auditor.get(YEAR)["open"])
    (told,) = Notice.objects.filter(kind="metering.payout.bounced")
    assert (told.recipient.email, told.facts["amount_won"]) == ("s@nuri.example", 800_000)
    town.wells()
    pay_anew(town, path, 800_000)
    assert (states(town), town.sums()) == ({"paid"}, before)
    town.wells()


@pytest.mark.parametrize(("place", "account"), [(0, "1100"), (1, "1110")])
def test_banks_line_that_names_it_is_the_return_of_it(town, sent_out, place, account) -> None:
    rows, path = sent_out()
    won = rows[place]["amount_microwon"] // WON
    memo = f"return {rows[place]['id']}"
    lines = [
        f"{account},b-1,{town.now.isoformat()},{-won},,paid",
        f"{account},b-2,{town.now.isoformat()},{won},,{memo}",
        f"{account},b-3,{town.now.isoformat()},1,,{memo}",  # another amount: not it
    ]
    found = take_in(town, *lines)["outcomes"]
    assert (found["known"], found["returned"], states(town)) == (1, 1, {"confirmed"})
    assert take_in(town, *lines)["seen"] == 3
    town.wells()
    pay_anew(town, path, won)
    assert states(town) == {"paid"}
    town.wells()


@pytest.mark.parametrize(("place", "account"), [(0, "1100"), (1, "1110")])
def test_line_of_what_was_entered_by_hand_counts_once(town, sent_out, place, account) -> None:
    rows, _ = sent_out()
    won = rows[place]["amount_microwon"] // WON
    town.op1.post(f"/payouts/{rows[place]['id']}/bounce", reason="the bank rang up")
    before = town.sums()
    line = f"{account},b-2,{town.now.isoformat()},{won},,sent back"
    assert take_in(town, line)["outcomes"] == {"known": 1}
    assert town.sums() == before
    town.wells()


def test_deposit_of_the_same_amount_is_its_vouchers_not_the_return(town, sent_out) -> None:
    rows, _ = sent_out()
    won = rows[1]["amount_microwon"] // WON
    town.op1.post(f"/payouts/{rows[1]['id']}/bounce", reason="the bank rang up")
    paid = town.op1.get("/vouchers/v-hana")["deposit"]["paid_microwon"]
    when = town.now.isoformat()
    deposit = f"1110,b-2,{when},{won},101-81-00001,own part v-hana"
    assert take_in(town, deposit)["outcomes"] == {"deposit": 1}
    assert town.op1.get("/vouchers/v-hana")["deposit"]["paid_microwon"] == paid + won * WON
    assert take_in(town, f"1110,b-3,{when},{won},,sent back")["outcomes"] == {"known": 1}
    assert take_in(town, f"1110,b-4,{when},{won},,sent back")["outcomes"] == {"parked": 1}
    town.wells()


def test_return_that_was_entered_as_a_deposit_is_not_booked_twice(town, sent_out) -> None:
    rows, _ = sent_out()
    won = rows[1]["amount_microwon"] // WON
    town.op1.post(
        "/vouchers/v-hana/deposits", payer="hana", amount_microwon=won * WON, reference="b-2",
        received_at=town.now.isoformat(),
    )  # fmt: skip
    before = town.sums()
    line = f"1110,b-2,{town.now.isoformat()},{won},,return {rows[1]['id']}"
    assert take_in(town, line)["outcomes"] == {"known": 1}
    assert (town.sums(), states(town)) == (before, {"paid"})
    town.wells()

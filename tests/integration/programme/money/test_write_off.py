"""What a supplier agreed to give back and never will: given up by two people, and only then.

Goal: such a year can be closed, nobody loses what he had, nothing is given up twice, by one
person, or while the programme itself still owes the supplier. Method: the REST API; every won
was worked out on paper first, at a ratio of 4/5 with a tenth of VAT.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madang.metering.models import RefundWriteOff
from madang.metering.payouts.queries import waiting_for_payouts
from madang.parties.documents.models import Document
from madang.parties.notices.models import Notice
from madang.portal.due_money import money_due

WON = 1_000_000
YEAR = "/years/api-voucher/2026"


@pytest.fixture
def paper(town):
    """A court's paper that an operator has handed in: its id."""

    def make() -> str:
        row = Document.objects.create(
            sha256="0" * 64, size_bytes=1, media_type="application/pdf", file_name="court.pdf",
            organisation=None, uploaded_at=town.now,
        )  # fmt: skip
        return str(row.id)

    return make


@pytest.fixture
def agreed(town, granted, use, paid):
    """500,000 of 1,000,000 are to come back: 400,000 subsidy, 150,000 own part and VAT."""

    def make(supply_won: int = 500_000) -> str:
        if not town.op1.get("/charges"):
            granted()
            use("v-hana", 10)
            paid()
        return ask_back(town, supply_won)

    return make


def ask_back(town, supply_won: int) -> str:
    charge = next(row for row in town.op1.get("/charges") if row["voucher"] == "v-hana")
    refund = str(uuid4())
    made = town.op1.post(
        f"/charges/{charge['no']}/refund", refund=refund, reason="never delivered",
        amount_microwon=supply_won * WON,
    )  # fmt: skip
    assert made["settled"]
    return refund


def close_voucher(town, code: str) -> None:
    town.op1.post(f"/vouchers/{code}/close")
    back = town.op1.post(f"/vouchers/{code}/deposit-return")
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    town.op1.post(f"/deposit-returns/{back['id']}/pay")


def shut(town) -> None:
    town.op1.post(YEAR + "/begin-close")
    (owed,) = town.op1.get(YEAR + "/treasury")
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    town.op2.post(YEAR + "/close")


def why(paper) -> dict[str, str]:
    return {"ground": "bankrupt", "reason": "the court closed the estate", "document": paper()}


def shown(town, refund: str, desk=None) -> dict:
    rows = (desk or town.op1).get("/refunds")
    return next(row for row in rows if row["refund"] == refund)


def spendable(town) -> int:
    return town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]


def test_refund_is_written_off_by_two_people_and_nobody_loses_what_he_had(
    town, agreed, paper
) -> None:
    refund = agreed()
    before, books = spendable(town), town.sums()
    assert (books["1320S"], books["1320C"], books["B500"]) == (400_000, 150_000, 800_000)
    body = why(paper)
    path = f"/refunds/{refund}/write-off"
    town.op2.refused(path, "parties.workflow.not_allowed_now")
    first = town.op1.post(path + "/propose", **body)
    assert (first["state"], first["why"]) == ("proposed", body["reason"])
    assert town.op1.post(path + "/propose", **body) == first  # a retry
    assert RefundWriteOff.objects.count() == 1
    town.op2.refused(path + "/propose", "parties.workflow.not_allowed_now", **why(paper))
    town.op1.refused(path, "parties.approval.same_person")
    assert town.sums() == books
    done = town.op2.post(path)
    assert town.op2.post(path) == done  # a retry
    for desk in (town.op1, town.op3):
        desk.refused(path, "charge.refund.written_off")
    town.op3.refused(path + "/propose", "charge.refund.written_off", **why(paper))
    assert done["state"] == "written_off"
    (row,) = done["write_offs"]
    lost = (row["subsidy_microwon"] // WON, row["deposit_microwon"] // WON)
    assert (row["outcome"], *lost) == ("written_off", 400_000, 150_000)
    gone = {"1320S", "1320C", "2410S", "2410C"}
    assert town.sums() == {code: won for code, won in books.items() if code not in gone}
    assert spendable(town) == before
    town.wells()


def questions(work) -> int:
    with CaptureQueriesContext(connection) as found:
        work()
    return len(found)


def test_lists_of_refunds_take_no_more_questions_than_one_refund(town, agreed, paper) -> None:
    asked = []
    for _ in range(2):
        refund = agreed(100_000)
        town.op1.post(f"/refunds/{refund}/write-off/propose", **why(paper))
        asked.append(
            [
                questions(lambda: town.op2.get("/refunds")),
                questions(lambda: town.op2.get("/exceptions")),
                questions(lambda: list(money_due(town.system))),
            ]
        )
    assert asked[1] == asked[0], asked


def test_confirmed_statements_are_asked_all_at_once_what_is_left_to_pay(
    town, granted, use, stated
) -> None:
    granted()
    asked = []
    for n in (1, 2):
        use("v-hana", 1)
        stated()
        asked.append(questions(lambda: waiting_for_payouts(town.system)))
        assert len(waiting_for_payouts(town.system)) == n
    assert asked[1] == asked[0], asked


def test_each_reads_of_it_what_is_theirs(town, agreed, paper) -> None:
    refund = agreed()
    town.op1.post(f"/refunds/{refund}/write-off/propose", **why(paper))
    town.op2.post(f"/refunds/{refund}/write-off")
    for desk in (town.nuri, town.hana):
        row = shown(town, refund, desk)
        assert (row["state"], row["why"], row["write_offs"][0]["document"]) == (
            "written_off", "", None,
        )  # fmt: skip
    assert shown(town, refund, town.auditor)["write_offs"][0]["document"]
    assert town.mirae.get("/refunds") == town.duri.get("/refunds") == []
    told = {
        (row.recipient.email, row.kind, row.facts["amount_won"])
        for row in Notice.objects.filter(kind__startswith="metering.refund.")
    }
    assert told == {
        ("s@nuri.example", "metering.refund.written_off", 550_000),
        ("ceo@hana.example", "metering.refund.written_off_for_you", 550_000),
    }


@pytest.mark.parametrize("who", ["auditor", "nuri", "hana"])
def test_only_operators_take_its_steps(town, agreed, paper, who) -> None:
    refund = agreed()
    body, desk = why(paper), getattr(town, who)
    code = "core.request.not_allowed"
    desk.refused(f"/refunds/{refund}/write-off/propose", code, **body)
    town.op1.post(f"/refunds/{refund}/write-off/propose", **body)
    desk.refused(f"/refunds/{refund}/write-off", code)
    desk.refused(f"/refunds/{refund}/write-off/refuse", code, reason="no")
    desk.refused(f"/refunds/{refund}/revive", code, reason="no")
    town.mirae.refused(f"/refunds/{refund}/write-off", "core.request.not_found")


def test_only_what_is_not_collected_is_written_off(town, agreed, paper) -> None:
    """400,000 of subsidy come first, then 50,000 of the 150,000 own part and VAT."""
    refund = agreed()
    town.op1.post(
        f"/refunds/{refund}/collect", by="cash", amount_microwon=450_000 * WON,
        collection=str(uuid4()),
    )  # fmt: skip
    before = spendable(town)
    town.op1.post(f"/refunds/{refund}/write-off/propose", **why(paper))
    done = town.op2.post(f"/refunds/{refund}/write-off")
    assert done["write_offs"][0]["subsidy_microwon"] == 0
    assert done["write_offs"][0]["deposit_microwon"] == 100_000 * WON
    assert spendable(town) == before
    assert "1320C" not in town.sums()
    assert town.sums()["B500"] == 400_000
    town.wells()


def test_money_that_comes_while_it_is_proposed_comes_first(town, agreed, paper) -> None:
    refund = agreed()
    path = f"/refunds/{refund}/write-off"
    town.op1.post(path + "/propose", **why(paper))
    part = {"by": "cash", "amount_microwon": 400_000 * WON, "collection": str(uuid4())}
    town.op1.post(f"/refunds/{refund}/collect", **part)
    town.op1.post(f"/refunds/{refund}/collect", by="cash")
    assert shown(town, refund)["state"] == "collected"
    assert shown(town, refund)["write_offs"][0]["outcome"] == "overtaken"
    town.op2.refused(path, "charge.refund.collected")
    town.op1.refused(path + "/propose", "charge.refund.collected", **why(paper))
    town.op1.refused(path + "/refuse", "parties.workflow.not_allowed_now", reason="late")
    town.wells()


def test_refused_proposal_leaves_it_to_be_collected(town, agreed, paper) -> None:
    refund = agreed()
    path = f"/refunds/{refund}/write-off"
    town.op1.refused(
        path + "/propose", "charge.write_off.reason_empty", **why(paper) | {"reason": " "}
    )
    town.op1.post(path + "/propose", **why(paper))
    assert town.op2.post(path + "/refuse", reason="it pays by half-years")["state"] == "agreed"
    town.op2.refused(path, "parties.workflow.not_allowed_now")
    town.op2.post(path + "/propose", **why(paper))  # another person, another paper
    town.op2.refused(path, "parties.approval.same_person")
    town.op1.post(path)
    outcomes = [row["outcome"] for row in shown(town, refund)["write_offs"]]
    assert sorted(outcomes) == ["refused", "written_off"]
    town.wells()


def test_what_the_programme_still_owes_the_supplier_is_kept_back_first(
    town, agreed, paper, use, stated
) -> None:
    """A payout that is made and not sent stood in the way, and nothing withdrew it."""
    refund = agreed()
    use("v-hana", 2)  # 160,000 subsidy, 40,000 own part and 20,000 VAT
    number = stated()
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    town.op1.refused(f"/refunds/{refund}/collect", "charge.offset.room_short", by="offset")
    path = f"/refunds/{refund}/write-off/propose"
    refusal = town.op1.refused(path, "charge.write_off.set_off_first", **why(paper))
    assert refusal.fields["available_microwon"] == 220_000 * WON
    for row in rows:
        done = town.op2.post(f"/payouts/{row['id']}/withdraw", reason="it owes us more")
        assert done["state"] == "withdrawn"
        town.op2.refused(f"/payouts/{row['id']}/approve", "parties.workflow.not_allowed_now")
    beyond = {"by": "offset", "amount_microwon": 220_001 * WON, "collection": str(uuid4())}
    town.op1.refused(f"/refunds/{refund}/collect", "charge.offset.room_short", **beyond)
    kept = {"by": "offset", "amount_microwon": 220_000 * WON, "collection": str(uuid4())}
    for _ in range(2):  # the subsidy's fund has room for 160,000, the other for the rest
        town.op1.post(f"/refunds/{refund}/collect", **kept)
    row = shown(town, refund)
    left = row["left_subsidy_microwon"] // WON, row["left_deposit_microwon"] // WON
    assert left == (240_000, 90_000)
    town.op1.post(path, **why(paper))
    town.op2.post(f"/refunds/{refund}/write-off")
    assert town.op1.post(f"/statements/nuri/2026-03/{number}/payouts") == []
    assert {row["state"] for row in town.op1.get("/statements")} == {"paid"}
    assert "2310S" not in town.sums()
    town.wells()


def test_supplier_that_pays_after_all_is_collected_from_again(town, agreed, paper) -> None:
    refund = agreed()
    path = f"/refunds/{refund}"
    town.op1.post(path + "/write-off/propose", **why(paper))
    town.op2.post(path + "/write-off")
    before, books = spendable(town), town.sums()
    town.op1.refused(path + "/collect", "charge.refund.written_off", by="cash")
    town.op1.refused(path + "/revive", "charge.write_off.reason_empty", reason=" ")
    done = town.op1.post(path + "/revive", reason="the estate pays a dividend")
    assert (done["state"], done["write_offs"][0]["outcome"]) == ("agreed", "revived")
    town.op1.refused(path + "/revive", "parties.workflow.not_allowed_now", reason="again")
    assert town.sums() == books | {
        "1320S": 400_000, "1320C": 150_000, "2410S": 400_000, "2410C": 150_000,
    }  # fmt: skip
    part = {"by": "cash", "amount_microwon": 400_000 * WON, "collection": str(uuid4())}
    town.op1.post(path + "/collect", **part)
    town.wells()
    town.op1.post(path + "/write-off/propose", **why(paper))  # and the rest is lost
    town.op2.post(path + "/write-off")
    assert spendable(town) >= before
    assert town.sums()["B500"] == 400_000
    town.wells()


def test_year_with_a_refund_that_never_comes_closes_to_zero(
    town, granted, use, paid, paper
) -> None:
    """Of 160,000 subsidy and 60,000 own part and VAT, 100,000 came. The rest is nobody's."""
    granted()
    use("v-hana", 7)
    assert paid() == [560_000, 210_000]
    town.at("2027-01-02 09:00")
    town.duties()
    refund = ask_back(town, 200_000)
    close_voucher(town, "v-hana")
    part = {"by": "cash", "amount_microwon": 100_000 * WON, "collection": str(uuid4())}
    town.op1.post(f"/refunds/{refund}/collect", **part)
    town.op1.post("/suppliers/nuri/exit", kind="bankrupt", reason="the court said so")
    waiting = [row["kind"] for row in town.op1.get("/exceptions")]
    assert "refund.not_collected" in waiting
    town.op1.post(f"/refunds/{refund}/write-off/propose", **why(paper))
    assert "refund.proposed" in [row["kind"] for row in town.op1.get("/exceptions")]
    assert town.auditor.get(YEAR)["open"] == [f"refund {refund} is proposed"]
    town.op1.refused(YEAR + "/begin-close", "programme.year.not_ready")
    town.op2.post(f"/refunds/{refund}/write-off")
    assert town.auditor.get(YEAR)["open"] == []
    shut(town)
    used = 560_000 - 100_000
    assert town.sums() == {
        "4100": 560_000, "4190": 100_000, "5100": 560_000, "5190": 100_000,
        "B100": used, "B500": used,
    }  # fmt: skip
    town.wells()
    refusal = town.op1.refused(
        f"/refunds/{refund}/revive", "charge.refund.year_closed", reason="it pays after all"
    )
    assert refusal.status == 409
    assert shown(town, refund)["state"] == "written_off"

"""Refunds before and after settlement, offsets, instalments, payouts that fail or wait."""

from __future__ import annotations

from uuid import uuid4

import pytest

WON = 1_000_000


def charge_of(town) -> dict:
    return town.op1.get("/charges")[0]


def settled_refund(town, supply_won: int) -> str:
    refund = str(uuid4())
    made = town.op1.post(
        f"/charges/{charge_of(town)['no']}/refund", refund=refund, reason="returned goods",
        amount_microwon=supply_won * WON,
    )  # fmt: skip
    assert made["settled"]
    return refund


def test_refund_before_the_statement_is_spendable_at_once(town, granted, use) -> None:
    granted()
    use("v-hana", 10)
    before = town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]
    no = charge_of(town)["no"]
    body = {"refund": str(uuid4()), "amount_microwon": 400_000 * WON, "reason": "half back"}
    first = town.op1.post(f"/charges/{no}/refund", **body)
    assert town.op1.post(f"/charges/{no}/refund", **body) == first
    after = town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]
    assert after - before == 400_000 * WON
    town.op1.refused(
        f"/charges/{no}/refund", "charge.refund.too_large", refund=str(uuid4()),
        amount_microwon=600_001 * WON, reason="too much",
    )  # fmt: skip
    town.wells()


def test_use_told_again_later_without_its_time_is_the_same_use(town, granted) -> None:
    granted()
    told = {"voucher": "v-hana", "offering": "nuri/report", "quantity": 2, "id": "d-7"}
    first = town.op1.post("/usage", **told)
    town.after(minutes=5)
    again = town.op1.post("/usage", **told)
    assert (again["replayed"], again["started_at"]) == (True, first["started_at"])
    assert town.sums()["B500"] == 160_000
    told |= {"id": "d-8", "used_at": "2026-03-03T10:00:00.000001+09:00"}
    first, again = (town.op1.post("/usage", **told) for _ in range(2))
    assert again == first | {"replayed": True}


def test_refund_after_settlement_comes_back_in_cash_instalments(
    town, granted, use, paid
) -> None:
    granted()
    use("v-hana", 10)
    assert paid() == [800_000, 300_000]
    refund = settled_refund(town, 500_000)
    assert town.sums()["1320S"] == 400_000
    before = town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]
    one = str(uuid4())
    for _ in range(2):  # the bank's line comes twice
        first = town.op1.post(
            f"/refunds/{refund}/collect", by="cash", amount_microwon=300_000 * WON,
            collection=one,
        )  # fmt: skip
        assert first["left_microwon"] == 250_000 * WON
    town.op1.refused(
        f"/refunds/{refund}/collect", "charge.collection.exists_with_different_content",
        by="cash", amount_microwon=1 * WON, collection=one,
    )  # fmt: skip
    town.op1.refused(
        f"/refunds/{refund}/collect", "charge.collection.too_large",
        by="cash", amount_microwon=250_001 * WON,
    )  # fmt: skip
    town.op1.refused(  # told twice it would be collected twice
        f"/refunds/{refund}/collect", "charge.collection.unnamed",
        by="cash", amount_microwon=100_000 * WON,
    )  # fmt: skip
    for _ in range(2):  # its key names it
        second = town.op1.post_again(
            f"/refunds/{refund}/collect", "k-2", by="cash", amount_microwon=100_000 * WON
        )
        assert second["left_microwon"] == 150_000 * WON
    town.wells()
    done = town.op1.post(f"/refunds/{refund}/collect", by="cash")
    assert done["left_microwon"] == 0
    town.op1.refused(f"/refunds/{refund}/collect", "charge.refund.collected", by="cash")
    after = town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]
    assert after - before == 500_000 * WON
    town.wells()


def test_offset_is_kept_back_from_the_next_statement_and_its_payouts(
    town, granted, use, paid, stated
) -> None:
    granted()
    use("v-hana", 10)
    paid()
    refund = settled_refund(town, 500_000)
    short = town.op1.refused(
        f"/refunds/{refund}/collect", "charge.offset.room_short", by="offset"
    )
    assert short.fields["available_microwon"] == 0
    use("v-hana", 8)
    number = stated()
    town.op1.post(f"/refunds/{refund}/collect", by="offset")
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    assert [row["amount_microwon"] // WON for row in rows] == [240_000, 90_000]
    for row in rows:
        town.op2.post(f"/payouts/{row['id']}/approve")
        town.op1.post(f"/payouts/{row['id']}/settle")
    states = {row["number"]: row["state"] for row in town.op1.get("/statements")}
    assert states == {1: "paid", 2: "paid"}
    assert "2310S" not in town.sums()
    town.wells()


def test_statement_that_is_kept_back_whole_is_paid_without_a_payout(
    town, granted, use, paid, stated
) -> None:
    granted()
    use("v-hana", 5)
    paid()
    refund = settled_refund(town, 500_000)
    use("v-hana", 5)
    number = stated()
    town.op1.post(f"/refunds/{refund}/collect", by="offset")
    assert town.op1.post(f"/statements/nuri/2026-03/{number}/payouts") == []
    assert {row["state"] for row in town.op1.get("/statements")} == {"paid"}
    town.wells()


def test_another_suppliers_statement_gives_no_room_for_an_offset(
    town, granted, use, paid, stated
) -> None:
    granted()
    use("v-hana", 5)
    paid()
    refund = settled_refund(town, 500_000)
    use("v-hana", 20, offering="mirae/report")
    stated("mirae")
    town.op1.refused(f"/refunds/{refund}/collect", "charge.offset.room_short", by="offset")


def test_payout_that_fails_is_paid_under_a_new_id(town, granted, use, stated) -> None:
    granted()
    use("v-hana", 5)
    number = stated()
    path = f"/statements/nuri/2026-03/{number}/payouts"
    first = town.op1.post(path)
    town.op1.refused(f"/payouts/{first[0]['id']}/approve", "parties.approval.same_person")
    for row in first:
        town.op2.post(f"/payouts/{row['id']}/approve")
    town.op1.refused(path, "payout.statement.covered")
    town.op1.post(f"/payouts/{first[0]['id']}/fail", reason="account closed")
    town.op1.post(f"/payouts/{first[1]['id']}/settle")
    (again,) = town.op1.post(path)
    assert again["id"] != first[0]["id"]
    assert again["amount_microwon"] == first[0]["amount_microwon"]
    town.op2.post(f"/payouts/{again['id']}/approve")
    town.op1.post(f"/payouts/{again['id']}/settle")
    town.op1.refused(f"/payouts/{first[0]['id']}/settle", "parties.workflow.not_allowed_now")
    assert {row["state"] for row in town.op1.get("/statements")} == {"paid"}
    town.wells()


@pytest.mark.parametrize("target", ["supplier", "voucher"])
def test_flag_holds_what_would_be_paid_until_it_is_lifted(
    town, granted, use, stated, target
) -> None:
    granted()
    use("v-hana", 5)
    number = stated()
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    on = {"supplier": "nuri"} if target == "supplier" else {"voucher": "v-hana"}
    flag = town.op3.post("/payout-holds", reason="papers look odd", **on)
    assert {row["state"] for row in town.op1.get("/payouts")} == {"held"}
    assert town.sums()["2330S"] == 400_000
    for row in rows:
        town.op2.refused(f"/payouts/{row['id']}/approve", "payout.hold.open")
        town.op1.post(f"/payouts/{row['id']}/release", reason="by hand")
        assert town.op2.refused(f"/payouts/{row['id']}/approve", "payout.hold.open")
    town.op3.post(f"/payout-holds/{flag['id']}/lift", reason="papers are in order")
    for row in rows:
        town.op2.post(f"/payouts/{row['id']}/approve")
    town.wells()


def test_payout_hold_is_on_one_supplier_or_one_voucher(town, granted) -> None:
    granted()
    for on in ({}, {"supplier": "nuri", "voucher": "v-hana"}):
        town.op3.refused("/payout-holds", "payout_hold.target.unclear", reason="odd", **on)
    assert town.op1.get("/payout-holds") == []


def test_account_is_seen_by_a_second_person_where_policy_asks(
    town, granted, use, stated
) -> None:
    from madang.parties.policies.actions import declare_policy

    granted()
    declare_policy(
        town.system, kind="metering", changes={"account_verified": True},
        valid_from=town.now, at=town.now,
    )  # fmt: skip
    use("v-hana", 5)
    number = stated()
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    town.op2.refused(f"/payouts/{rows[0]['id']}/approve", "payout.account.unverified")
    account = town.nuri.post(
        "/suppliers/nuri/accounts", bank="한빛은행", number="110-123-456789"
    )
    assert account["last_digits"] == "6789"
    entered = town.op1.post("/suppliers/nuri/accounts", bank="나라은행", number="220-11-12345")
    town.op1.refused(
        f"/supplier-accounts/{entered['id']}/verify", "parties.approval.same_person"
    )
    town.op2.post(f"/supplier-accounts/{account['id']}/verify")
    town.op2.post(f"/payouts/{rows[0]['id']}/approve")
    town.nuri.refused(
        "/suppliers/nuri/accounts", "payout.account.malformed", bank="x", number="abcdefg"
    )
    town.mirae.refused(
        "/suppliers/nuri/accounts", "core.request.not_allowed", bank="x", number="1234567"
    )


def test_tax_invoices_are_due_on_the_tenth_of_the_month_after(
    town, granted, use, stated
) -> None:
    granted()
    granted("v-duri", "duri")
    use("v-hana", 5)
    use("v-duri", 2)
    stated()
    rows = {row["organisation"]: row for row in town.nuri.get("/tax-invoices")}
    assert {code: row["supply_microwon"] // WON for code, row in rows.items()} == {
        "hana": 500_000,
        "duri": 200_000,
    }
    assert rows["hana"]["vat_microwon"] == 50_000 * WON
    assert rows["hana"]["due_at"] == "2026-04-10T15:00:00Z"
    assert [row["organisation"] for row in town.hana.get("/tax-invoices")] == ["hana"]
    assert town.mirae.get("/tax-invoices") == []
    issued = {"number": "20260409-1", "issued_at": "2026-04-09T01:00:00Z"}
    town.at("2026-04-11 00:00")
    assert {row["state"] for row in town.nuri.get("/tax-invoices")} == {"late"}
    path = f"/tax-invoices/{rows['hana']['id']}/issued"
    assert town.nuri.post(path, **issued)["state"] == "issued"
    assert town.nuri.post(path, **issued)["state"] == "issued"
    town.nuri.refused(
        f"/tax-invoices/{rows['duri']['id']}/issued", "invoice.number.taken", **issued
    )
    town.mirae.refused(path, "core.request.not_found", **issued)
    settled_refund(town, 100_000)
    (fixed,) = [row for row in town.nuri.get("/tax-invoices") if row["kind"] == "correction"]
    assert (fixed["supply_microwon"], fixed["vat_microwon"]) == (-100_000 * WON, -10_000 * WON)
    assert fixed["due_at"] == "2026-05-10T15:00:00Z"

"""The published example through the command line alone, 1,980,000 won of it.

Goal: every figure of the ledger reference's worked example, from `apply` to the paid statement,
and the refusals on the way. Method: one installation, one story, each test one chapter of it.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WON = 1_000_000
DECLARED = """
[[programme]]
code = "published"
name = { ko = "공개 예시", en = "Published example" }
year = 2026
starts_on = "2026-01-01"
ends_on = "2026-12-31"
subsidy_ratio = "7/10"
vat_rate = "1/10"
budget_won = 10_000_000

[[organisation]]
code = "firm"
name = { ko = "수요기업", en = "A firm" }
kind = "sme"

[[organisation]]
code = "agency"
name = { ko = "운영기관", en = "Agency" }
kind = "public"

[[person]]
email = "ann@agency.example"
organisation = "agency"
roles = ["operator"]

[[person]]
email = "bob@agency.example"
organisation = "agency"
roles = ["operator"]

[[supplier]]
code = "seller"
name = { ko = "공급기업", en = "Seller" }

[[offering]]
code = "seller/service"
supplier = "seller"
meter = "delivery"
  [[offering.price]]
  unit = "request"
  won_each = "1800000"
  valid_from = "2026-01-01T00:00:00+09:00"

[[voucher]]
code = "v-firm"
programme = "published"
organisation = "firm"
subsidy_won = 4_000_000
deposit_won = 2_000_000
expires_on = "2026-12-31"
offerings = ["seller/*"]

[[key]]
voucher = "v-firm"
secret = "mdg_test_firm_0001"
"""
RECORD = ("usage", "record", "--voucher", "v-firm", "--offering", "seller/service")
MONTH = ("--supplier", "seller", "--month", "2026-03")


@pytest.fixture(scope="module", autouse=True)
def declared(house):
    assert house.madang("clock", "set", "2026-03-02T10:00:00+09:00").code == 0
    answer = house.apply(DECLARED)
    assert answer.code == 0, answer.errors
    return answer


def delivered(house, identifier: str, quantity: int = 1):
    return house.madang(*RECORD, "--quantity", str(quantity), "--id", identifier)


def test_chapter_1_the_voucher_can_spend_five_million(house, declared):
    assert declared.data["keys"] == [{"voucher": "v-firm", "secret": "mdg_test_firm_0001"}]
    shown = house.madang("voucher", "show", "v-firm").data
    assert shown["state"] == "active"
    assert shown["supply"] == {"spendable_microwon": 5_000_000 * WON, "charged_microwon": 0}
    assert shown["deposit"]["paid_microwon"] == 2_000_000 * WON


def test_chapter_2_a_delivery_is_charged_once(house):
    first = delivered(house, "d-1")
    assert first.data["charge_microwon"] == 1_800_000 * WON
    assert delivered(house, "d-1").data["replayed"] is True
    other = delivered(house, "d-1", quantity=2)
    assert (other.code, other.error["code"]) == (1, "usage.id.exists_with_different_quantity")
    shown = house.madang("voucher", "show", "v-firm").data
    assert shown["subsidy"]["consumed_microwon"] == 1_260_000 * WON
    assert shown["deposit"]["available_microwon"] == 1_280_000 * WON
    assert shown["vat_charged_microwon"] == 180_000 * WON


def test_chapter_3_what_does_not_fit_is_refused_and_changes_nothing(house):
    before = house.madang("voucher", "show", "v-firm").data
    refused = delivered(house, "d-2", quantity=2)
    assert (refused.code, refused.error["code"]) == (1, "voucher.balance.insufficient")
    assert house.madang("voucher", "show", "v-firm").data == before


def test_chapter_4_closing_freezes_once_and_then_says_unchanged(house):
    closed = house.madang("settlement", "close", *MONTH).data
    assert closed["unchanged"] is False
    (statement,) = closed["statements"]
    assert statement["total_microwon"] == 1_980_000 * WON
    assert statement["subsidy_microwon"] == 1_260_000 * WON
    assert statement["own_microwon"] == 540_000 * WON
    assert statement["vat_microwon"] == 180_000 * WON
    assert statement["lines"][0]["voucher"] == "v-firm"
    assert house.madang("settlement", "close", *MONTH).data["unchanged"] is True


def test_chapter_5_two_people_pay(house):
    create = ("payout", "create", *MONTH, "--as", "ann@agency.example")
    early = house.madang(*create)
    assert (early.code, early.error["code"]) == (1, "cli.reference.unknown")
    assert house.madang("settlement", "confirm", *MONTH).code == 0
    made = house.madang(*create).data["payouts"]
    assert {one["account"]: one["amount_microwon"] for one in made} == {
        "1100": 1_260_000 * WON,
        "1110": 720_000 * WON,
    }
    same = house.madang("payout", "approve", *MONTH, "--as", "ann@agency.example")
    assert (same.code, same.error["code"]) == (1, "parties.approval.same_person")
    approve = ("payout", "approve", made[0]["id"], made[1]["id"])
    assert house.madang(*approve, "--as", "bob@agency.example").code == 0
    failed = house.madang("payout", "fail", made[0]["id"], "--reason", "wrong account")
    assert failed.data["payouts"][0]["state"] == "failed"
    retried = house.madang(*create).data["payouts"]
    assert [one["amount_microwon"] for one in retried] == [made[0]["amount_microwon"]]
    house.madang("payout", "approve", *MONTH, "--as", "bob@agency.example")
    assert house.madang("payout", "settle", *MONTH).code == 0
    (statement,) = house.madang("settlement", "show", *MONTH).data["statements"]
    assert statement["state"] == "paid"


def test_chapter_6_a_late_delivery_makes_statement_two_with_new_lines_only(house):
    house.madang("clock", "advance", "1h")
    assert delivered(house, "d-3").code == 0
    closed = house.madang("settlement", "close", *MONTH).data
    assert closed["number"] == 2
    second = closed["statements"][1]
    assert second["supply_microwon"] == 1_800_000 * WON
    assert second["lines"][0]["charges"] == 1


def test_chapter_7_the_books_balance_and_speak_codes(house):
    found = house.madang("ledger", "trial-balance").data
    assert found["balanced"] is True
    for totals in found["books"].values():
        assert totals["debit_microwon"] == totals["credit_microwon"]
    accounts = {(one["code"], *one["dimensions"].values()): one for one in found["accounts"]}
    assert accounts["2200", "v-firm"]["balance_microwon"] == 560_000 * WON
    assert accounts["B500", "v-firm"]["balance_microwon"] == 2_520_000 * WON
    assert accounts["1100", "published/2026"]["balance_microwon"] == 8_740_000 * WON


def test_chapter_8_a_refund_after_settlement_is_spendable_only_when_collected(house):
    before = house.madang("voucher", "show", "v-firm").data["supply"]
    made = house.madang(
        "refund", "create", "--charge", "1", "--amount-microwon", "100000000000"
    )
    assert made.data["state"] == "agreed", made
    assert house.madang("voucher", "show", "v-firm").data["supply"] == before
    collected = house.madang("refund", "collect", made.data["id"], "--by", "cash")
    assert collected.code == 0, collected.errors
    after = house.madang("voucher", "show", "v-firm").data["supply"]
    assert after["spendable_microwon"] > before["spendable_microwon"]


def test_chapter_9_a_suspended_voucher_takes_no_new_use(house):
    assert house.madang("voucher", "suspend", "v-firm", "--reason", "x").data["state"] == (
        "suspended"
    )
    refused = delivered(house, "d-4")
    assert (refused.code, refused.error["code"]) == (1, "voucher.state.suspended")
    assert house.madang("voucher", "reinstate", "v-firm").data["state"] == "active"


def test_chapter_10_verify_names_what_was_tampered_with(house):
    verified = house.madang("ledger", "verify")
    assert verified.code == 0, verified.data
    assert verified.data["ok"] and verified.data["unsealed"] == 0
    journal = tamper(house)
    bad = house.madang("ledger", "verify")
    assert bad.code == 3
    assert bad.data["first_bad"]["journal"] == journal
    assert bad.data["ok"] is False


def tamper(house) -> str:
    """As the superuser, past every trigger: one amount of one old journal."""
    import psycopg

    url = f"postgresql://postgres@/madang?host={house.data / 'postgres'}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        (journal,) = connection.execute(
            "SELECT j.id FROM ledger_journal j JOIN ledger_entry e ON e.journal_id = j.id"
            " WHERE j.kind = 'P8' OR j.kind = 'P8k' ORDER BY j.booked_at LIMIT 1"
        ).fetchone()
        connection.execute(
            "UPDATE ledger_entry SET debit = debit + 1 WHERE journal_id = %s AND debit > 0",
            [journal],
        )
    return str(journal)


def test_command_without_the_data_option_reads_the_environment(house):
    environment = {**os.environ, "MADANG_DATA": str(house.data), "MADANG_TEST": "1"}
    words = [sys.executable, "-m", "madang.cli", "clock", "show", "--json"]
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert b"2026-03-02" in done.stdout

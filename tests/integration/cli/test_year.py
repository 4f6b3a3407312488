"""`madang bank`, `year`, `call` and metering's policy, in an installation with its own roles.

Goal: a year that was never spent is closed to the won by two people, through commands alone.
"""

from __future__ import annotations

DECLARED = """
[[programme]]
code = "quiet"
name = { ko = "조용한 사업", en = "Quiet" }
year = 2026
starts_on = "2026-01-01"
ends_on = "2026-12-31"
subsidy_ratio = "7/10"
vat_rate = "1/10"
budget_won = 10_000_007

[[organisation]]
code = "firm"
name = { ko = "수요기업", en = "A firm" }
kind = "sme"

[[person]]
email = "ann@agency.example"
roles = ["operator"]

[[person]]
email = "bob@agency.example"
roles = ["operator"]

[[voucher]]
code = "v-quiet"
programme = "quiet"
organisation = "firm"
subsidy_won = 700_000
deposit_won = 400_000
expires_on = "2026-12-31"
offerings = ["*"]
"""
PLACE = ("--programme", "quiet", "--year", "2026")
ANN, BOB = ("--as", "ann@agency.example"), ("--as", "bob@agency.example")
WON = 1_000_000
BANK = """account,reference,booked_at,amount_won,payer,memo
1100,g-1,2026-01-02T10:00:00+09:00,10000007,,
1110,d-1,2026-03-02T10:00:00+09:00,50000,firm,v-quiet
"""


def test_year_is_closed_by_two_people_through_commands_alone(house) -> None:
    assert house.madang("clock", "set", "2026-03-01T09:00:00+09:00").code == 0
    assert house.apply(DECLARED).code == 0

    file = house.data / "bank.csv"
    file.write_text(BANK, encoding="utf-8")
    first = house.madang("bank", "import", str(file), *PLACE, *ANN)
    assert (first.code, first.data["new"]) == (0, 2)
    assert first.data["outcomes"] == {"known": 1, "deposit": 1}
    assert house.madang("bank", "import", str(file), *PLACE, *BOB).data["seen"] == 2
    shown = house.madang("bank", "reconcile", *PLACE, "--account", "1100").data
    assert (shown["difference_microwon"], shown["open_movements"]) == (0, [])
    own = house.madang("bank", "reconcile", *PLACE).data
    assert [one["amount_microwon"] for one in own["open_movements"]] == [400_000 * WON]

    assert house.madang("call", "unsettled").data == {"calls": []}
    none = house.madang(
        "call", "settle", "00000000-0000-7000-8000-000000000000", "--reason", "x"
    )
    assert none.error["code"] == "call.settle.not_unsettled"

    path = house.data / "policy.toml"
    path.write_text("alert_spent_percent = 90\n", encoding="utf-8")
    changed = house.madang("policy", "change", "metering", str(path), *ANN)
    assert (changed.code, changed.data["outcome"]) == (0, "created")

    early = house.madang("year", "begin-close", *PLACE, *ANN)
    assert early.error["code"] == "programme.year.not_ready"
    assert house.madang("clock", "set", "2027-01-02T09:00:00+09:00").code == 0
    waiting = house.madang("year", "show", *PLACE).data["open"]
    assert [one for one in waiting if "v-quiet" in one]

    assert house.madang("voucher", "close", "v-quiet", *ANN).code == 0
    begun = house.madang("year", "begin-close", *PLACE, *ANN)
    assert (begun.code, begun.data["state"]) == (0, "closing")
    same = house.madang("year", "remit", *PLACE, *ANN)
    assert same.error["code"] == "parties.approval.same_person"
    sent = house.madang("year", "remit", *PLACE, *BOB).data["treasury"]
    assert [one["remitted_microwon"] for one in sent] == [10_000_000 * WON]
    assert house.madang("year", "close", *PLACE, *BOB).data["state"] == "closed"
    late = house.apply(DECLARED.replace("10_000_007", "20_000_000"))
    assert late.error["code"] == "ledger.year.closed"
    assert house.madang("ledger", "verify").data["ok"]

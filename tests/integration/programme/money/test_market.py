"""Teams, alerts, suppliers that leave, suppliers that owe: through the API."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from madang.metering.keys.actions import create_key
from madang.metering.models import Voucher
from madang.metering.till.snapshots import complete
from madang.programme.models import Award

WON = 1_000_000


def test_team_spends_within_its_own_limit(town, granted, use) -> None:
    granted()
    town.hana.put("/vouchers/v-hana/teams/lab", name="Lab", limit_microwon=250_000 * WON)
    body = {"voucher": "v-hana", "offering": "nuri/report", "team": "lab"}
    town.op1.post("/usage", quantity=2, id="a", **body)
    refusal = town.op1.refused(
        "/usage", "voucher.team.limit_reached", quantity=1, id="b", **body
    )
    assert refusal.fields["left_microwon"] == 50_000 * WON
    use("v-hana", 5)  # others go on
    (team,) = town.hana.get("/vouchers/v-hana/teams")
    assert (team["spent_microwon"], team["limit_microwon"]) == (200_000 * WON, 250_000 * WON)
    charge = next(
        row for row in town.op1.get("/charges") if row["amount_microwon"] == 200_000 * WON
    )
    town.op1.post(
        f"/charges/{charge['no']}/refund", refund=str(uuid4()), reason="r",
        amount_microwon=100_000 * WON,
    )  # fmt: skip
    town.op1.post("/usage", quantity=1, id="b", **body)
    town.op1.refused(
        "/usage", "core.request.not_found", quantity=1, id="c", voucher="v-hana",
        offering="nuri/report", team="nobody",
    )  # fmt: skip
    with pytest.raises(Exception) as stranger:
        town.duri.put("/vouchers/v-hana/teams/lab", limit_microwon=1)
    assert stranger.value.code == "core.request.not_found"
    town.wells()


def test_gateways_are_told_each_keys_team_and_its_limit(town, granted) -> None:
    """A lower limit is told at once: what is lent beyond it comes back."""
    granted()
    voucher = Voucher.objects.get(code="v-hana")
    key = create_key(town.system, voucher, rpm_max=5, at=town.now).key
    other = create_key(town.system, voucher, rpm_max=5, at=town.now).key

    def limits() -> dict[int, int]:
        return {one.no: one.team_limit_microwon for one in complete().snapshot.keys if one.team}

    town.hana.put("/vouchers/v-hana/teams/lab", limit_microwon=200_000 * WON)
    town.hana.post(f"/keys/{key.no}/team", team="lab")
    assert limits() == {key.no: 200_000 * WON}
    town.hana.put("/vouchers/v-hana/teams/lab", limit_microwon=1)
    assert limits() == {key.no: 1}
    assert other.no not in limits()


def test_alerts_at_80_percent_and_30_days_come_once_each(town, granted, use) -> None:
    granted(subsidy_won=800_000, deposit_won=400_000)

    def told() -> list[str]:
        return [row["kind"] for row in town.hana.get("/notices") if "metering" in row["kind"]]

    use("v-hana", 7)  # 560,000 of 800,000 won of subsidy
    town.duties()
    assert told() == []
    use("v-hana", 1)  # 640,000: 80 %
    for _ in range(2):
        town.duties()
        assert told() == ["metering.voucher.spent"]
    town.at("2026-12-01 23:59:59.999999")
    town.duties()
    assert told() == ["metering.voucher.spent"]
    town.at("2026-12-02 00:00")
    for _ in range(2):
        town.duties()
        assert told() == ["metering.voucher.ending", "metering.voucher.spent"]


def test_supplier_that_withdraws_is_settled_and_the_rest_buys_others(
    town, granted, use, paid
) -> None:
    granted()
    use("v-hana", 5)
    town.op1.post("/suppliers/nuri/exit", kind="withdrawn", reason="leaves the country")
    town.op1.refused(
        "/suppliers/nuri/exit", "supplier.exit.open", kind="withdrawn", reason="again"
    )
    town.op1.refused(
        "/usage", "offering.state.suspended", voucher="v-hana", offering="nuri/report",
        quantity=1, id="late",
    )  # fmt: skip
    town.op1.refused("/offerings/nuri/report/list", "supplier.exit.open")
    assert "left the market" in town.hana.get("/notices")[0]["title"]
    assert "sales have stopped" in town.nuri.get("/notices")[0]["title"]
    use("v-hana", 2, offering="mirae/report")
    assert paid("nuri") == [400_000, 150_000]
    paid("mirae")
    town.op1.post("/suppliers/nuri/readmit", reason="came back")
    town.op1.post("/offerings/nuri/report/list")
    use("v-hana", 1)
    town.op1.refused(
        "/suppliers/nuri/readmit", "parties.workflow.not_allowed_now", reason="again"
    )
    town.wells()


def test_bankrupt_supplier_is_paid_nothing_until_somebody_looks(
    town, granted, use, stated
) -> None:
    granted()
    use("v-hana", 5)
    number = stated()
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    town.op1.post("/suppliers/nuri/exit", kind="bankrupt", reason="court order")
    assert {row["state"] for row in town.op1.get("/payouts")} == {"held"}
    kinds = {one["kind"] for one in town.op1.get("/exceptions")}
    assert {"payout.held", "payout_hold.open", "supplier.bankrupt"} <= kinds
    town.op1.post("/suppliers/nuri/readmit", reason="the court lifted it")
    assert "may sell again" in town.nuri.get("/notices")[0]["title"]
    for row in rows:
        town.op2.post(f"/payouts/{row['id']}/approve")
    town.wells()


def test_sanctioned_supplier_lists_nothing(town, granted) -> None:
    from madang.parties.models import Organisation
    from madang.parties.sanctions.actions import SanctionTerms, impose_sanction

    granted()
    firm = Organisation.objects.get(code="nuri")
    terms = SanctionTerms(firm, "fraud", date(2026, 6, 30))
    impose_sanction(town.system, terms, at=town.now)
    town.op1.post("/offerings/nuri/report/suspend", reason="under sanction")
    town.op1.refused("/offerings/nuri/report/list", "parties.organisation.sanctioned")
    town.at("2026-06-30 23:59:59.999999")
    town.op1.refused("/offerings/nuri/report/list", "parties.organisation.sanctioned")
    town.at("2026-07-01 00:00")
    town.op1.post("/offerings/nuri/report/list")


def test_suppliers_debt_is_set_off_against_its_next_statement(
    town, granted, use, paid, stated
) -> None:
    award = granted()
    Award.objects.filter(pk=award.pk).update(supplier=_supplier())
    use("v-hana", 5)
    paid()
    case = town.op1.post(
        "/cases", award=award.id, ground="requirement", debtor="supplier", reason="r",
        found_microwon=100_000 * WON,
    )  # fmt: skip
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="r")
    town.op1.post(path + "/hearing", reason="r")
    town.nuri.post(path + "/answer", text="we delivered")
    town.op1.post(path + "/hear")
    town.op2.post(path + "/decide", principal_microwon=100_000 * WON, reason="r")
    town.op3.post(path + "/demand")
    granted("v-two")
    use("v-two", 4)
    number = stated()
    town.op1.post(path + "/set-off", amount_microwon=60_000 * WON, reference="s-1")
    town.op1.post(path + "/set-off", amount_microwon=60_000 * WON, reference="s-1")
    refusal = town.op1.refused(
        path + "/set-off", "programme.case.more_than_owed",
        amount_microwon=60_000 * WON, reference="s-2",
    )  # fmt: skip
    assert refusal.fields["field"] == "amount_microwon"
    left = town.op1.post(path + "/set-off", amount_microwon=40_000 * WON, reference="s-2")
    assert left["owed_microwon"] == 100_000 * WON  # the surcharge is paid in cash
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    assert [row["amount_microwon"] // WON for row in rows] == [220_000, 120_000]
    done = town.op1.post(path + "/collect", amount_microwon=100_000 * WON, reference="c-1")
    assert done["state"] == "collected"
    town.op1.post(path + "/remit", reference="t-1")
    for row in rows:
        town.op2.post(f"/payouts/{row['id']}/approve")
        town.op1.post(f"/payouts/{row['id']}/settle")
    assert not {"1300", "1310", "2520", "2530", "2310S"} & town.sums().keys()
    town.wells()


def test_suppliers_debt_without_a_surcharge_is_set_off_whole(
    town, granted, use, paid, stated
) -> None:
    from madang.parties.policies.actions import declare_policy

    award = granted()
    declare_policy(
        town.system, kind="law", changes={"surcharge_requirement": 0}, valid_from=town.now,
        at=town.now,
    )  # fmt: skip
    Award.objects.filter(pk=award.pk).update(supplier=_supplier())
    use("v-hana", 5)
    paid()
    case = town.op1.post(
        "/cases", award=award.id, ground="requirement", debtor="supplier", reason="r"
    )
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="r")
    town.op1.post(path + "/hearing", reason="r")
    town.after(days=40)
    town.op1.post(path + "/hear")
    town.op2.post(path + "/decide", principal_microwon=100_000 * WON, reason="r")
    town.op3.post(path + "/demand")
    granted("v-two")
    use("v-two", 4)
    stated()
    done = town.op1.post(path + "/set-off", amount_microwon=100_000 * WON, reference="s-1")
    assert done["state"] == "set_off"
    town.wells()


def _supplier():
    from madang.parties.models import Supplier

    return Supplier.objects.get(code="nuri")


def test_dispute_ends_by_two_people_and_is_paid_by_the_programme_where_it_lost(
    town, granted
) -> None:
    from madang.ledger import postings
    from madang.ledger.types import Stamp
    from madang.metering.vouchers.queries import terms_of

    granted()
    voucher, supplier = Voucher.objects.get(code="v-hana"), _supplier()
    stamp = Stamp("test:dispute", "op", town.now, "test", "1")
    postings.open_dispute(
        stamp, terms_of(voucher, town.now), supplier=supplier.id, amount=900 * WON
    )
    (noted,) = town.nuri.get("/disputes")
    assert noted == {"supplier": "nuri", "voucher": "v-hana", "amount_microwon": 900 * WON}
    assert town.mirae.get("/disputes") == []
    body = {"supplier": "nuri", "voucher": "v-hana", "reason": "r"}
    lost = town.op1.post("/dispute-ends", amount_microwon=600 * WON, is_paid=True, **body)
    town.op1.refused(
        "/dispute-ends", "dispute.amount.too_large", amount_microwon=301 * WON, is_paid=False,
        **body,
    )  # fmt: skip
    won = town.op1.post("/dispute-ends", amount_microwon=300 * WON, is_paid=False, **body)
    town.op1.refused(f"/dispute-ends/{lost['id']}/close", "parties.approval.same_person")
    town.op2.post(f"/dispute-ends/{lost['id']}/close")
    town.op2.post(f"/dispute-ends/{won['id']}/refuse", reason="look again")
    (left,) = town.op1.get("/disputes")
    assert left["amount_microwon"] == 300 * WON
    found = town.sums()
    assert (found["2300P"], found["B520"], found["5200"], found["K300"]) == (600, 600, 600, 300)
    with_line = town.op1.post("/statements", supplier="nuri", month="2026-03")
    assert with_line["statement"]["number"] == 1
    assert town.sums()["2310S"] == 600
    assert town.sums().get("2300P", 0) == 0


def test_auditor_drills_from_a_figure_to_the_evidence(town, granted, use, paid) -> None:
    granted()
    use("v-hana", 5, evidence_sha256="e" * 64)
    paid()
    voucher = str(Voucher.objects.get(code="v-hana").id)
    total = next(
        row["balance_microwon"]
        for row in town.auditor.get("/ledger/trial-balance")["accounts"]
        if row["code"] == "B500"
    )
    entries = town.auditor.get(f"/ledger/accounts/B500/entries?voucher={voucher}")
    assert sum(row["credit_microwon"] - row["debit_microwon"] for row in entries) == total
    journal = entries[0]["journal"]
    evidence = town.auditor.get(f"/ledger/journals/{journal}/evidence")
    assert [(one["kind"], one["sha256"]) for one in evidence] == [("charge.charge", "e" * 64)]
    (stated,) = town.auditor.get("/ledger/journals?kind=P11")
    kinds = [
        one["kind"] for one in town.auditor.get(f"/ledger/journals/{stated['id']}/evidence")
    ]
    assert "statement" in kinds
    assert {"event.statement.freeze", "event.statement.confirm"} <= set(kinds)
    no = town.op1.get("/charges")[0]["no"]
    back = {"refund": str(uuid4()), "amount_microwon": 100_000 * WON, "reason": "r"}
    town.op1.post(f"/charges/{no}/refund", **back)
    rests = {
        "P1": "budget_change", "P2": "budget_change", "P3": "grant_step", "P4": "grant_step",
        "P7": "charge.charge", "P13a": "refund",
    }  # fmt: skip
    for kind, rest in rests.items():
        made = town.auditor.get(f"/ledger/journals?kind={kind}")[0]
        found = town.auditor.get(f"/ledger/journals/{made['id']}/evidence")
        assert rest in [one["kind"] for one in found], kind
    assert town.auditor.get(f"/ledger/accounts/B500/entries?voucher={uuid4()}") == []
    with pytest.raises(Exception) as refusal:
        town.hana.get("/ledger/accounts/B500/entries")
    assert refusal.value.code == "core.request.not_allowed"
    with pytest.raises(Exception) as refusal:
        town.auditor.get("/ledger/accounts/X999/entries")
    assert refusal.value.code == "core.request.not_found"

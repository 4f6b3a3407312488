"""Steps that a programme seldom takes, each through the API as an operator would.

Together with the stories beside them they take every arrow of every drawing; `tests/steps.txt`
names which test takes which.
"""

from __future__ import annotations

import pytest
from tests.integration.programme.money.conftest import as_the_application, sign

from madang.parties.policies.actions import declare_policy
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.calls.actions import declare_call
from madang.programme.models import Agreement, Application, Award

WON = 1_000_000
WORDS = {"done": "we called models", "effect": "it works", "problems": "none"}


def amend(town, award: Award) -> str:
    """hana may call mirae's products, too; every party signs. The agreement's path."""
    row = Agreement.objects.get(award=award)
    path = f"/agreements/{row.id}"
    made = town.op1.post(path + "/amendments", reason="r", offerings=["nuri/*", "mirae/*"])
    for desk in (town.op1, town.hana, town.nuri):
        desk.post(f"/amendments/{made['id']}/sign", sha256=made["terms_sha256"])
    assert town.op1.get(path)["state"] == "amended"
    return path


def report(town, kind: str) -> None:
    row = next(row for row in town.hana.get("/reports") if row["kind"] == kind)
    town.hana.post(f"/reports/{row['id']}/submit", sections=WORDS)
    town.op1.post(f"/reports/{row['id']}/accept")


def settlement_of(town) -> str:
    """Past the last day, handed in by hana."""
    town.at("2027-01-05 10:00")
    town.duties()
    report(town, "result")
    (row,) = town.hana.get("/project-settlements")
    path = f"/project-settlements/{row['id']}"
    town.hana.post(path + "/submit")
    return path


def test_disputed_statement_is_paid_once_the_dispute_is_settled(town, granted, use) -> None:
    granted()
    use("v-hana", 2)
    found = town.op1.post("/statements", supplier="nuri", month="2026-03")["statement"]
    path = f"/statements/nuri/2026-03/{found['number']}"
    town.nuri.post(path + "/dispute", reason="a line is missing")
    town.nuri.refused(path + "/confirm", "parties.workflow.not_allowed_now")
    town.nuri.refused(path + "/settle-dispute", "core.request.not_allowed", reason="r")
    town.op1.post(path + "/settle-dispute", reason="the line came late: next month")
    town.nuri.post(path + "/confirm")
    town.wells()


def test_suspended_voucher_expires_like_any_other(town, granted) -> None:
    granted()
    town.op1.post("/vouchers/v-hana/suspend", reason="asked for")
    town.at("2027-01-01 00:00")
    town.duties()
    assert town.op1.get("/vouchers/v-hana")["state"] == "expired"
    town.wells()


def test_amended_agreement_lapses_when_nobody_pays(town, decided) -> None:
    award = decided()
    sign(town, award)
    path = amend(town, award)
    town.after(days=40)
    town.duties()
    assert town.op1.get(path)["state"] == "lapsed"
    assert Award.objects.get(pk=award.pk).state == "lapsed"
    town.wells()


def test_firm_that_has_paid_gives_its_award_up(town, decided) -> None:
    """What it paid is owed to it again."""
    award = decided()
    sign(town, award)
    award.refresh_from_db()
    paid = award.copayment.cash_microwon
    town.op1.post(
        f"/awards/{award.id}/deposits", payer="hana", reference=town.reference(),
        amount_microwon=paid, received_at=town.now,
    )  # fmt: skip
    town.hana.post(f"/awards/{award.id}/decline", reason="no need")
    assert town.sums()["2600"] == paid // WON
    town.wells()


def test_tax_invoice_is_recorded_in_time(town, granted, use, stated) -> None:
    granted()
    use("v-hana", 2)
    stated()
    (due,) = town.nuri.get("/tax-invoices")
    assert due["state"] == "due"
    done = town.nuri.post(
        f"/tax-invoices/{due['id']}/issued", number="2026033100000001", issued_at=town.now
    )
    assert done["state"] == "issued"


def test_amended_agreement_is_terminated(town, running) -> None:
    path = amend(town, running())
    assert town.op1.post(path + "/terminate", reason="it stops")["state"] == "terminated"
    town.wells()


def test_amended_agreement_is_completed_after_verification(town, running, use, paid) -> None:
    """Two findings, both answered; verified though nobody had to."""
    award = running(tranches=("1/1",))
    path = amend(town, award)
    use(award.voucher.code, 5)
    paid()
    settlement = settlement_of(town)
    town.op1.post(settlement + "/verify", verifier="cpa-7")
    for _ in range(2):
        found = town.op1.post(
            settlement + "/findings", ground="requirement", amount_microwon=WON, reason="r"
        )
        town.op1.post(f"/findings/{found['id']}/answer", reason="it was explained")
    town.op2.post(settlement + "/confirm")
    town.op1.post(settlement + "/return")
    assert town.op1.get(path)["state"] == "completed"
    town.wells()


def test_verified_settlement_without_a_finding_is_confirmed(town, running, use, paid) -> None:
    award = running(tranches=("1/1",))
    use(award.voucher.code, 1)
    paid()
    settlement = settlement_of(town)
    town.op1.refused(
        settlement + "/audit", "parties.workflow.not_allowed_now", audit_sha256="a" * 64
    )
    town.op1.post(settlement + "/verify", verifier="cpa-7")
    assert town.op2.post(settlement + "/confirm")["state"] == "confirmed"


def test_check_passes_at_once_or_fails_after_the_improvement(town, running) -> None:
    path = f"/awards/{running().id}/checks"

    def check(*results: str) -> str:
        made = town.op1.post(path, kind="on_site", due_at="2026-06-30T15:00:00Z")
        for result in results:
            done = town.op2.post(f"/checks/{made['id']}/result", result=result, reason="r")
        return done["state"]

    assert check("passed") == "passed"
    assert check("improve", "failed") == "failed"


@pytest.fixture
def in_instalments(town, granted, use, paid):
    """A demanded case of hana, or of nuri, that is paid in three parts."""

    def make(debtor: str = "beneficiary") -> str:
        award = granted()
        if debtor == "supplier":
            supplier = declare_nuri(town)
            declare_policy(
                town.system, kind="law", changes={"surcharge_requirement": 0},
                valid_from=town.now, at=town.now,
            )  # fmt: skip
            Award.objects.filter(pk=award.pk).update(supplier=supplier)
        use("v-hana", 5)
        paid()
        case = town.op1.post(
            "/cases", award=award.id, ground="requirement", debtor=debtor, reason="r",
            found_microwon=60_000 * WON,
        )  # fmt: skip
        path = f"/cases/{case['id']}"
        town.op1.post(path + "/investigate", reason="r")
        town.op1.post(path + "/hearing", reason="r")
        town.after(days=40)
        town.op1.post(path + "/hear")
        town.op2.post(path + "/decide", principal_microwon=60_000 * WON, reason="r")
        town.op3.post(path + "/demand")
        done = town.op1.post(path + "/instalments", count=3, every_days=30, reason="asked for")
        assert done["state"] == "instalment"
        return path

    return make


def declare_nuri(town):
    return declare_supplier(
        town.system, code="nuri", name_ko="nuri", name_en="nuri", organisation="nuri",
        at=town.now,
    ).row  # fmt: skip


def test_instalments_that_stop_are_written_off(town, in_instalments) -> None:
    path = in_instalments()
    town.op1.post(path + "/collect", amount_microwon=40_000 * WON, reference="i-1")
    town.op1.post(path + "/write-off/propose", reason="the firm is gone")
    assert town.op2.post(path + "/write-off")["state"] == "written_off"
    town.wells()


def test_instalments_of_a_supplier_are_set_off(town, in_instalments, granted, use, stated):
    path = in_instalments("supplier")
    granted("v-two")
    use("v-two", 4)
    stated()
    owed = town.op1.get(path)["owed_microwon"]
    done = town.op1.post(path + "/set-off", amount_microwon=owed, reference="s-1")
    assert done["state"] == "set_off"
    town.wells()


# Selection -------------------------------------------------------------------------------


@pytest.fixture
def narrow(town, year, content):
    """A call that pays for one, and keeps no reserve list."""
    rules = {"panel": 5, "quorum": 3, "tie": ["lottery"], "reserve_max": 0}
    return declare_call(
        town.system, year, content(code="c-narrow", budget_won=10_000_000, rules=rules),
        at=town.now,
    ).row  # fmt: skip


def test_rejected_application_is_selected_by_a_superseding_ranking(
    town, narrow, apply_for, decide
) -> None:
    first, second = (apply_for(code, 10_000_000, to=narrow) for code in ("hana", "duri"))
    when = decide(narrow, {first: 90, second: 80})
    town.clock.advance(when - town.now)
    as_the_application()
    assert Application.objects.get(pk=second.pk).state == "rejected"
    award = Award.objects.get()
    town.hana.post(f"/awards/{award.id}/decline", reason="no need")
    town.op1.post("/calls/c-narrow/reopen", reason="the first has given up")
    run = town.op1.post("/calls/c-narrow/rankings")
    for desk in (town.op2, town.op3):
        desk.post(f"/calls/c-narrow/rankings/{run['id']}/confirm")
    assert Application.objects.get(pk=second.pk).state == "selected"
    town.wells()


@pytest.mark.parametrize(
    "state", ["returned_for_completion", "eligible", "in_review", "scored"]
)
def test_application_is_withdrawn_on_its_way(
    town, narrow, apply_for, review_all, state
) -> None:
    row = apply_for("hana", 1_000_000, to=narrow)
    path = f"/applications/{row.id}"
    town.at("2026-03-24 15:00")
    if state == "returned_for_completion":
        town.op1.post(path + "/return", reason="a page is missing")
    elif state == "eligible":
        town.op1.post(path + "/eligibility", is_eligible=True)
    else:
        when = review_all(narrow, {row: 80})
        town.clock.advance(when - town.now)
        if state == "scored":
            town.op1.post("/calls/c-narrow/rankings")
    assert town.hana.get(path)["state"] == state
    assert town.hana.post(path + "/withdraw", reason="no need")["state"] == "withdrawn"

"""From signature to settlement: amendments, parts, reports, checks, own part in kind."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.integration.programme.money.conftest import sign

from madang.programme.models import Agreement, Award, ProjectSettlement

WON = 1_000_000
WORDS = {"done": "we called models", "effect": "it works", "problems": "none"}


def spend(town, use, award: Award, times: int) -> None:
    use(award.voucher.code, times)


def test_parts_are_released_against_progress(town, running, use) -> None:
    award = running()
    path = f"/awards/{award.id}/tranches"
    assert award.copayment.cash_microwon == 1_875_000 * WON  # of the first half alone
    amounts = {row["number"]: row["state"] for row in town.hana.get(path)}
    assert amounts == {1: "released", 2: "planned"}
    assert town.sums()["B310"] == 5_000_000
    refusal = town.op1.refused(path + "/release", "programme.tranche.not_ready")
    assert "mid-term" in refusal.fields["reason"]
    accept_report(town, "mid")
    refusal = town.op1.refused(path + "/release", "programme.tranche.not_ready")
    assert "70 %" in refusal.fields["reason"]
    spend(town, use, award, 44)  # 4.4 of 6.25 million won of supply: 70.4 %
    short = town.op1.refused(path + "/release", "voucher.deposit.insufficient")
    assert short.fields["required_microwon"] == 1_875_000 * WON
    town.op1.post(
        f"/awards/{award.id}/deposits", payer="hana", reference=town.reference(),
        amount_microwon=1_875_000 * WON, received_at=town.now,
    )  # fmt: skip
    assert town.op1.post(path + "/release")["number"] == 2
    assert "B310" not in town.sums()
    refusal = town.op1.refused(path + "/release", "programme.tranche.not_ready")
    assert "none" in refusal.fields["reason"]
    town.wells()


def accept_report(town, kind: str) -> dict:
    row = next(row for row in town.hana.get("/reports") if row["kind"] == kind)
    path = f"/reports/{row['id']}"
    town.hana.post(path + "/submit", sections=WORDS)
    return town.op1.post(path + "/accept")


def test_report_is_filled_with_what_was_measured_and_has_its_limits(town, running, use) -> None:
    award = running()
    spend(town, use, award, 3)
    mid, result = town.hana.get("/reports")
    assert (mid["kind"], result["kind"]) == ("mid", "result")
    assert mid["measured"]["uses"] == 1
    assert mid["measured"]["charged_supply_microwon"] == 300_000 * WON
    path = f"/reports/{mid['id']}"
    long = WORDS | {"effect": "word " * 601}
    refusal = town.hana.refused(path + "/submit", "programme.report.too_long", sections=long)
    assert refusal.fields["words"] == 601
    town.hana.refused(
        path + "/submit", "programme.answer.invalid", sections={"done": "x", "effect": "y"}
    )
    town.hana.refused(
        path + "/submit", "programme.answer.invalid", sections=WORDS | {"more": "z"}
    )
    town.duri.refused(path + "/submit", "core.request.not_found", sections=WORDS)
    first = town.hana.post(path + "/submit", sections=WORDS)
    assert town.hana.post(path + "/submit", sections=WORDS) == first
    town.op1.post(path + "/return", reason="say more")
    assert town.hana.get(path)["why_returned"] == "say more"
    spend(town, use, award, 1)
    again = town.hana.post(path + "/submit", sections=WORDS | {"done": "more of it"})
    assert again["measured"]["uses"] == 2
    assert again["sha256"] != first["sha256"]
    town.op1.post(path + "/accept")
    town.op1.refused(path + "/accept", "parties.workflow.not_allowed_now")


def test_amendment_is_in_force_when_every_party_has_signed(town, running) -> None:
    award = running()
    row = Agreement.objects.get(award=award)
    path = f"/agreements/{row.id}"
    body = {"reason": "work takes longer", "supplier": "mirae", "use_ends_on": "2026-11-30"}
    made = town.op1.post(path + "/amendments", **body)
    town.op1.refused(path + "/amendments", "parties.workflow.not_allowed_now", **body)
    roles = {place["role"] for place in made["parties"]}
    assert roles == {"agency", "beneficiary", "supplier", "former_supplier"}
    sign_path = f"/amendments/{made['id']}/sign"
    sha = {"sha256": made["terms_sha256"]}
    town.hana.refused(sign_path, "programme.signature.other_text", sha256="0" * 64)
    town.duri.refused(sign_path, "core.request.not_found", **sha)
    for desk in (town.op1, town.hana, town.nuri):
        assert desk.post(sign_path, **sha)["state"] == "proposed"
    assert town.op1.post(sign_path, **sha)["state"] == "proposed"
    town.op2.refused(sign_path, "programme.signature.given_already", **sha)
    assert town.mirae.post(sign_path, **sha)["state"] == "signed"
    assert town.op1.get(path)["state"] == "amended"
    award.refresh_from_db()
    assert award.supplier.code == "mirae"
    assert award.voucher.expires_at == datetime.fromisoformat("2026-12-01T00:00+09:00")
    assert town.op1.get(path)["terms"]["use_ends_on"] == "2026-11-30"
    second = town.op1.post(path + "/amendments", reason="again", offerings=["mirae/*"])
    assert second["number"] == 2
    town.op1.post(f"/amendments/{second['id']}/withdraw", reason="not needed")
    town.wells()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "changes"),
        ({"use_ends_on": "2027-01-01"}, "use_ends_on"),
        ({"use_ends_on": "2026-03-24"}, "use_ends_on"),
        ({"subsidy_microwon": 4_999_999 * WON}, "subsidy_microwon"),
        ({"subsidy_microwon": 5_000_000 * WON + 1}, "subsidy_microwon"),
    ],
)
def test_amendment_is_refused_by_its_field(town, running, change, field) -> None:
    row = Agreement.objects.get(award=running())
    refusal = town.op1.refused(
        f"/agreements/{row.id}/amendments", "programme.amendment.invalid", reason="r", **change
    )
    assert refusal.fields["field"] == field


def test_amount_goes_up_from_the_allotment_and_down_to_it(town, running) -> None:
    award = running()
    row = Agreement.objects.get(award=award)

    def amend(won: int) -> dict:
        made = town.op1.post(
            f"/agreements/{row.id}/amendments", reason="r", subsidy_microwon=won * WON
        )
        for desk in (town.op1, town.hana, town.nuri):
            done = desk.post(f"/amendments/{made['id']}/sign", sha256=made["terms_sha256"])
        return done

    amend(12_000_000)
    assert (town.sums()["B300"], town.sums()["B310"]) == (33_000_000, 7_000_000)
    amend(6_000_000)
    assert (town.sums()["B300"], town.sums()["B310"]) == (39_000_000, 1_000_000)
    town.wells()


def test_nobody_is_asked_to_sign_for_more_than_the_call_has_left(town, running) -> None:
    """The last to sign, a supplier, would be refused over money of which it knows nothing."""
    row = Agreement.objects.get(award=running())
    call, held = row.award.call, row.award.amount_microwon
    left = (call.budget_microwon - held) // WON
    path, words = f"/agreements/{row.id}/amendments", {"reason": "more"}
    most = held + left * WON
    refusal = town.op1.refused(
        path, "programme.budget.exceeded", subsidy_microwon=most + WON, **words
    )
    assert refusal.fields["needed_microwon"] == (left + 1) * WON
    assert refusal.fields["available_microwon"] == left * WON
    assert not row.amendments.exists()
    assert town.op1.post(path, subsidy_microwon=most, **words)["state"] == "proposed"


def test_amendment_that_changes_nothing_is_not_sent_to_anybody(town, running) -> None:
    row = Agreement.objects.get(award=running())
    path, same = f"/agreements/{row.id}/amendments", row.terms
    asked = {
        "use_ends_on": same["use_ends_on"], "supplier": "nuri",
        "offerings": same["offerings"], "subsidy_microwon": same["subsidy_microwon"],
    }  # fmt: skip
    refusal = town.op1.refused(path, "programme.amendment.invalid", reason="r", **asked)
    assert refusal.fields["reason"] == "nothing is changed"
    made = town.op1.post(path, reason="r", **asked | {"use_ends_on": "2026-11-30"})
    assert made["changes"] == {"use_ends_on": "2026-11-30"}


def test_more_time_is_signed_while_there_is_something_to_use(town, running) -> None:
    """A text in force that names a last day to come, over a voucher that has expired."""
    award = running()
    row = Agreement.objects.get(award=award)
    path = f"/agreements/{row.id}/amendments"
    made = town.op1.post(path, reason="r", use_ends_on="2026-04-30")
    for desk in (town.op1, town.hana, town.nuri):
        desk.post(f"/amendments/{made['id']}/sign", sha256=made["terms_sha256"])
    town.at("2026-04-29 09:00")
    longer = {"reason": "r", "use_ends_on": "2026-10-31"}
    made = town.op1.post(path, **longer)
    assert made["sign_due_at"] == "2026-04-30T15:00:00Z", "the voucher's end comes first"
    sha, sign_path = {"sha256": made["terms_sha256"]}, f"/amendments/{made['id']}/sign"
    for desk in (town.op1, town.hana):
        desk.post(sign_path, **sha)
    town.at("2026-05-01 00:00")
    town.nuri.refused(sign_path, "programme.signature.late", **sha)
    town.duties()
    refusal = town.op1.refused(path, "programme.amendment.invalid", **longer)
    assert refusal.fields["reason"] == "the voucher has ended"
    assert town.op1.get(f"/agreements/{row.id}")["terms"]["use_ends_on"] == "2026-04-30"
    wish = {"kind": "carry_over", "text": "late", "until_on": "2026-10-31"}
    path = f"/vouchers/{award.voucher.code}/petitions"
    asked = town.hana.refused(path, "programme.amendment.invalid", **wish)
    assert asked.fields == refusal.fields


def test_more_time_is_signed_for_a_voucher_that_was_never_issued(town, decided) -> None:
    """Who moved up late signs after the call's last day of use, and can use nothing before."""
    award = decided()
    sign(town, award)
    row = Agreement.objects.get(award=award)
    path = f"/agreements/{row.id}/amendments"

    def amend(last_day: str) -> None:
        made = town.op1.post(path, reason="r", use_ends_on=last_day)
        for desk in (town.op1, town.hana, town.nuri):
            desk.post(f"/amendments/{made['id']}/sign", sha256=made["terms_sha256"])

    amend("2026-03-31")
    town.at("2026-04-01 00:00")
    amend("2026-10-31")
    award.refresh_from_db()
    assert award.voucher.expires_at.isoformat() == "2026-10-31T15:00:00+00:00"
    town.op1.post(
        f"/awards/{award.id}/deposits", payer="hana", reference=town.reference(),
        amount_microwon=award.copayment.cash_microwon, received_at=town.now,
    )  # fmt: skip
    assert town.op2.post(f"/awards/{award.id}/voucher")["state"] == "active"


def test_amendment_of_what_was_terminated_is_not_signed(town, running) -> None:
    award = running()
    row = Agreement.objects.get(award=award)
    path = f"/agreements/{row.id}"
    made = town.op1.post(path + "/amendments", reason="r", use_ends_on="2026-10-31")
    town.op1.post(path + "/terminate", reason="the firm closes down")
    refusal = town.hana.refused(
        f"/amendments/{made['id']}/sign", "programme.amendment.invalid",
        sha256=made["terms_sha256"],
    )  # fmt: skip
    assert refusal.fields["reason"] == "the voucher has ended"


def test_unsigned_amendment_lapses_and_the_agreement_stays(town, running) -> None:
    row = Agreement.objects.get(award=running())
    made = town.op1.post(f"/agreements/{row.id}/amendments", reason="r", offerings=["nuri/*"])
    town.after(days=30)
    town.hana.refused(
        f"/amendments/{made['id']}/sign", "programme.signature.late",
        sha256=made["terms_sha256"],
    )  # fmt: skip
    town.duties()
    (shown,) = town.hana.get("/amendments")
    assert shown["state"] == "lapsed"
    assert town.op1.get(f"/agreements/{row.id}")["state"] == "signed"


def test_terminated_agreement_ends_use_and_gives_unreleased_parts_back(
    town, running, use, paid
) -> None:
    award = running()
    spend(town, use, award, 10)
    row = Agreement.objects.get(award=award)
    town.hana.refused(f"/agreements/{row.id}/terminate", "core.request.not_allowed", reason="r")
    done = town.op1.post(f"/agreements/{row.id}/terminate", reason="the firm closes down")
    assert done["state"] == "terminated"
    found = town.sums()
    assert ("B310" in found, found["B300"], found["B600"]) == (False, 40_000_000, 4_200_000)
    town.op1.refused(
        "/usage", "voucher.state.expired", voucher=award.voucher.code, offering="nuri/report",
        quantity=1, id="late",
    )  # fmt: skip
    paid()
    town.wells()


def test_agreement_terminated_before_the_deposit_lapses_its_award(town, decided) -> None:
    award = decided()
    sign(town, award)
    row = Agreement.objects.get(award=award)
    town.op1.post(f"/agreements/{row.id}/terminate", reason="no longer wanted")
    award.refresh_from_db()
    assert (award.state, award.voucher.state) == ("lapsed", "cancelled")
    assert "B310" not in town.sums()
    town.wells()


def test_execution_check_with_improvement(town, running) -> None:
    award = running()
    path = f"/awards/{award.id}/checks"
    made = town.op1.post(path, kind="on_site", due_at="2026-06-30T15:00:00Z")
    result = f"/checks/{made['id']}/result"
    town.hana.refused(result, "core.request.not_allowed", result="passed", reason="all is well")
    asked = town.op2.post(result, result="improve", reason="keep a log")
    assert asked["state"] == "improve"
    assert asked["measured"]["uses"] == 0
    town.op2.refused(
        result, "parties.workflow.not_allowed_now", result="improve", reason="again"
    )
    assert town.op2.post(result, result="passed", reason="a log is kept")["state"] == "passed"
    other = town.op1.post(path, kind="mid", due_at="2026-07-31T15:00:00Z")
    failed = town.op2.post(f"/checks/{other['id']}/result", result="failed", reason="no work")
    assert failed["state"] == "failed"
    assert [row["state"] for row in town.hana.get(path)] == ["passed", "failed"]


def test_own_part_in_kind_is_pledged_and_shown_piece_by_piece(town, running) -> None:
    from madang.parties.models import Document

    award = running()
    path = f"/awards/{award.id}/in-kind"
    town.op1.post(path + "/pledges", amount_microwon=1_000_000 * WON)
    paper = Document.objects.create(
        sha256="0" * 64, size_bytes=1, media_type="application/pdf", file_name="f.pdf",
        organisation=award.organisation, uploaded_at=town.now,
    )  # fmt: skip
    body = {"document": paper.id, "amount_microwon": 600_000 * WON}
    first = town.hana.post(path, **body)
    refusal = town.hana.refused(path, "programme.in_kind.too_large", **body)
    assert refusal.fields["left_microwon"] == 400_000 * WON
    town.hana.refused(f"/in-kind/{first['id']}/accept", "core.request.not_allowed")
    town.op1.post(f"/in-kind/{first['id']}/accept")
    second = town.hana.post(path, document=paper.id, amount_microwon=400_000 * WON)
    town.op1.post(f"/in-kind/{second['id']}/reject", reason="not ours")
    found = town.sums()
    assert (found["K100"], found["K150"], found["K200"]) == (600_000, 400_000, 1_000_000)
    assert found["2200"] == 1_875_000  # in kind funds no charge
    town.wells()


def ended(town, award: Award) -> str:
    """Past the last day, with the result report accepted: the settlement's path."""
    town.at("2027-01-05 10:00")
    town.duties()
    accept_report(town, "result")
    (row,) = town.hana.get("/project-settlements")
    assert row["award"] == str(award.id)
    return f"/project-settlements/{row['id']}"


def test_small_project_is_settled_and_what_is_left_goes_back(town, running, use, paid) -> None:
    award = running(tranches=("1/1",))
    spend(town, use, award, 100)
    paid()
    town.op1.refused(f"/awards/{award.id}/settlement", "programme.settlement.not_ready")
    town.at("2027-01-05 10:00")
    town.duties()
    (row,) = town.hana.get("/project-settlements")
    path = f"/project-settlements/{row['id']}"
    refusal = town.hana.refused(path + "/submit", "programme.settlement.not_ready")
    assert "result report" in refusal.fields["reason"]
    accept_report(town, "result")
    shown = town.hana.post(path + "/submit")
    assert shown["figures"]["consumed_microwon"] == 8_000_000 * WON
    assert (shown["needs_verification"], shown["needs_audit"]) == (False, False)
    assert town.op1.post(path + "/confirm")["state"] == "confirmed"
    done = town.op1.post(path + "/return")
    assert done["state"] == "returned"
    row = Agreement.objects.get(award=award)
    assert row.state == "completed"
    found = town.sums()
    assert found["2600"] == 3_750_000 - 3_000_000
    assert "B600" not in found
    back = town.op1.post(f"/vouchers/{award.voucher.code}/deposit-return")
    assert back["amount_microwon"] == 750_000 * WON
    town.op1.refused(
        f"/vouchers/{award.voucher.code}/deposit-return", "deposit.return.nothing_owed"
    )
    town.op1.refused(f"/deposit-returns/{back['id']}/approve", "parties.approval.same_person")
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    town.op1.post(f"/deposit-returns/{back['id']}/fail", reason="account closed")
    again = town.op1.post(f"/vouchers/{award.voucher.code}/deposit-return")
    town.op2.post(f"/deposit-returns/{again['id']}/approve")
    assert town.op1.post(f"/deposit-returns/{again['id']}/pay")["state"] == "paid"
    assert not {"1110", "2600", "2200"} & town.sums().keys()
    town.wells()


def test_large_project_is_verified_audited_and_its_findings_dealt_with(
    town, running, use, paid
) -> None:
    from madang.parties.policies.actions import declare_policy

    award = running(tranches=("1/1",))
    declare_policy(
        town.system, kind="execution", valid_from=town.now, at=town.now,
        changes={"verification_won": 10_000_000, "audit_won": 10_000_000},
    )  # fmt: skip
    spend(town, use, award, 50)
    paid()
    path = ended(town, award)
    town.hana.post(path + "/submit")
    refusal = town.op2.refused(path + "/confirm", "programme.settlement.not_ready")
    assert "accountant" in refusal.fields["reason"]
    town.op1.post(path + "/verify", verifier="cpa-7")
    refusal = town.op2.refused(path + "/confirm", "programme.settlement.not_ready")
    assert "audit" in refusal.fields["reason"]
    found = town.op1.post(
        path + "/findings", ground="requirement", amount_microwon=100_000 * WON,
        reason="no delivery note",
    )  # fmt: skip
    row = ProjectSettlement.objects.get(award=award)
    assert (row.state, row.needs_verification, row.needs_audit) == ("findings", True, True)
    refusal = town.op2.refused(path + "/confirm", "programme.settlement.not_ready")
    assert "audit" in refusal.fields["reason"]
    town.hana.refused(path + "/audit", "core.request.not_allowed", audit_sha256="a" * 64)
    town.op1.post(path + "/audit", audit_sha256="a" * 64)
    refusal = town.op2.refused(path + "/confirm", "programme.settlement.not_ready")
    assert "finding" in refusal.fields["reason"]
    case = town.op1.post(
        "/cases", award=award.id, ground="requirement", reason="finding",
        found_microwon=100_000 * WON,
    )  # fmt: skip
    town.op1.post(f"/findings/{found['id']}/answer", case=case["id"], reason="a case")
    town.op1.refused(path + "/confirm", "parties.approval.same_person")
    assert town.op2.post(path + "/confirm")["state"] == "confirmed"
    refusal = town.op1.refused(path + "/return", "programme.settlement.not_ready")
    assert "case" in refusal.fields["reason"]
    town.op2.post(f"/cases/{case['id']}/drop", reason="the note was found")
    assert town.op1.post(path + "/return")["state"] == "returned"
    town.wells()

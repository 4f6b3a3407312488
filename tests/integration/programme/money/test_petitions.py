"""What holders of vouchers ask of the agency: objections, more time, corrections."""

from __future__ import annotations

import pytest

from madang.parties.models import Event, Notice
from madang.programme.models import Flag
from madang.programme.petitions.workflow import PETITION

WON = 1_000_000
WISH = {"kind": "usage", "text": "we never received it"}


@pytest.fixture
def objected(town, granted, use):
    """hana objects to its one charge of a million won; the petition and the charge's number."""
    granted()
    use("v-hana", 10)
    (charge,) = town.hana.get("/charges")
    made = town.hana.post("/vouchers/v-hana/petitions", **WISH, charge=charge["no"])
    return made["id"], charge["no"]


def test_objection_is_answered_and_granted_with_its_refund(town, objected) -> None:
    petition, charge = objected
    assert [row["id"] for row in town.nuri.get("/petitions")] == [petition]
    assert town.mirae.get("/petitions") == []
    answered = town.nuri.post(f"/petitions/{petition}/answer", text="half of it was late")
    assert answered["state"] == "answered"
    before = town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]
    grant = {"refund_microwon": 500_000 * WON, "reason": "half back"}
    done = town.op1.post(f"/petitions/{petition}/grant", **grant)
    assert (done["state"], done["refunded_microwon"]) == ("granted", 500_000 * WON)
    assert [word["side"] for word in done["words"]] == ["holder", "supplier", "agency"]
    after = town.op1.get("/vouchers/v-hana")["supply"]["spendable_microwon"]
    assert after - before == 500_000 * WON
    town.op1.refused(
        f"/petitions/{petition}/grant", "parties.workflow.not_allowed_now", **grant
    )
    told = Notice.objects.filter(kind="programme.petition.granted")
    assert {row.recipient.email for row in told} == {"ceo@hana.example", "s@nuri.example"}
    again = town.hana.post("/vouchers/v-hana/petitions", **WISH, charge=charge)
    assert again["state"] == "asked", "what is left of the charge can be objected to again"
    town.wells()


def test_refund_that_is_refused_leaves_the_petition_as_it_was(town, objected) -> None:
    petition, _ = objected
    town.op1.refused(
        f"/petitions/{petition}/grant", "charge.refund.too_large",
        refund_microwon=1_000_001 * WON, reason="too much",
    )  # fmt: skip
    assert town.hana.get(f"/petitions/{petition}")["state"] == "asked"
    town.wells()


@pytest.mark.parametrize(
    ("who", "step", "body", "code"),
    [
        ("mirae", "answer", {"text": "not mine"}, "core.request.not_found"),
        ("duri", "withdraw", {}, "core.request.not_found"),
        ("hana", "answer", {"text": "t"}, "core.request.not_allowed"),
        ("hana", "refuse", {"reason": "r"}, "core.request.not_allowed"),
        ("nuri", "grant", {"reason": "r"}, "core.request.not_allowed"),
        ("op1", "grant", {"reason": "r"}, "programme.petition.invalid"),
        ("op1", "grant", {"reason": " ", "refund_microwon": 1}, "programme.reason.missing"),
        ("op1", "refuse", {"reason": " "}, "programme.reason.missing"),
    ],
)
def test_what_nobody_may_do_with_an_objection(town, objected, who, step, body, code) -> None:
    petition, _ = objected
    getattr(town, who).refused(f"/petitions/{petition}/{step}", code, **body)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"kind": "usage"}, "programme.petition.invalid"),
        ({"kind": "other", "until_on": "2026-12-31"}, "programme.petition.invalid"),
        ({"kind": "carry_over"}, "programme.petition.invalid"),
        ({"kind": "usage", "charge": 999_999}, "core.request.not_found"),
    ],
)
def test_wish_and_what_it_names_go_together(town, granted, wish, code) -> None:
    granted()
    town.hana.refused("/vouchers/v-hana/petitions", code, text="t", **wish)


def test_charge_is_objected_to_once_at_a_time_and_every_end_is_reached(town, objected) -> None:
    petition, charge = objected
    path = "/vouchers/v-hana/petitions"
    town.hana.refused(path, "parties.workflow.not_allowed_now", **WISH, charge=charge)
    assert town.hana.post(f"/petitions/{petition}/withdraw")["state"] == "withdrawn"
    second = town.hana.post(path, **WISH, charge=charge)["id"]
    assert town.op1.post(f"/petitions/{second}/refuse", reason="it came")["state"] == "refused"
    third = town.hana.post(path, kind="correction", text="the deposit is another's")["id"]
    town.nuri.refused(f"/petitions/{third}/answer", "core.request.not_found", text="t")
    assert town.op1.post(f"/petitions/{third}/grant", reason="so it is")["state"] == "granted"
    fourth = town.hana.post(path, **WISH, charge=charge)["id"]
    town.nuri.post(f"/petitions/{fourth}/answer", text="it came")
    reached = set(Event.objects.filter(subject_type="petition").values_list("after", flat=True))
    assert reached == {state.code for state in PETITION.states}


def test_more_time_needs_an_agreement_that_every_party_signs(town, granted) -> None:
    granted()
    wish = {"kind": "carry_over", "text": "late", "until_on": "2026-12-30"}
    path = "/vouchers/v-hana/petitions"
    town.hana.refused(path, "programme.petition.no_agreement", **wish)
    assert town.op1.get("/petitions") == [], "nobody waits for what cannot be given"
    town.hana.post(path, kind="other", text="two months more")
    queue = {row["kind"] for row in town.op1.get("/exceptions")}
    assert "petition.other" in queue


def test_confirmed_finding_opens_one_case_with_its_evidence(town, granted) -> None:
    award = granted()
    flag = Flag.objects.create(
        kind="payback", key="payback:test", evidence_sha256="a" * 64,
        evidence={"voucher": str(award.voucher_id), "receipts": []},
        found_at=town.now, changed_at=town.now,
    )  # fmt: skip
    flag.organisations.set([award.organisation])
    path, body = f"/flags/{flag.id}/case", {"ground": "fraud", "reason": "one hand"}
    body |= {"award": str(award.id), "found_microwon": 10_000 * WON}
    town.op1.refused(path, "programme.flag.not_confirmed", **body)
    town.op1.post(f"/flags/{flag.id}/decide", is_confirmed=True, reason="one hand")
    made = town.op1.post(path, **body)
    assert town.op2.post(path, **body) == made, "opened again, it is the same case"
    flag.evidence, flag.evidence_sha256 = {"voucher": "", "receipts": [1]}, "b" * 64
    flag.save()
    (case,) = award.cases.all()
    assert case.evidence == {"voucher": str(award.voucher_id), "receipts": []}
    assert case.evidence_sha256 == "a" * 64
    other = {**body, "award": str(award.id)}
    flag.organisations.clear()
    town.op1.refused(path, "programme.flag.not_confirmed", **other)


@pytest.mark.parametrize(
    ("who", "step", "state"), [("op1", "refuse", "refused"), ("hana", "withdraw", "withdrawn")]
)
def test_answered_petition_is_refused_or_taken_back(town, objected, who, step, state) -> None:
    petition, _ = objected
    town.nuri.post(f"/petitions/{petition}/answer", text="we delivered in time")
    done = getattr(town, who).post(f"/petitions/{petition}/{step}", reason="so it was")
    assert done["state"] == state

"""A call that supports two sizes of firm at two ratios, over the API, until its year is zero.

Goal: money of both ratios goes the whole way side by side, and nothing of it is left over.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.integration.programme.money.conftest import Desk, as_the_application, sign

from madang.parties.organisations.actions import declare_organisation
from madang.programme.models import Award, Call
from madang.programme.years.queries import public_figures

WON = 1_000_000
YEAR = "/years/api-voucher/2026"
SECTIONS = {"done": "we called models", "effect": "faster", "problems": "none"}
WORDS = {
    "code": "c-sizes", "programme": "api-voucher", "title_ko": "공고", "title_en": "Call",
    "opens_at": "2026-03-04T09:00:00+09:00", "closes_at": "2026-03-24T15:00:00+09:00",
    "budget_microwon": 20_000_000 * WON,
    "criteria": [{"code": "plan", "weight": 40}, {"code": "effect", "weight": 60}],
    "rules": {"panel": 5, "quorum": 3},
}  # fmt: skip
DEPOSITS_WON = {"hana": 2_625_000, "duri": 8_400_000}
"""For 7 million won each: hana at 4/5, duri at 1/2."""


@pytest.fixture
def issued(town, apply_for, decide) -> dict[str, Award]:
    """hana, a small firm, and duri, a large one, each with a voucher of 7 million won."""
    _grow(town, "duri", "large")
    town.op1.post("/calls", **WORDS, terms={"subsidy_ratio_by_size": {"large": "1/2"}})
    town.op2.post("/calls/c-sizes/approve")
    call = Call.objects.get(code="c-sizes")
    decide(call, {apply_for("hana", 7_000_000, to=call): 95, _large(town, apply_for, call): 80})
    as_the_application()
    town.at("2026-03-25 10:00")
    awards = {one.organisation.code: one for one in Award.objects.all()}
    for firm, award in awards.items():
        sign(town, award, town.op1, getattr(town, firm))
        _pay(town, firm, award)
    return awards


def _grow(town, code: str, kind: str) -> None:
    declare_organisation(
        town.system, code=code, name_ko=code, name_en=code, kind=kind,
        registration_no="101-81-00002", at=town.now,
    )  # fmt: skip


def _large(town, apply_for, call):
    """The fixture enters its firms as small ones; the register knows better."""
    row = apply_for("duri", 7_000_000, to=call)
    _grow(town, "duri", "large")
    row.organisation.refresh_from_db()
    return row


def _pay(town, firm: str, award: Award) -> None:
    award.refresh_from_db()
    assert award.copayment.cash_microwon == DEPOSITS_WON[firm] * WON
    town.op1.post(
        f"/awards/{award.id}/deposits", payer=firm, reference=town.reference(),
        amount_microwon=award.copayment.cash_microwon, received_at=town.now,
    )  # fmt: skip
    assert town.op2.post(f"/awards/{award.id}/voucher")["state"] == "active"


def _use(town, award: Award, quantity: int) -> None:
    award.refresh_from_db()
    town.op1.post(
        "/usage", voucher=award.voucher.code, offering="mirae/report", quantity=quantity,
        id=f"d-{uuid4().hex}",
    )  # fmt: skip


def _settle(town, desk: Desk, award: Award) -> None:
    row = next(
        row for row in desk.get("/reports")
        if (row["award"], row["kind"]) == (str(award.id), "result")
    )  # fmt: skip
    desk.post(f"/reports/{row['id']}/submit", sections=SECTIONS)
    town.op1.post(f"/reports/{row['id']}/accept")
    rows = town.op1.get("/project-settlements")
    path = next(r["id"] for r in rows if r["award"] == str(award.id))
    desk.post(f"/project-settlements/{path}/submit")
    town.op2.post(f"/project-settlements/{path}/confirm")
    town.op1.post(f"/project-settlements/{path}/return")
    back = town.op1.post(f"/vouchers/{award.voucher.code}/deposit-return")
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    town.op1.post(f"/deposit-returns/{back['id']}/pay")


def test_year_of_a_call_with_two_sizes_closes_to_zero(town, issued, paid, year) -> None:
    _grow(town, "duri", "sme")  # from here on nothing looks at it
    town.at("2026-04-10 10:00")
    for quantity in (7, 26, 100):
        for award in issued.values():
            _use(town, award, quantity)
    town.wells()
    town.at("2026-05-02 09:00")
    # 3,990,046.55 of supply each. hana: 3,192,037 at 4/5 and 798,009 of its own, with 399,004
    # of VAT; duri: 1,995,023 at 1/2 and as much of its own, with as much VAT
    assert paid("mirae", "2026-04") == [5_187_060, 2_793_032 + 798_008]
    (figures,) = public_figures()
    assert figures.executed_microwon == 5_187_060_515_000
    town.at("2027-01-01 00:00")
    town.op1.post("/due")
    town.at("2027-01-05 10:00")
    for firm, award in issued.items():
        _settle(town, getattr(town, firm), award)
    town.op1.post("/calls/c-sizes/archive")
    town.op1.post("/calls/c-2026-1/cancel", reason="a fixture's")
    assert town.auditor.get(YEAR)["open"] == []
    town.op1.post(YEAR + "/begin-close")
    (owed,) = town.op1.get(YEAR + "/treasury")
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    assert town.op2.post(YEAR + "/close")["state"] == "closed"
    town.wells()
    assert town.sums() == dict.fromkeys(("4100", "5100", "B100", "B500"), 5_187_060)


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"tiny": "1/2"}, "programme.term.invalid"),
        ({"large": "5/4"}, "programme.term.invalid"),
        ({"large": "1/999999999"}, "programme.term.invalid"),
        ({"large": "1/101"}, "programme.term.invalid"),
        ({}, "programme.term.invalid"),
        ({"large": 1}, "portal.form.invalid"),
    ],
)
def test_ratios_that_the_api_refuses(town, stated, code) -> None:
    terms = {"subsidy_ratio_by_size": stated}
    refused = town.op1.refused("/calls", code, **WORDS, terms=terms)
    assert "subsidy_ratio_by_size" in str(refused.fields)
    assert not Call.objects.exists()


def test_draft_is_written_anew_over_the_api(town) -> None:
    terms = {"subsidy_ratio_by_size": {"large": "1/2"}}
    assert terms.items() <= town.op1.post("/calls", **WORDS, terms=terms)["terms"].items()
    changed = town.op1.put("/calls/c-sizes", **WORDS)
    assert "subsidy_ratio_by_size" not in changed["terms"]

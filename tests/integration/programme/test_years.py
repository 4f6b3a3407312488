"""Programme years: the budget is posted in full, raised and lowered by differences."""

from __future__ import annotations

from datetime import date

import pytest

from madang.core.errors import NotAllowed
from madang.core.money import Ratio
from madang.parties.errors import FourEyes
from madang.programme.errors import (
    AmountInvalid,
    ApprovalMissing,
    BudgetCommitted,
    PeriodInvalid,
    ProgrammeUnknown,
    TermInvalid,
    YearExists,
)
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.years.queries import budgets_of, year_on


def test_budget_is_posted_in_full_once(declare_year, sums) -> None:
    outcomes = [declare_year().outcome for _ in range(2)]
    assert outcomes == ["created", "unchanged"]
    full = 100_000_000
    assert sums() == {"1100": full, "2100": full, "B100": full, "B200": full}


def test_raising_and_lowering_post_the_difference(declare_year, won, sums) -> None:
    for budget in (100, 130, 90):
        outcome = declare_year(budget_microwon=won(budget)).outcome
    assert outcome == "changed"
    assert sums() == {"1100": 90, "2100": 90, "B100": 90, "B200": 90}
    figures = budgets_of([declare_year(budget_microwon=won(90)).row])[0]
    assert (figures.appropriation_microwon, figures.bank_microwon) == (won(90), won(90))


def test_new_name_changes_and_posts_nothing(declare_year, sums) -> None:
    declare_year()
    before = sums()
    assert declare_year(name_en="API voucher").outcome == "changed"
    assert declare_year(ends_on=date(2026, 11, 30)).outcome == "changed"
    assert sums() == before


def test_budget_is_not_lowered_below_what_is_committed(
    declare_year, system, firm, won, sums, at
) -> None:
    declare_year()
    firm("hana")
    terms = GrantTerms(
        "v", "api-voucher", "hana", won(60_000_000), 0, date(2026, 12, 31), ["*"]
    )
    grant_directly(system, terms, at=at)
    before = sums()
    with pytest.raises(BudgetCommitted) as caught:
        declare_year(budget_microwon=won(59_999_999))
    assert caught.value.fields["available_microwon"] == won(40_000_000)
    assert sums() == before
    declare_year(budget_microwon=won(60_000_000))


def test_terms_are_frozen_once_a_call_exists(declare_year, system, firm, won, at) -> None:
    declare_year()
    assert declare_year(subsidy_ratio=Ratio(7, 10)).outcome == "changed"
    firm("hana")
    terms = GrantTerms("v", "api-voucher", "hana", won(1_000), 0, date(2026, 12, 31), ["*"])
    grant_directly(system, terms, at=at)
    with pytest.raises(YearExists):
        declare_year(subsidy_ratio=Ratio(4, 5))
    same = declare_year(subsidy_ratio=Ratio(14, 20), vat_rate=Ratio(10, 100))
    assert same.outcome == "unchanged", "7/10 is 14/20"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"subsidy_ratio": Ratio(1, 101)}, TermInvalid),
        ({"subsidy_ratio": Ratio(0, 1)}, TermInvalid),
        ({"budget_microwon": 1}, AmountInvalid),
        ({"budget_microwon": -1_000_000}, AmountInvalid),
        ({"ends_on": date(2025, 12, 31)}, PeriodInvalid),
    ],
)
def test_year_is_refused(declare_year, change, refusal) -> None:
    with pytest.raises(refusal):
        declare_year(**change)


def test_inv_i7_money_needs_a_second_person_outside_test_mode(
    declare_year, operators, kim, system, monkeypatch
) -> None:
    monkeypatch.setenv("MADANG_TEST", "0")
    one, two = operators
    for actor in (one, system):
        with pytest.raises(ApprovalMissing):
            declare_year(actor=actor)
    with pytest.raises(FourEyes):
        declare_year(actor=one, approver=one)
    with pytest.raises(NotAllowed):
        declare_year(actor=one, approver=kim)
    with pytest.raises(NotAllowed):
        declare_year(actor=kim)
    row = declare_year(actor=one, approver=two).row
    change = row.budget_changes.get()
    assert (change.declared_by, change.approved_by) == (one.id, two.id)


def test_year_is_found_by_the_day(year) -> None:
    assert year_on("api-voucher", date(2026, 12, 31)) == year
    for programme, day in (("api-voucher", date(2027, 1, 1)), ("other", date(2026, 5, 1))):
        with pytest.raises(ProgrammeUnknown):
            year_on(programme, day)

"""Multi-year plans: promised by year and ministry, the rest told by the ledger."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madang.core.errors import NotAllowed, NotFound
from madang.ledger import postings
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.errors import (
    AmountInvalid,
    LineTaken,
    NotAMinistry,
    PeriodInvalid,
    ProgrammeUnknown,
)
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.models import Goal, Plan
from madang.programme.money import stamp
from madang.programme.plans.actions import (
    GoalTerms,
    LineTerms,
    confirm_goal,
    declare_plan,
    reject_goal,
    report_goal,
)
from madang.programme.plans.queries import (
    Figures,
    by_ministry,
    goals_of,
    is_overdue,
    lines_of,
    plan_by_code,
    total_of,
    totals,
)
from madang.programme.years.queries import public_figures

GOAL = GoalTerms("tape-out", "시제품", "First silicon", date(2026, 9, 30))


@pytest.fixture
def plan(system, year, firm, won, at):
    """`plan(lines=[…])`: two ministries, two years, one goal."""
    firm("msit", "public")
    firm("motie", "public")

    def make(**change):
        facts = {
            "code": "pim",
            "name_ko": "PIM 반도체",
            "name_en": "PIM chips",
            "source": "",
            "lines": [
                LineTerms(2026, "api-voucher", "msit", won(90_000_000)),
                LineTerms(2027, "api-voucher", "motie", won(70_000_000)),
            ],
            "goals": [GOAL],
            "at": at,
        }
        return declare_plan(change.pop("actor", system), **(facts | change))

    return make


@pytest.fixture
def paper(operators, tmp_path, at):
    def make(text: bytes = b"%PDF-1.7 shown"):
        return store_document(
            operators[0],
            chunks=[text],
            file_name="shown.pdf",
            media_type="application/pdf",
            organisation=None,
            store=DocumentStore(tmp_path),
            at=at,
        ).id

    return make


def test_plan_is_made_once_and_changed_by_what_differs(plan, won) -> None:
    assert [plan().outcome for _ in range(2)] == ["created", "unchanged"]
    lines = [LineTerms(2027, "api-voucher", "msit", won(80_000_000))]
    assert plan(lines=lines).outcome == "changed"
    found = {one.line.year: one for one in lines_of(plan_by_code("pim"))}
    assert found[2027].line.planned_microwon == won(80_000_000)
    assert found[2027].line.ministry.code == "msit"
    assert found[2026].line.planned_microwon == won(90_000_000), "silence unsays nothing"


def test_figures_follow_the_ledger(plan, system, firm, won, at) -> None:
    row = plan().row
    firm("hana")
    terms = GrantTerms(
        "v", "api-voucher", "hana", won(60_000_000), 0, date(2026, 12, 31), ["*"]
    )
    grant_directly(system, terms, at=at)
    lines = lines_of(row)
    assert [one.figures for one in lines] == [
        Figures(won(90_000_000), won(100_000_000), won(60_000_000), 0),
        Figures(won(70_000_000), 0, 0, 0),
    ]
    assert set(by_ministry(lines)) == {"msit", "motie"}
    assert total_of(lines).planned == won(160_000_000)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ((2026, "none", "msit", 0), ProgrammeUnknown),
        ((2026, "api-voucher", "hana", 0), NotAMinistry),
        ((2026, "api-voucher", "msit", 1), AmountInvalid),
        ((2026, "api-voucher", "msit", -1_000_000), AmountInvalid),
    ],
)
def test_line_is_refused_and_nothing_stays(plan, firm, line, refusal) -> None:
    firm("hana")
    with pytest.raises(refusal):
        plan(lines=[LineTerms(*line)])
    assert not Plan.objects.exists()


def test_year_of_a_programme_belongs_to_one_plan(plan, won) -> None:
    plan()
    with pytest.raises(LineTaken) as caught:
        plan(code="other", lines=[LineTerms(2026, "api-voucher", "msit", won(1))])
    assert caught.value.fields["plan"] == "pim"


def test_line_over_several_years_gathers_them_all(plan, declare_year, year, won) -> None:
    declare_year(year=2027, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
    line = LineTerms(2026, "api-voucher", "msit", won(402_700_000), 2028)
    row = plan(lines=[line]).row
    assert lines_of(row)[0].figures == Figures(won(402_700_000), won(200_000_000), 0, 0)
    with pytest.raises(LineTaken):
        plan(lines=[LineTerms(2027, "api-voucher", "msit", won(1))])
    with pytest.raises(PeriodInvalid):
        plan(lines=[LineTerms(2030, "api-voucher", "msit", won(1), 2029)])


def test_only_operators_enter_plans(plan, kim) -> None:
    with pytest.raises(NotAllowed):
        plan(actor=kim)


def test_goal_is_reached_when_a_second_person_says_so(plan, operators, paper, at) -> None:
    goal = goals_of(plan().row).get()
    assert is_overdue(goal, date(2026, 10, 1))
    assert not is_overdue(goal, date(2026, 9, 30)), "its day counts to the end"
    report_goal(operators[0], goal.id, evidence=paper(), at=at)
    with pytest.raises(FourEyes):
        confirm_goal(operators[0], goal.id, at=at)
    confirm_goal(operators[1], goal.id, at=at)
    goal.refresh_from_db()
    assert (goal.state, goal.reached_at) == ("reached", at)
    assert not is_overdue(goal, date(2027, 1, 1))
    with pytest.raises(TransitionNotAllowed):
        report_goal(operators[0], goal.id, evidence=paper(), at=at)


def test_goal_that_is_not_shown_is_open_again(plan, operators, paper, kim, at) -> None:
    goal = goals_of(plan().row).get()
    with pytest.raises(NotFound):
        report_goal(operators[0], goal.id, evidence=goal.id, at=at)
    report_goal(operators[0], goal.id, evidence=paper(), at=at)
    with pytest.raises(NotAllowed):
        reject_goal(kim, goal.id, reason="no", at=at)
    reject_goal(operators[1], goal.id, reason="another chip", at=at)
    assert Goal.objects.get(pk=goal.pk).state == "planned"


def test_what_the_programme_bore_is_spent_on_the_plan_as_on_the_front_page(
    plan, year, system, firm, won, at
) -> None:
    supplier = declare_supplier(system, code="nuri", name_ko="n", name_en="n", at=at).row
    postings.programme_borne(
        stamp(system, "year", year.id, "borne", at=at),
        programme_year=year.id, supplier=supplier.id, amount=won(7_000),
    )  # fmt: skip
    (first, *_) = lines_of(plan().row)
    (shown,) = public_figures()
    assert first.figures.spent == shown.executed_microwon == won(7_000)


def test_figures_of_a_plan_cost_no_more_with_more_vouchers_calls_and_awards(
    plan, system, firm, won, at
) -> None:
    row, asked = plan().row, []
    for number in range(6):
        firm(f"f{number}")
        terms = GrantTerms(
            f"v{number}", "api-voucher", f"f{number}", won(1_000_000), 0, date(2026, 12, 31),
            ["*"],
        )  # fmt: skip
        grant_directly(system, terms, at=at)
        with CaptureQueriesContext(connection) as queries:
            assert lines_of(row)[0].figures.committed == (number + 1) * won(1_000_000)
            ((_, total),) = totals()
        assert total.committed == (number + 1) * won(1_000_000)
        asked.append(len(queries))
    assert len(set(asked)) == 1, asked

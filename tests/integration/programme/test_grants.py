"""Direct grants: P3 to P6 through a hidden call; raised by differences, never lowered."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection

from madang.metering.errors import VoucherExists
from madang.metering.models import Voucher
from madang.metering.vouchers.queries import voucher_report
from madang.parties.errors import PartyUnknown
from madang.programme.calls.queries import calls_for
from madang.programme.errors import (
    AmountInvalid,
    ApprovalMissing,
    BudgetExceeded,
    GrantExists,
    GrantLowered,
    PeriodInvalid,
    ProgrammeUnknown,
)
from madang.programme.grants.actions import GrantTerms, grant_directly


@pytest.fixture
def terms(firm, won) -> GrantTerms:
    """The published example of the ledger's reference, section 6, at 4/5."""
    firm("hana")
    firm("duri")
    return GrantTerms(
        code="v-hana",
        programme="api-voucher",
        organisation="hana",
        subsidy_microwon=won(1_000_000),
        deposit_microwon=won(400_000),
        expires_on=date(2026, 12, 31),
        offerings=("nuri/*",),
    )


def test_grant_goes_from_the_budget_to_an_active_voucher(
    system, year, terms, sums, won, at
) -> None:
    declared = grant_directly(system, terms, at=at)
    assert (declared.outcome, declared.row.state) == ("created", "active")
    assert sums() == {
        "1100": 100_000_000,
        "1110": 400_000,
        "2100": 100_000_000,
        "2200": 400_000,
        "B100": 100_000_000,
        "B200": 99_000_000,
        "B400": 1_000_000,
    }
    report = voucher_report(system, "v-hana", at)
    assert report["subsidy"]["limit_microwon"] == won(1_000_000)
    assert report["supply"]["spendable_microwon"] == won(1_250_000)


def test_same_declaration_again_is_unchanged(system, year, terms, sums, at) -> None:
    grant_directly(system, terms, at=at)
    before = sums()
    assert grant_directly(system, terms, at=at).outcome == "unchanged"
    assert sums() == before


def test_raise_posts_the_difference_and_says_changed(
    system, year, terms, sums, won, at
) -> None:
    grant_directly(system, terms, at=at)
    raised = replace(terms, subsidy_microwon=won(1_500_000), deposit_microwon=won(600_000))
    assert grant_directly(system, raised, at=at).outcome == "changed"
    assert grant_directly(system, raised, at=at).outcome == "unchanged"
    found = sums()
    assert (found["B400"], found["2200"], found["B200"]) == (1_500_000, 600_000, 98_500_000)


def test_deposit_alone_is_raised(system, year, terms, sums, won, at) -> None:
    grant_directly(system, replace(terms, deposit_microwon=0), at=at)
    assert grant_directly(system, terms, at=at).outcome == "changed"
    assert (sums()["2200"], sums()["B400"]) == (400_000, 1_000_000)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"subsidy_microwon": 999_999_000_000}, GrantLowered),
        ({"deposit_microwon": 0}, GrantLowered),
        ({"organisation": "duri"}, GrantExists),
        ({"offerings": ("nuri/*", "duri/*")}, GrantExists),
        ({"expires_on": date(2026, 11, 30)}, GrantExists),
        ({"subsidy_microwon": 100_000_001_000_000}, BudgetExceeded),
    ],
)
def test_other_terms_are_refused_and_change_nothing(
    system, year, terms, sums, at, change, refusal
) -> None:
    grant_directly(system, terms, at=at)
    before = sums()
    with pytest.raises(refusal):
        grant_directly(system, replace(terms, **change), at=at)
    assert sums() == before


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"subsidy_microwon": 0}, AmountInvalid),
        ({"subsidy_microwon": 1}, AmountInvalid),
        ({"subsidy_microwon": -1_000_000}, AmountInvalid),
        ({"deposit_microwon": -1_000_000}, AmountInvalid),
        ({"offerings": ()}, PeriodInvalid),
        ({"organisation": "nobody"}, PartyUnknown),
        ({"programme": "other"}, ProgrammeUnknown),
        ({"expires_on": date(2027, 1, 1)}, ProgrammeUnknown),
        ({"subsidy_microwon": 100_000_001_000_000}, BudgetExceeded),
    ],
)
def test_grant_is_refused_and_leaves_nothing(
    system, year, terms, sums, at, change, refusal
) -> None:
    before = sums()
    with pytest.raises(refusal):
        grant_directly(system, replace(terms, **change), at=at)
    assert sums() == before
    assert not Voucher.objects.exists()


def test_code_of_another_voucher_is_refused(system, operators, year, terms, at) -> None:
    voucher = grant_directly(system, replace(terms, code="v-x"), at=at).row
    Voucher.objects.filter(pk=voucher.pk).update(code="v-hana")
    with pytest.raises(VoucherExists):
        grant_directly(system, terms, at=at)


def test_grant_needs_a_second_person_outside_test_mode(
    operators, year, terms, monkeypatch, at
) -> None:
    monkeypatch.setenv("MADANG_TEST", "0")
    one, two = operators
    with pytest.raises(ApprovalMissing):
        grant_directly(one, terms, at=at)
    assert grant_directly(one, terms, approver=two, at=at).outcome == "created"


def test_hidden_call_is_seen_nowhere(system, operators, year, terms, at) -> None:
    grant_directly(system, terms, at=at)
    for actor in (None, *operators):
        assert not calls_for(actor).exists()


def test_grants_at_once_never_pass_the_budget_and_one_code_is_made_once(
    committed_db, system, year, terms, sums, won, at
) -> None:
    """Goal: of eight threads for four codes at 30 of 100 million, three codes are granted."""
    start, outcomes = threading.Barrier(8), []

    def grant(code: str) -> None:
        wanted = replace(terms, code=code, subsidy_microwon=won(30_000_000))
        start.wait()
        try:
            outcomes.append(str(grant_directly(system, wanted, at=at).outcome))
        except BudgetExceeded:
            outcomes.append("exceeded")
        finally:
            connection.close()

    threads = [threading.Thread(target=grant, args=(f"v-{i % 4}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created"] * 3 + ["exceeded"] * 2 + ["unchanged"] * 3
    assert (sums()["B200"], sums()["B400"]) == (10_000_000, 90_000_000)

"""Rolling calls: one cut-off after another, to the microsecond, and no draft is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from madang.core.errors import NotAllowed, NotFound
from madang.parties.errors import FourEyes
from madang.parties.models import Organisation
from madang.portal.due import due_for
from madang.programme.applications.actions import (
    carry_application,
    save_application,
    start_application,
    submit_application,
)
from madang.programme.calls.actions import cancel_call, extend_call
from madang.programme.calls.phases import phase_at
from madang.programme.calls.series import approve_series, calls_of, create_series
from madang.programme.errors import (
    BudgetExceeded,
    CallExists,
    CallNotOpen,
    CallUnknown,
    CutOffInvalid,
    NothingToCarry,
    PeriodInvalid,
)
from madang.programme.models import Application, Call, CallSeries

MICRO = timedelta(microseconds=1)


@pytest.fixture
def cut_offs(seoul):
    return [seoul(f"2026-0{month}-28 18:00") for month in (3, 4, 5)]


@pytest.fixture
def series(operators, year, content, cut_offs, at):
    words = content(code="roll", budget_won=10_000_000)
    row = create_series(operators[0], year, words, cut_offs=cut_offs, at=at)
    return approve_series(operators[1], row.code, at=at)


def test_each_cut_off_is_a_call_and_they_follow_without_a_gap(series, cut_offs, sums) -> None:
    calls = calls_of(series)
    assert [call.code for call in calls] == ["roll-1", "roll-2", "roll-3"]
    assert [call.closes_at for call in calls] == cut_offs
    assert [call.opens_at for call in calls[1:]] == cut_offs[:-1]
    assert [call.budget_microwon // 10**6 for call in calls] == [
        3_333_334,
        3_333_333,
        3_333_333,
    ]
    assert sums()["B300"] == 10_000_000


def test_at_every_instant_exactly_one_call_is_open(series, cut_offs) -> None:
    calls = calls_of(series)
    for at in (cut_offs[0] - MICRO, cut_offs[0], cut_offs[1] - MICRO, cut_offs[1]):
        assert [phase_at(call, at) for call in calls].count("open") == 1


def test_extended_cut_off_opens_the_next_and_never_reaches_the_one_after(
    series, operators, kim, cut_offs
) -> None:
    first, second, third = calls_of(series)
    row = start_application(
        kim, first, Organisation.objects.get(code="hana"), at=first.opens_at
    )
    later = cut_offs[0] + timedelta(days=3)
    extend_call(operators[0], first.id, closes_at=later, reason="storm", at=first.opens_at)
    assert [call.opens_at for call in calls_of(series)[1:]] == [later, cut_offs[1]]
    for at in (cut_offs[0], later - MICRO, later):
        assert [phase_at(call, at) for call in calls_of(series)].count("open") == 1
    with pytest.raises(NothingToCarry):  # it can still be handed in where it is
        carry_application(kim, row.id, at=cut_offs[0])
    with pytest.raises(PeriodInvalid):
        extend_call(operators[0], first.id, closes_at=cut_offs[1], reason="x", at=later - MICRO)
    cancel_call(operators[0], second.id, reason="no money", at=later - MICRO)
    extend_call(operators[0], first.id, closes_at=cut_offs[1], reason="x", at=later - MICRO)
    third.refresh_from_db()
    assert third.opens_at == cut_offs[1]


def test_draft_that_missed_its_cut_off_goes_to_the_next(
    series, kim, won, cut_offs, operators
) -> None:
    first, second, _ = calls_of(series)
    hana = Organisation.objects.get(code="hana")
    row = start_application(kim, first, hana, at=cut_offs[0] - MICRO)
    save_application(
        kim, row.id, answers={"title": "t", "plan": "p"}, requested_microwon=won(1_000_000),
        at=cut_offs[0],
    )  # fmt: skip
    with pytest.raises(CallNotOpen):
        submit_application(kim, row.id, at=cut_offs[0])
    carried = carry_application(kim, row.id, at=cut_offs[0])
    assert (carried.call, carried.answers["title"]) == (second, "t")
    assert carried.form_version == first.form_version
    done = submit_application(kim, row.id, at=cut_offs[0])
    assert done.receipt_no == "roll-2-0001"
    with pytest.raises(NothingToCarry):
        carry_application(kim, row.id, at=cut_offs[1])


def test_draft_that_may_be_carried_on_is_due_until_the_next_cut_off(
    series, kim, cut_offs
) -> None:
    first, second, third = calls_of(series)
    hana = Organisation.objects.get(code="hana")
    row = start_application(kim, first, hana, at=cut_offs[0] - MICRO)

    def due(at):
        return [(one.what, one.until) for one in due_for(kim, at)]

    with translation.override("en"):
        assert due(cut_offs[0] - MICRO) == [("Hand in the application", cut_offs[0])]
        assert due(cut_offs[0]) == [("Take the draft to the next cut-off", cut_offs[1])]
        other = start_application(kim, second, hana, at=cut_offs[0])
        assert due(cut_offs[0]) == [("Hand in the application", cut_offs[1])]
        assert {one[0] for one in due(cut_offs[1])} == {"Take the draft to the next cut-off"}
        carry_application(kim, other.id, at=cut_offs[1])
        assert due(cut_offs[1]) == [("Hand in the application", cut_offs[2])], row.id
        assert due(cut_offs[2]) == [], third.code


def test_only_a_draft_is_carried_and_only_where_something_follows(
    series, kim, lee, call, cut_offs
) -> None:
    first, second, third = calls_of(series)
    hana = Organisation.objects.get(code="hana")
    row = start_application(kim, first, hana, at=first.opens_at)
    with pytest.raises(NothingToCarry):  # its own cut-off has not passed: nothing later is open
        carry_application(kim, row.id, at=first.opens_at)
    with pytest.raises(NotFound):
        carry_application(lee, row.id, at=cut_offs[0])
    start_application(kim, second, hana, at=cut_offs[0])
    with pytest.raises(NothingToCarry):  # there is a draft already
        carry_application(kim, row.id, at=cut_offs[0])
    other = start_application(kim, call, hana, at=call.opens_at)
    with pytest.raises(NothingToCarry):  # no series
        carry_application(kim, other.id, at=call.opens_at)
    last = Application.objects.create(
        call=third, organisation=hana, created_by=kim.id, created_at=cut_offs[1]
    )
    with pytest.raises(NothingToCarry):
        carry_application(kim, last.id, at=cut_offs[2])


@pytest.mark.parametrize("order", [[], [1, 0], [0, 0], [0] * 53])
def test_cut_offs_that_do_not_follow_are_refused(
    operators, year, content, cut_offs, at, order
) -> None:
    given = [cut_offs[index] for index in order]
    with pytest.raises(CutOffInvalid):
        create_series(operators[0], year, content(code="roll"), cut_offs=given, at=at)
    assert not CallSeries.objects.exists()
    assert not Call.objects.filter(series__isnull=False).exists()


def test_series_needs_a_second_person_and_the_whole_budget_or_nothing(
    operators, kim, year, content, cut_offs, at, sums
) -> None:
    words = content(code="roll", budget_won=150_000_000)
    with pytest.raises(NotAllowed):
        create_series(kim, year, words, cut_offs=cut_offs, at=at)
    row = create_series(operators[0], year, words, cut_offs=cut_offs, at=at)
    with pytest.raises(CallExists):
        create_series(operators[0], year, words, cut_offs=cut_offs, at=at)
    with pytest.raises(FourEyes):
        approve_series(operators[0], row.code, at=at)
    with pytest.raises(BudgetExceeded):
        approve_series(operators[1], row.code, at=at)
    assert "B300" not in sums()
    assert {call.state for call in calls_of(row)} == {"draft"}
    with pytest.raises(CallUnknown):
        approve_series(operators[1], "none", at=at)

"""Calls: open and closed by the clock alone, frozen at approval, extended for everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from madang.core.errors import NotAllowed, NotFound
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.models import Organisation
from madang.parties.policies.actions import declare_policy
from madang.programme.applications.actions import start_application
from madang.programme.calls.actions import (
    approve_call,
    archive_call,
    cancel_call,
    change_call,
    create_call,
    declare_call,
    extend_call,
    revise_call,
)
from madang.programme.calls.phases import phase_at
from madang.programme.calls.queries import call_by_code, call_for, calls_for, open_calls
from madang.programme.errors import (
    AmountInvalid,
    ApprovalMissing,
    BudgetExceeded,
    CallClosedAlready,
    CallExists,
    CallNotClosed,
    CallNotOpen,
    CallUnknown,
    ExtensionNotLater,
    FormInvalid,
    FulfilmentUnknown,
    PeriodInvalid,
    ReasonMissing,
    TermInvalid,
)
from madang.programme.models import Call
from madang.programme.selection.actions import start_review
from madang.review.errors import RulesInvalid

MICRO = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("moment", "before", "phase"),
    [
        ("2026-03-03 09:00", True, "approved"),
        ("2026-03-03 09:00", False, "open"),
        ("2026-03-24 15:00", True, "open"),
        ("2026-03-24 15:00", False, "closed"),
    ],
)
def test_inv_i11_call_is_open_from_its_first_to_before_its_last_instant(
    call, kim, seoul, moment, before, phase
) -> None:
    at = seoul(moment) - (MICRO if before else timedelta(0))
    assert phase_at(call, at) == phase
    assert open_calls(at).contains(call) == (phase == "open")
    hana = Organisation.objects.get(code="hana")
    if phase == "open":
        assert start_application(kim, call, hana, at=at).state == "draft"
    else:
        with pytest.raises(CallNotOpen):
            start_application(kim, call, hana, at=at)


def test_inv_i7_four_eyes_approve_and_the_allotment_is_posted(
    operators, year, content, sums, at
) -> None:
    one, two = operators
    row = create_call(one, year, content(), at=at)
    assert (row.state, row.frozen_sha256) == ("draft", "")
    assert "B300" not in sums()
    with pytest.raises(FourEyes):
        approve_call(one, row.id, at=at)
    row = approve_call(two, row.id, at=at)
    assert (row.state, len(row.frozen_sha256), row.approved_by) == ("approved", 64, two.id)
    assert sums()["B300"] == 30_000_000
    for act in (approve_call, change_call):
        with pytest.raises(TransitionNotAllowed):
            act(two, row.id, at=at) if act is approve_call else act(
                one, row.id, content(), at=at
            )


def test_whoever_rewrites_a_draft_does_not_approve_it(operators, year, content, at) -> None:
    one, two = operators
    row = create_call(one, year, content(), at=at)
    change_call(two, row.id, content(budget_won=20_000_000), at=at)
    with pytest.raises(FourEyes):
        approve_call(two, row.id, at=at)
    assert approve_call(one, row.id, at=at).budget_microwon == 20_000_000_000_000


def test_revision_before_the_opening_returns_the_allotment(
    operators, year, content, sums, seoul, at
) -> None:
    one, two = operators
    early = seoul("2026-03-01 09:00")
    row = create_call(one, year, content(), at=early)
    approve_call(two, row.id, at=early)
    with pytest.raises(ReasonMissing):
        revise_call(two, row.id, at=early, reason=" ")
    revise_call(two, row.id, at=early, reason="typing error")
    assert "B300" not in sums()
    change_call(one, row.id, content(budget_won=40_000_000), at=early)
    approve_call(two, row.id, at=early)
    assert sums()["B300"] == 40_000_000
    with pytest.raises(TransitionNotAllowed):
        revise_call(two, row.id, at=at, reason="too late: it is open")


def test_new_policy_does_not_touch_a_call_that_is_approved(
    system, year, call, content, at
) -> None:
    declare_policy(system, kind="review", changes={"pass_score": 60}, valid_from=at, at=at)
    declare_policy(system, kind="call", changes={"sign_days": 1}, valid_from=at, at=at)
    assert declare_call(system, year, content(), at=at).outcome == "unchanged"
    found = Call.objects.get(pk=call.pk)
    assert (found.rules["pass_score"], found.terms["sign_days"]) == (0, 14)
    fresh = declare_call(system, year, content(code="c-2"), at=at).row
    assert (fresh.rules["pass_score"], fresh.terms["sign_days"]) == (60, 1)


def test_extension_moves_the_deadline_for_everybody_before_it_passes(
    operators, system, year, call, content, seoul
) -> None:
    end, later = seoul("2026-03-24 15:00"), seoul("2026-03-31 15:00")
    with pytest.raises(ReasonMissing):
        extend_call(operators[0], call.id, closes_at=later, reason="", at=end - MICRO)
    with pytest.raises(ExtensionNotLater):
        extend_call(operators[0], call.id, closes_at=end, reason="storm", at=end - MICRO)
    row = extend_call(operators[0], call.id, closes_at=later, reason="storm", at=end - MICRO)
    assert phase_at(row, end) == "open"
    assert row.frozen_sha256 == call.frozen_sha256
    assert declare_call(system, year, content(), at=end).outcome == "unchanged"
    with pytest.raises(CallClosedAlready):
        extend_call(operators[0], call.id, closes_at=later + MICRO, reason="x", at=later)


def test_no_deadline_lies_behind_the_last_day_of_use(
    operators, system, year, call, content, seoul, at
) -> None:
    """Neither a new call's nor an extended one's: whoever is selected could use nothing."""
    last, late = seoul("2027-01-01 00:00"), seoul("2027-01-01 00:00") + MICRO
    with pytest.raises(PeriodInvalid):
        declare_call(system, year, content(code="c-2", closes_at=late), at=at)
    with pytest.raises(PeriodInvalid):
        extend_call(operators[0], call.id, closes_at=late, reason="storm", at=at)
    assert extend_call(operators[0], call.id, closes_at=last, reason="storm", at=at).closes_at


@pytest.mark.parametrize("moment", ["2026-03-01 09:00", "2026-03-10 09:00", "2026-03-25 09:00"])
def test_cancellation_returns_the_allotment_in_every_phase(
    operators, call, sums, seoul, moment
) -> None:
    with pytest.raises(ReasonMissing):
        cancel_call(operators[0], call.id, at=seoul(moment), reason="")
    assert cancel_call(operators[0], call.id, at=seoul(moment), reason="no money").state == (
        "cancelled"
    )
    assert "B300" not in sums()


def test_draft_is_cancelled_without_touching_the_ledger(
    operators, year, content, sums, at
) -> None:
    row = create_call(operators[0], year, content(), at=at)
    before = sums()
    cancel_call(operators[0], row.id, at=at, reason="x")
    assert sums() == before


def test_archive_returns_what_was_not_awarded(call, apply_for, decide, operators, sums) -> None:
    when = decide(call, {apply_for("hana", 12_000_000): 90})
    archive_call(operators[0], call.id, at=when)
    assert (sums().get("B300", 0), sums()["B310"], sums()["B200"]) == (
        0,
        12_000_000,
        88_000_000,
    )
    with pytest.raises(TransitionNotAllowed):
        cancel_call(operators[0], call.id, at=when, reason="x")


def test_review_does_not_start_before_the_deadline(operators, call, seoul) -> None:
    end = seoul("2026-03-24 15:00")
    with pytest.raises((CallNotClosed, TransitionNotAllowed)):
        start_review(operators[0], call.id, at=end - MICRO)
    start_review(operators[0], call.id, at=end)
    with pytest.raises(TransitionNotAllowed):
        start_review(operators[0], call.id, at=end)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"budget_won": 0}, AmountInvalid),
        ({"budget_microwon": 1}, AmountInvalid),
        ({"budget_won": 100_000_001}, BudgetExceeded),
        ({"opens_at": "closes"}, PeriodInvalid),
        ({"use_ends_on": "next year"}, PeriodInvalid),
        ({"criteria": []}, RulesInvalid),
        ({"rules": {"quorum": 1}}, RulesInvalid),
        ({"rules": {"tie": ["criterion:beauty", "lottery"]}}, RulesInvalid),
        ({"form": [{"code": "a"}]}, FormInvalid),
        ({"rules": {"luck": 1}}, RulesInvalid),
        ({"terms": {"fulfilment": "miracle"}}, FulfilmentUnknown),
        ({"terms": {"luck": 1}}, TermInvalid),
        ({"terms": {"deposit_days": "14"}}, TermInvalid),
        ({"terms": {"deposit_days": -1}}, TermInvalid),
        ({"terms": {"offerings": [""]}}, TermInvalid),
        ({"terms": {"deposit_required": "some"}}, TermInvalid),
    ],
)
def test_call_is_refused_and_leaves_nothing(
    system, year, content, sums, at, change, refusal
) -> None:
    if "opens_at" in change:
        change = {"opens_at": content().closes_at}
    if "use_ends_on" in change:
        change = {"use_ends_on": year.ends_on + timedelta(days=1)}
    before = sums()
    with pytest.raises(refusal):
        declare_call(system, year, content(**change), at=at)
    assert sums() == before
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"budget_won": 31_000_000},
        {"title_en": "Other"},
        {"terms": {"deposit_days": 15}},
        {"rules": {"panel": 6, "quorum": 3}},
        {"criteria": [{"code": "plan", "weight": 50}, {"code": "effect", "weight": 50}]},
    ],
)
def test_declaration_with_other_terms_is_refused(
    system, year, call, content, at, change
) -> None:
    with pytest.raises(CallExists):
        declare_call(system, year, content(**change), at=at)


def test_declared_call_needs_a_second_person_outside_test_mode(
    operators, year, content, monkeypatch, at
) -> None:
    monkeypatch.setenv("MADANG_TEST", "0")
    one, two = operators
    with pytest.raises(ApprovalMissing):
        declare_call(one, year, content(), at=at)
    with pytest.raises(FourEyes):
        declare_call(one, year, content(), approver=one, at=at)
    row = declare_call(one, year, content(), approver=two, at=at).row
    assert (row.created_by, row.approved_by) == (one.id, two.id)


def test_drafts_are_seen_by_operators_and_auditors_only(
    operators, auditor, kim, year, content, call, at
) -> None:
    draft = create_call(operators[0], year, content(code="c-draft"), at=at)
    assert call_for(auditor, draft.id) == draft
    for actor in (kim, None):
        assert list(calls_for(actor)) == [call]
        with pytest.raises(NotFound):
            call_for(actor, draft.id)
        with pytest.raises(CallUnknown):
            call_by_code(actor, "c-draft")
    with pytest.raises(CallExists):
        create_call(operators[0], year, content(code="c-draft"), at=at)


WRITES = {
    "create": lambda a, year, content, call, at: create_call(a, year, content, at=at),
    "declare": lambda a, year, content, call, at: declare_call(a, year, content, at=at),
    "change": lambda a, year, content, call, at: change_call(a, call.id, content, at=at),
    "approve": lambda a, year, content, call, at: approve_call(a, call.id, at=at),
    "revise": lambda a, year, content, call, at: revise_call(a, call.id, at=at, reason="x"),
    "cancel": lambda a, year, content, call, at: cancel_call(a, call.id, at=at, reason="x"),
    "archive": lambda a, year, content, call, at: archive_call(a, call.id, at=at),
    "extend": lambda a, year, content, call, at: extend_call(
        a, call.id, closes_at=call.closes_at + MICRO, reason="x", at=at
    ),
    "review": lambda a, year, content, call, at: start_review(a, call.id, at=at),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_only_operators_write_calls(kim, auditor, year, content, call, at, write) -> None:
    for actor in (kim, auditor):
        with pytest.raises(NotAllowed):
            write(actor, year, content(), call, at)

"""Rules over registered facts: what the machine finds, what a person decides, the fast lane.

hana's application is the measure; each row of the table is one rule and what is known.
"""

from __future__ import annotations

import html
import threading
from datetime import date, timedelta

import pytest
from django.db import connections
from django.test import Client

from madang.core.clock import FixedClock
from madang.core.errors import NotAllowed, NotFound
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import FactInvalid, TransitionNotAllowed
from madang.parties.facts.actions import record_fact
from madang.parties.facts.queries import fact_at, facts_for
from madang.parties.models import Notice, Organisation, Person
from madang.programme.applications.actions import (
    save_application,
    start_application,
    submit_application,
    withdraw_application,
)
from madang.programme.applications.api import application_out
from madang.programme.applications.attachments import attach_document
from madang.programme.applications.eligibility import check_eligibility, find_again
from madang.programme.applications.findings import findings_of
from madang.programme.calls.actions import (
    approve_call,
    archive_call,
    change_call,
    declare_call,
    extend_call,
    revise_call,
)
from madang.programme.calls.queries import years_counted_on
from madang.programme.errors import FormUnknown, ReasonMissing, RequirementInvalid, TermInvalid
from madang.programme.forms.actions import save_form
from madang.programme.models import Application, Award, EligibilityFindings
from madang.programme.money import allotment_left_microwon
from madang.programme.selection.actions import (
    compute_ranking,
    reopen_review,
    start_review,
)
from madang.review.errors import NothingToRank
from madang.review.models import Subject

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
FORM = [
    {"code": "title", "kind": "text", "name_ko": "과제명", "name_en": "Title"},
    {"code": "plan", "kind": "text", "name_ko": "계획", "name_en": "Plan"},
    {"code": "topic", "kind": "choices", "name_ko": "분야", "name_en": "Field",
     "choices": ["NLP", "robot", "bio"]},
    {"code": "staff", "kind": "number", "name_ko": "인원", "name_en": "Staff"},
    {"code": "no_arrears", "kind": "check", "name_ko": "체납 없음", "name_en": "No arrears"},
    {"code": "clearance", "kind": "file", "name_ko": "납세증명", "name_en": "Tax clearance"},
]  # fmt: skip


@pytest.fixture
def call_with(system, year, content):
    def make(*eligibility, **change):
        facts = {"code": "c-rules", "form": FORM} | change
        words = content(eligibility=eligibility, **facts)
        return declare_call(system, year, words, at=year.created_at).row

    return make


@pytest.fixture
def hana_in(kim, won, seoul):
    """Kim's draft in a call, complete; `hand_in` submits it."""

    def make(call, *, answers=None, requested=10_000_000):
        when = seoul("2026-03-10 10:00")
        row = start_application(kim, call, Organisation.objects.get(code="hana"), at=when)
        given = {"title": "t", "plan": "p"} | (answers or {})
        return save_application(
            kim, row.id, answers=given, requested_microwon=won(requested), at=when
        )

    return make


RULES = [
    ({"kind": "organisation_kind", "any_of": ["sme"]}, {}, {}, "met"),
    ({"kind": "organisation_kind", "any_of": ["university"]}, {}, {}, "not_met"),
    ({"kind": "organisation_kind", "none_of": ["sme", "large"]}, {}, {}, "not_met"),
    ({"kind": "region", "any_of": ["전남"]}, {}, {}, "unknown"),
    ({"kind": "region", "any_of": ["전남"]}, {"region": "전남"}, {}, "met"),
    ({"kind": "region", "none_of": ["서울"]}, {"region": "서울"}, {}, "not_met"),
    ({"kind": "years_since", "name": "established_on", "at_most": 7}, {}, {}, "unknown"),
    # the deadline is 24 March 2026
    ({"kind": "years_since", "name": "established_on", "at_most": 7},
     {"established_on": "2018-03-25"}, {}, "met"),
    ({"kind": "years_since", "name": "established_on", "at_most": 7},
     {"established_on": "2018-03-24"}, {}, "not_met"),
    ({"kind": "years_since", "name": "established_on", "at_least": 1},
     {"established_on": "2025-03-25"}, {}, "not_met"),
    ({"kind": "years_since", "name": "representative_born_on", "at_most": 39},
     {"representative_born_on": "1986-03-25"}, {}, "met"),
    ({"kind": "fact", "name": "employees_count", "at_most": 300},
     {"employees_count": "300"}, {}, "met"),
    ({"kind": "fact", "name": "employees_count", "at_most": 300},
     {"employees_count": "301"}, {}, "not_met"),
    ({"kind": "fact", "name": "tax_arrears", "any_of": ["none"]}, {}, {}, "unknown"),
    ({"kind": "fact", "name": "tax_arrears", "any_of": ["none"]},
     {"tax_arrears": "none"}, {}, "met"),
    ({"kind": "fact", "name": "tax_arrears", "any_of": ["none"]},
     {"tax_arrears": "national"}, {}, "not_met"),
    ({"kind": "fact", "name": "certified", "any_of": ["yes"], "verified": True},
     {"certified": "yes"}, {}, "met"),
    ({"kind": "answer", "name": "no_arrears"}, {}, {}, "unknown"),
    ({"kind": "answer", "name": "no_arrears"}, {}, {"no_arrears": True}, "met"),
    ({"kind": "answer", "name": "no_arrears"}, {}, {"no_arrears": False}, "not_met"),
    ({"kind": "answer", "name": "topic", "any_of": ["NLP", "bio"]}, {},
     {"topic": ["NLP", "bio"]}, "met"),
    ({"kind": "answer", "name": "topic", "any_of": ["NLP"]}, {},
     {"topic": ["NLP", "bio"]}, "not_met"),
    ({"kind": "answer", "name": "staff", "at_least": 3}, {}, {"staff": 3}, "met"),
    ({"kind": "answer", "name": "staff", "at_least": 3}, {}, {"staff": 2}, "not_met"),
    ({"kind": "evidence", "name": "clearance"}, {}, {}, "not_met"),
    ({"kind": "no_other_award"}, {}, {}, "met"),
    ({"kind": "no_sanction"}, {}, {}, "met"),
    ({"kind": "no_sanction"}, {"excluded_until_on": "2026-03-09"}, {}, "met"),
    ({"kind": "no_sanction"}, {"excluded_until_on": "2026-03-10"}, {}, "not_met"),
    ({"kind": "supplier_consent"}, {}, {}, "not_met"),
    ({"kind": "one_per_representative"}, {}, {}, "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "facts", "answers", "outcome"), RULES)
def test_rule_is_asked_of_what_is_known(
    call_with, hana_in, operators, rule, facts, answers, outcome, seoul
) -> None:
    row = hana_in(call_with({"code": "r", **rule}), answers=answers)
    firm = Organisation.objects.get(code="hana")
    for name, value in facts.items():
        record_fact(operators[0], firm, name=name, value=value, at=seoul("2026-03-10 09:00"))
    (found,) = findings_of(Application.objects.get(pk=row.pk), seoul("2026-03-10 10:00"))
    assert found.outcome == outcome


def test_evidence_counts_with_the_word_that_goes_with_it(
    call_with, hana_in, kim, seoul, tmp_path
) -> None:
    rule = {"code": "tax", "kind": "evidence", "name": "clearance", "answer": "no_arrears"}
    row = hana_in(call_with(rule), answers={"no_arrears": True})
    at = seoul("2026-03-10 10:00")
    attach_document(
        kim, row.id, slot="clearance", chunks=[b"%PDF-1.7 clean"], file_name="tax.pdf",
        media_type="application/pdf", store=DocumentStore(tmp_path), at=at,
    )  # fmt: skip
    row = Application.objects.get(pk=row.pk)
    assert findings_of(row, at)[0].outcome == "met"
    row.answers["no_arrears"] = False
    assert findings_of(row, at)[0].outcome == "not_met"


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ([{"code": "a", "kind": "colour"}], "eligibility"),
        ([{"code": "a", "kind": "region", "any_of": ["x"]}] * 2, "eligibility"),
        ([{"code": "", "kind": "no_sanction"}], "eligibility"),
        ([{"code": "a", "kind": "region"}], "a"),
        ([{"code": "a", "kind": "fact", "name": "x"}], "a"),
        ([{"code": "a", "kind": "fact", "any_of": ["x"]}], "a"),
        ([{"code": "a", "kind": "years_since", "name": "x_on"}], "a"),
        ([{"code": "a", "kind": "answer", "name": "colour"}], "a"),
        ([{"code": "a", "kind": "answer", "name": "clearance"}], "a"),
        ([{"code": "a", "kind": "evidence", "name": "plan"}], "a"),
        ([{"code": "a", "kind": "evidence", "name": "clearance", "answer": "plan"}], "a"),
        ([{"code": "a", "kind": "fact", "name": "x", "at_least": 2, "at_most": 1}], "a"),
    ],
)
def test_rule_that_cannot_be_asked_is_refused_with_the_call(call_with, rules, field) -> None:
    with pytest.raises(RequirementInvalid) as caught:
        call_with(*rules)
    assert caught.value.fields["field"] == field


def test_submission_writes_down_the_findings_and_a_person_decides_on_top(
    call_with, hana_in, kim, operators, seoul
) -> None:
    rule = {"code": "young", "kind": "years_since", "name": "established_on", "at_most": 7}
    row = hana_in(call_with(rule))
    at = seoul("2026-03-10 10:00")
    submit_application(kim, row.id, at=at)
    first = EligibilityFindings.objects.get(application=row)
    assert (first.findings[0]["outcome"], first.is_met) == ("unknown", False)
    firm = Organisation.objects.get(code="hana")
    record_fact(operators[0], firm, name="established_on", value="2000-01-01", at=at)
    assert find_again(operators[0], row.id, at=at).findings[0]["outcome"] == "not_met"
    with pytest.raises(ReasonMissing):
        check_eligibility(operators[0], row.id, is_eligible=True, at=at)
    done = check_eligibility(
        operators[0], row.id, is_eligible=True, reason="founded anew in 2021", at=at
    )
    assert done.state == "eligible"


@pytest.mark.parametrize("born", ["2019-03-24", "2019-03-25"])
def test_extension_moves_the_deadline_and_not_the_day_on_which_years_are_counted(
    call_with, hana_in, kim, operators, seoul, born
) -> None:
    """Published for 24 March: seven years old on that day or six, and so it stays."""
    rule = {"code": "young", "kind": "years_since", "name": "established_on", "at_most": 6}
    row = hana_in(call_with(rule))
    at = seoul("2026-03-10 10:00")
    firm = Organisation.objects.get(code="hana")
    record_fact(operators[0], firm, name="established_on", value=born, at=at)
    for day in ("2026-03-31", "2026-04-20"):
        extend_call(
            operators[0], row.call_id, closes_at=seoul(f"{day} 15:00"), reason="all", at=at
        )
    late = seoul("2026-04-19 10:00")
    submit_application(kim, row.id, at=late)
    (found,) = EligibilityFindings.objects.get(application=row).findings
    assert found["outcome"] == ("not_met" if born == "2019-03-24" else "met")


def test_deadline_at_the_end_of_a_day_counts_years_on_that_day(
    call_with, hana_in, kim, operators, seoul
) -> None:
    """Until 31 March, 24:00: a firm of 1 April 2019 is six on the last day, not seven."""
    rule = {"code": "young", "kind": "years_since", "name": "established_on", "at_most": 6}
    call = call_with(rule, closes_at=seoul("2026-04-01 00:00"))
    assert years_counted_on(call) == date(2026, 3, 31)
    row, at = hana_in(call), seoul("2026-03-31 23:59")
    firm = Organisation.objects.get(code="hana")
    record_fact(operators[0], firm, name="established_on", value="2019-04-01", at=at)
    submit_application(kim, row.id, at=at)
    (found,) = EligibilityFindings.objects.get(application=row).findings
    assert (found["outcome"], found["seen"]) == ("met", "6")


def test_call_that_was_taken_back_and_approved_anew_counts_years_on_its_new_deadline(
    call_with, operators, content, seoul
) -> None:
    opens = {"opens_at": seoul("2026-03-05 09:00")}
    call, at = call_with(**opens), seoul("2026-03-03 11:00")
    assert years_counted_on(call) == date(2026, 3, 24)
    extend_call(operators[0], call.id, closes_at=seoul("2026-03-31 15:00"), reason="a", at=at)
    call.refresh_from_db()
    assert years_counted_on(call) == date(2026, 3, 24)
    later = at + timedelta(minutes=1)
    revise_call(operators[0], call.id, reason="another deadline", at=later)
    words = content(code=call.code, closes_at=seoul("2026-04-07 15:00"), **opens)
    change_call(operators[0], call.id, words, at=later)
    approve_call(operators[1], call.id, at=later + timedelta(minutes=1))
    call.refresh_from_db()
    assert years_counted_on(call) == date(2026, 4, 7)


def test_whoever_is_turned_away_is_told_the_rules_that_were_not_met(
    call_with, hana_in, kim, operators, seoul
) -> None:
    row = hana_in(call_with({"code": "uni", "kind": "organisation_kind", "any_of": ["public"]}))
    at = seoul("2026-03-10 10:00")
    submit_application(kim, row.id, at=at)
    check_eligibility(operators[0], row.id, is_eligible=False, at=at)
    told = Notice.objects.get(kind="programme.application.ineligible")
    assert told.facts["findings"] == "uni"


def test_findings_are_for_operators_to_renew(call_with, hana_in, kim, seoul) -> None:
    row = hana_in(call_with())
    with pytest.raises(NotAllowed):
        find_again(kim, row.id, at=seoul("2026-03-10 10:00"))


# --- facts --------------------------------------------------------------------------------


def test_newest_fact_holds_until_it_is_outdated(kim, operators, at, seoul) -> None:
    firm = Organisation.objects.get(code="hana")
    first = record_fact(
        kim, firm, name="tax_arrears", value="none", valid_until=date(2026, 3, 31), at=at
    )
    again = record_fact(
        kim, firm, name="tax_arrears", value="none", valid_until=date(2026, 3, 31), at=at
    )
    assert (first, first.is_verified) == (again, False)
    assert fact_at(firm.id, "tax_arrears", seoul("2026-03-31 23:59")) == "none"
    assert fact_at(firm.id, "tax_arrears", seoul("2026-04-01 00:00")) is None
    assert fact_at(firm.id, "tax_arrears", at, verified=True) is None
    record_fact(operators[0], firm, name="tax_arrears", value="local", at=at)
    assert fact_at(firm.id, "tax_arrears", at, verified=True) == "local"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("established_on", "yesterday"),
        ("established_on", "2026-02-30"),
        ("employees_count", "-1"),
        ("employees_count", "٣"),
        ("employees_count", "1.5"),
        ("Name", "x"),
        ("", "x"),
        ("region", ""),
        ("region", "x" * 201),
    ],
)
def test_fact_is_refused(operators, kim, at, name, value) -> None:
    with pytest.raises(FactInvalid):
        record_fact(
            operators[0], Organisation.objects.get(code="hana"), name=name, value=value, at=at
        )


def test_facts_of_others_are_neither_entered_nor_read(kim, lee, at) -> None:
    firm = Organisation.objects.get(code="hana")
    with pytest.raises(NotFound):
        record_fact(lee, firm, name="region", value="서울", at=at)
    assert not facts_for(lee, firm).exists()


# --- bonuses ------------------------------------------------------------------------------


def test_bonuses_are_added_up_to_what_the_call_allows(
    call_with, apply_for, operators, review_all, seoul
) -> None:
    bonuses = [
        {"code": "sme", "points_milli": 3000,
         "when": {"code": "s", "kind": "organisation_kind", "any_of": ["sme"]}},
        {"code": "rural", "points_milli": 1500,
         "when": {"code": "r", "kind": "region", "any_of": ["전남"]}},
        {"code": "young", "points_milli": 4000,
         "when": {"code": "y", "kind": "years_since", "name": "b_on", "at_most": 39}},
    ]  # fmt: skip
    call = call_with(bonuses=bonuses, terms={"bonus_milli_max": 4000})
    rows = {code: apply_for(code, 1_000_000, to=call) for code in ("hana", "duri")}
    firm = Organisation.objects.get(code="hana")
    at = seoul("2026-03-10 10:00")
    record_fact(operators[0], firm, name="region", value="전남", at=at)
    review_all(call, {rows["hana"]: 80, rows["duri"]: 80})
    found = {row.subject_id: row.bonus_milli for row in Subject.objects.all()}
    assert found == {rows["hana"].id: 4000, rows["duri"].id: 3000}
    assert Application.objects.get(pk=rows["hana"].pk).bonus_codes == ["sme", "rural"]


@pytest.mark.parametrize("points", [0, -1, 100_001])
def test_bonus_out_of_range_is_refused(call_with, points) -> None:
    when = {"code": "s", "kind": "no_sanction"}
    with pytest.raises(RequirementInvalid):
        call_with(bonuses=[{"code": "b", "points_milli": points, "when": when}])


# --- the fast lane ------------------------------------------------------------------------

LANE = {"auto_approve_won_max": 3_000_000, "auto_approve_days": 5}


def test_small_request_that_meets_every_rule_is_selected_at_once(
    call_with, hana_in, kim, seoul, sums
) -> None:
    rule = {"code": "sme", "kind": "organisation_kind", "any_of": ["sme"]}
    row = hana_in(call_with(rule, terms=LANE), requested=3_000_000)
    at = seoul("2026-03-10 10:00")
    done = submit_application(kim, row.id, at=at)
    assert (done.state, done.lane) == ("selected", "auto")
    award = Award.objects.get(application=row)
    assert (award.state, sums()["B310"]) == ("offered", 3_000_000)
    assert row.eligibility_checks.get().checked_by == "system"
    again = submit_application(kim, row.id, at=at + timedelta(hours=1))
    assert (again.receipt_no, Award.objects.count()) == (done.receipt_no, 1)


def test_one_won_above_waits_for_the_panel(call_with, hana_in, kim, seoul) -> None:
    row = hana_in(call_with(terms=LANE), requested=3_000_001)
    done = submit_application(kim, row.id, at=seoul("2026-03-10 10:00"))
    assert (done.state, done.answer_due_at) == ("submitted", None)


def test_small_request_with_an_open_question_is_answered_by_a_person_in_time(
    call_with, hana_in, kim, operators, seoul
) -> None:
    rule = {"code": "tax", "kind": "fact", "name": "tax_arrears", "any_of": ["none"]}
    row = hana_in(call_with(rule, terms=LANE), requested=1_000_000)
    done = submit_application(kim, row.id, at=seoul("2026-03-10 10:00"))
    assert (done.state, done.answer_due_at) == ("submitted", seoul("2026-03-17 00:00"))
    done = check_eligibility(
        operators[0], row.id, is_eligible=True, at=seoul("2026-03-11 10:00")
    )
    assert (done.state, done.lane) == ("selected", "auto")


@pytest.fixture
def reads(monkeypatch, seoul):
    """A page as somebody reads it in English on the day after."""
    moment = seoul("2026-03-11 10:00")
    monkeypatch.setattr(
        "madang.portal.middleware.actor.portal_clock", lambda: FixedClock(moment)
    )

    def read(email: str, path: str) -> str:
        browser = Client()
        browser.cookies["django_language"] = "en"
        browser.force_login(Person.objects.get(email=email), backend=BACKEND)
        answer = browser.get(path)
        assert answer.status_code == 200, path
        return html.unescape(answer.content.decode())

    return read


def test_applicant_and_operator_read_why_a_small_request_waits(
    call_with, hana_in, kim, operators, seoul, reads
) -> None:
    rule = {
        "code": "tax", "kind": "fact", "name": "tax_arrears", "any_of": ["none"],
        "text_ko": "체납 없음", "text_en": "No taxes owed",
    }  # fmt: skip
    row = hana_in(call_with(rule, terms=LANE), requested=1_000_000)
    done = submit_application(kim, row.id, at=seoul("2026-03-10 10:00"))
    for who in ("kim@hana.example", "one@agency.example"):
        page = reads(who, f"/applications/{row.id}/")
        assert "It was not answered at once" in page
        assert "No taxes owed: " in page
    assert f"{done.receipt_no} · No taxes owed" in reads("one@agency.example", "/account/desk/")
    told = application_out(done)
    assert (told.lane_wait, told.open_rules) == ("rules", ["tax"])


def test_applicant_reads_that_the_money_of_the_lane_is_used_up(
    call_with, apply_for, operators, reads
) -> None:
    call = call_with(terms=LANE | {"auto_approve_won_total": 2_000_000})
    apply_for("a1", 2_000_000, to=call)
    row = Application.objects.get(pk=apply_for("a2", 2_000_000, to=call).pk)
    assert application_out(row).lane_wait == "spent"
    page = reads("one@agency.example", f"/applications/{row.id}/")
    assert "the money for requests answered at once is used up" in page


def test_call_whose_requests_the_lane_answered_ends_without_a_review(
    call_with, apply_for, operators, reads, seoul, sums
) -> None:
    """Nobody is told to review nothing; ended, the call gives back what the lane left."""
    call = call_with(terms=LANE)
    call.closes_at = seoul("2026-03-11 09:00")
    call.save(update_fields=["closes_at"])
    apply_for("a1", 2_000_000, to=call)
    at = seoul("2026-03-11 10:00")
    assert "End the call" in reads("one@agency.example", "/account/desk/")
    page = reads("one@agency.example", f"/operator/calls/{call.code}/")
    assert ("Nothing is left to review" in page, "Begin the review" in page) == (True, False)
    assert start_review(operators[0], call.id, at=at).state == "decided"
    assert archive_call(operators[0], call.id, at=at).state == "archived"
    assert (allotment_left_microwon(call.id), sums()["B310"]) == (0, 2_000_000)


def test_call_whose_last_applicant_steps_back_in_review_ends_without_a_ranking(
    call, apply_for, operators, reads, seoul, kim
) -> None:
    """And one that was opened again, with nobody before its panel, ends once more."""
    row, at = apply_for("hana", 2_000_000), seoul("2026-03-25 10:00")
    one, two = operators
    check_eligibility(one, row.id, is_eligible=True, at=at)
    start_review(one, call.id, at=at)
    with pytest.raises(TransitionNotAllowed):
        start_review(one, call.id, at=at)
    withdraw_application(kim, row.id, at=at)
    for _ in range(2):
        with pytest.raises(NothingToRank):
            compute_ranking(one, call.id, at=at)
        assert "End the call" in reads("one@agency.example", "/account/desk/")
        page = reads("one@agency.example", f"/operator/calls/{call.code}/")
        assert ("Nothing is left to review" in page, "Assign experts" in page) == (True, False)
        with pytest.raises(NotAllowed):
            start_review(kim, call.id, at=at)
        assert start_review(two, call.id, at=at).state == "decided"
        reopen_review(one, call.id, reason="looked at again", at=at)
    start_review(two, call.id, at=at)
    assert archive_call(one, call.id, at=at).state == "archived"


def test_lane_gives_no_more_than_it_may_and_the_rest_goes_to_the_panel(
    call_with, apply_for, seoul
) -> None:
    call = call_with(terms=LANE | {"auto_approve_won_total": 5_000_000})
    states = [apply_for(code, 2_000_000, to=call).state for code in ("a1", "a2", "a3")]
    assert states == ["selected", "selected", "eligible"]


def test_lane_and_panel_never_spend_more_than_the_call_holds(
    call_with, apply_for, decide, sums
) -> None:
    call = call_with(budget_won=10_000_000, terms=LANE)
    apply_for("small", 3_000_000, to=call)
    rows = {code: apply_for(code, 5_000_000, to=call) for code in ("big", "next")}
    decide(call, {rows["big"]: 90, rows["next"]: 80})
    states = [Application.objects.get(pk=row.pk).state for row in rows.values()]
    assert states == ["selected", "reserve"]
    assert sums()["B310"] == 8_000_000
    assert allotment_left_microwon(call.id) == 2_000_000 * 1_000_000


def test_two_small_requests_at_once_share_the_last_money(
    committed_db, call_with, hana_in, person, kim, won, seoul
) -> None:
    call = call_with(budget_won=3_000_000, terms=LANE)
    at = seoul("2026-03-10 10:00")
    lee = person("ceo@duri.example", "duri", "beneficiary")
    first = hana_in(call, requested=3_000_000)
    second = start_application(lee, call, Organisation.objects.get(code="duri"), at=at)
    save_application(
        lee, second.id, answers={"title": "t", "plan": "p"},
        requested_microwon=won(3_000_000), at=at,
    )  # fmt: skip

    def hand_in(actor, row) -> None:
        try:
            submit_application(actor, row.id, at=at)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=hand_in, args=pair) for pair in ((kim, first), (lee, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Application.objects.values_list("state", flat=True)) == [
        "eligible", "selected",
    ]  # fmt: skip
    assert Award.objects.count() == 1


@pytest.mark.parametrize("value", [-1, True, "much", 10**13])
def test_lane_of_another_kind_is_refused(call_with, value) -> None:
    with pytest.raises(TermInvalid):
        call_with(terms={"auto_approve_won_max": value})


# --- forms --------------------------------------------------------------------------------


def test_application_keeps_the_form_that_it_was_written_for(
    call_with, hana_in, operators, system, year, content, seoul
) -> None:
    first = save_form(operators[0], "standard", FORM, at=year.created_at)
    call = declare_call(
        system, year, content(code="c-form", form_code="standard"), at=year.created_at
    ).row
    row = hana_in(call)
    changed = [*FORM, {"code": "more", "kind": "text", "name_ko": "m", "name_en": "m"}]
    second = save_form(operators[1], "standard", changed, at=year.created_at)
    assert (first.number, second.number) == (1, 2)
    assert Application.objects.get(pk=row.pk).form_version == call.form_version == first
    with pytest.raises(FormUnknown):
        declare_call(system, year, content(code="c-x", form_code="none"), at=year.created_at)


def test_call_with_its_own_questions_has_a_version_too(call_with, hana_in) -> None:
    call = call_with()
    assert (call.form_version.number, call.form_version.form.code) == (1, "call/c-rules")
    assert hana_in(call).form_version == call.form_version

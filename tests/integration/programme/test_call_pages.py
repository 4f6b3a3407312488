"""A call on its pages: read whole before it is approved, changed while it is a draft, and what
it means for a firm's money told before anybody applies."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from madang.core.clock import FixedClock
from madang.parties.models import Person
from madang.programme.calls.actions import approve_call, create_call, declare_call
from madang.programme.calls.content import content_of
from madang.programme.models import Call

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
RULES = [
    {"code": "kind", "kind": "organisation_kind", "any_of": ["sme", "midsize"]},
    {"code": "young", "kind": "years_since", "name": "established_on", "at_most": 7,
     "verified": True, "text_ko": "7년 이하, 확인됨", "text_en": "young | checked, yes"},
]  # fmt: skip
BONUSES = [
    {"code": "south", "points_milli": 1500, "when": {"code": "south", "kind": "region",
                                                     "any_of": ["전남", "전북"]}},
]  # fmt: skip


@pytest.fixture(autouse=True)
def clock(monkeypatch, at):
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: FixedClock(at))


@pytest.fixture
def browse(operators):
    def as_person(email: str = "", language: str = "en") -> Client:
        browser = Client()
        browser.cookies["django_language"] = language
        if email:
            browser.force_login(Person.objects.get(email=email), backend=BACKEND)
        return browser

    return as_person


@pytest.fixture
def draft(operators, year, content, seoul, at):
    """Written through the API, with more than the form of the page shows."""
    words = content(
        code="c-draft", eligibility=RULES, bonuses=BONUSES, opens_at=seoul("2026-03-05 09:00"),
        terms={"sign_days": 21, "tranches": ["1/2", "1/2"], "supplier_consent": "after_award"},
        rules={"panel": 5, "quorum": 3, "trim_high": 1, "trim_low": 0, "tie": ["lottery"]},
        form=[{"code": "title", "kind": "text", "name_ko": "제목", "name_en": "T"}],
    )  # fmt: skip
    return create_call(operators[0], year, words, at=at)


def typed(text: str) -> dict[str, str]:
    """What a browser would send back of the form that it was given."""
    form = re.search(r'<form class="md-form".*?</form>', text, re.S)[0]
    found = dict(re.findall(r'<input type="[^"]+" name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea name="([^"]+)"[^>]*>\s*(.*?)</textarea>', form, re.S))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return {name: html.unescape(value) for name, value in found.items() if name[:4] != "csrf"}


def test_draft_saved_as_it_stands_loses_nothing(browse, draft, operators) -> None:
    browser, before = browse("two@agency.example"), content_of(draft)
    fields = typed(browser.get("/operator/calls/c-draft/change/").content.decode())
    assert fields["eligibility"].splitlines() == [
        "kind | organisation_kind |  | any_of=sme;midsize",
        "young | years_since | established_on | at_most=7, verified",
    ]
    assert fields["bonuses"] == "south | 1.5 | region |  | any_of=전남;전북"
    answer = browser.post("/operator/calls/c-draft/change/", fields)
    assert answer.status_code == 302, answer.content.decode()
    row = Call.objects.get(code="c-draft")
    after = content_of(row)
    for name in ("terms", "rules", "form", "opens_at", "closes_at", "budget_microwon"):
        assert getattr(after, name) == getattr(before, name), name
    for mine, theirs in zip(after.eligibility, RULES, strict=True):
        assert {name: mine[name] for name in theirs} == theirs
    assert after.bonuses[0]["points_milli"] == 1500
    assert row.created_by == operators[1].id, "whoever rewrites it is its author"


def test_what_is_typed_anew_is_in_the_draft(browse, draft) -> None:
    browser, url = browse("one@agency.example"), "/operator/calls/c-draft/change/"
    fields = typed(browser.get(url).content.decode())
    change = {"budget": "7000000", "pay_direction": "reimburse", "trim": "0"}
    assert browser.post(url, fields | change).status_code == 302
    row = Call.objects.get(code="c-draft")
    assert row.budget_microwon == 7_000_000 * 1_000_000
    assert row.terms["pay_direction"] == "reimburse"
    assert row.terms["sign_days"] == 21
    assert (row.rules["trim_high"], row.rules["trim_low"]) == (0, 0)
    broken = browser.post(url, fields | {"eligibility": "young | years_since | x | at_most=y"})
    assert broken.status_code == 422
    assert "Not a rule: young" in broken.content.decode()


NEW = {
    "code": "c-new", "programme": "api-voucher", "title_ko": "새 공고", "title_en": "New",
    "opens_at": "2026-03-05T09:00", "closes_at": "2026-03-20T15:00", "budget": "1000000",
    "criteria": "plan | 1 | 계획",
}  # fmt: skip
HOW = {
    "peer_reviews": "3", "pass_score": "50", "sure_score": "80", "tie": "effect",
    "requested_won_max": "5000000", "deposit_required": "none", "tranches": "60, 40",
    "use_ends_on": "2026-11-30", "subsidy_ratio_by_size": "midsize | 70\nlarge | 1/3",
}  # fmt: skip


def test_how_it_is_judged_and_paid_is_chosen_on_the_page(browse, draft) -> None:
    browser, url = browse("one@agency.example"), "/operator/calls/c-draft/change/"
    fields = typed(browser.get(url).content.decode())
    assert fields["tranches"] == "50, 50"
    assert browser.post(url, fields | HOW).status_code == 302
    row = Call.objects.get(code="c-draft")
    rules = {name: row.rules[name] for name in ("mode", "peer_reviews", "sure_score", "tie")}
    assert rules == {
        "mode": "distributed", "peer_reviews": 3, "sure_score": 80,
        "tie": ["criterion:effect", "lottery"],
    }  # fmt: skip
    assert (row.terms["tranches"], row.terms["deposit_required"]) == (["3/5", "2/5"], "none")
    assert row.terms["requested_won_max"] == 5_000_000
    assert row.terms["subsidy_ratio_by_size"] == {"midsize": "7/10", "large": "1/3"}
    assert f"{row.use_ends_on}" == "2026-11-30"
    again = typed(browser.get(url).content.decode())
    assert {name: again[name] for name in HOW} == HOW
    assert browser.post(url, again | dict.fromkeys(HOW, "")).status_code == 302
    row = Call.objects.get(code="c-draft")
    assert "mode" not in row.rules, "emptied, it is a panel of experts again"
    assert row.terms["tranches"] == ["1/1"]
    assert "subsidy_ratio_by_size" not in row.terms, "emptied, the year's ratio is for all"


@pytest.mark.parametrize("url", ["/operator/calls/c-draft/change/", "/operator/calls/new/"])
@pytest.mark.parametrize(
    ("line", "english", "korean"),
    [
        ("large", "Not a size with its ratio, or named twice: large",
         "규모와 비율이 아니거나 두 번 적었습니다: large"),
        ("large | 50\nlarge | 40", "named twice: large | 40", "두 번 적었습니다: large | 40"),
        ("tiny | 50", "no such size: tiny", "없는 기관 규모입니다: tiny"),
        ("large | 120", "not above 0 and up to 1: 6/5",
         "0보다 크고 1 이하인 비율이어야 합니다: 6/5"),
    ],
)  # fmt: skip
def test_ratio_that_is_refused_stands_beside_its_field_with_what_was_typed(
    browse, draft, url, line, english, korean
) -> None:
    words = {"subsidy_ratio_by_size": line, "summary_en": "A long summary"}
    if url.endswith("new/"):
        words |= NEW
    for language, told in (("en", english), ("ko", korean)):
        browser = browse("one@agency.example", language)
        answer = browser.post(url, typed(browser.get(url).content.decode()) | words)
        text = html.unescape(answer.content.decode())
        assert answer.status_code == 422
        assert told in text
        assert "cannot be taken" not in text, "above the form it would be said whole"
        assert "조건을 사용할 수 없습니다" not in text
        again = typed(answer.content.decode())
        assert again["subsidy_ratio_by_size"].split() == line.split()
        assert again["summary_en"] == "A long summary"
    assert Call.objects.count() == 1
    assert "subsidy_ratio_by_size" not in Call.objects.get().terms


def test_call_that_pays_for_accepted_work_is_written_on_the_page(browse, draft) -> None:
    browser, url = browse("one@agency.example"), "/operator/calls/c-draft/change/"
    fields = typed(browser.get(url).content.decode()) | {"tranches": ""}
    assert browser.post(url, fields | {"fulfilment": "milestones"}).status_code == 302
    assert Call.objects.get(code="c-draft").terms["fulfilment"] == "milestones"
    assert typed(browser.get(url).content.decode())["fulfilment"] == "milestones"


def test_new_call_begins_with_the_rules_of_policy_and_keeps_what_is_refused(
    browse, year
) -> None:
    browser, url = browse("one@agency.example", "ko"), "/operator/calls/new/"
    fields = typed(browser.get(url).content.decode())
    assert (fields["panel"], fields["quorum"], fields["trim"]) == ("7", "5", "1")
    answer = browser.post(url, fields | NEW | {"quorum": "9", "summary_ko": "긴 요약"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert '<ul class="errorlist" id="id_panel-error"><li>정족수보다 적습니다' in text
    assert "긴 요약" in text, "nothing that was typed is lost"
    assert (
        browser.post(
            url, fields | NEW | {"peer_reviews": "2", "subsidy_ratio_by_size": "sme | 90%"}
        ).status_code
        == 302
    )
    row = Call.objects.get(code="c-new")
    assert row.rules["mode"] == "distributed"
    assert row.terms["subsidy_ratio_by_size"] == {"sme": "9/10"}


def test_approved_call_is_not_changed(browse, draft, operators, at) -> None:
    approve_call(operators[1], draft.id, at=at)
    answer = browse("one@agency.example").get("/operator/calls/c-draft/change/")
    assert answer.status_code == 409


def test_approver_finds_what_is_approved(browse, draft) -> None:
    text = browse("two@agency.example").get("/operator/calls/c-draft/").content.decode()
    assert "Read the whole call" in text
    assert 'href="/calls/c-draft/"' in text


@pytest.mark.parametrize(
    ("terms", "shown", "hidden"),
    [
        ({}, ["The voucher pays", "Your own part and the VAT", "Pay your own part"],
         ["You pay your supplier first"]),
        ({"pay_direction": "reimburse"},
         ["You pay your supplier first", "Have it delivered by"],
         ["Pay your own part", "The voucher pays", "Use the voucher until"]),
        (
            {"fulfilment": "milestones"},
            ["for accepted work only", "The work ends on"],
            ["The voucher pays", "Use the voucher until"],
        ),
        ({"deposit_required": "none"}, ["The voucher pays the supplier"],
         ["Pay your own part", "Your own part and the VAT"]),
        ({"tranches": ["2/3", "1/3"], "supplier_consent": "before_submission"},
         ["released in parts: 2/3, 1/3", "A supplier agrees before you hand in."], []),
    ],
)  # fmt: skip
def test_anybody_reads_how_the_money_flows(
    browse, system, year, content, at, terms, shown, hidden
) -> None:
    declare_call(system, year, content(code="c-money", terms=terms), at=at)
    text = browse().get("/calls/c-money/").content.decode()
    assert [one for one in shown if one not in text] == []
    assert [one for one in hidden if one in text] == []


def test_applicants_read_that_they_judge_one_another(browse, system, year, content, at) -> None:
    rules = {
        "panel": 3, "quorum": 1, "trim_high": 0, "trim_low": 0, "mode": "distributed",
        "peer_reviews": 4, "pass_score": 40, "sure_score": 85,
    }  # fmt: skip
    words = content(code="c-peers", rules=rules, terms={"requested_won_max": 3_000_000})
    declare_call(system, year, words, at=at)
    english = browse().get("/calls/c-peers/").content.decode()
    for told in ("judges 4 others", "within 14 days is rejected", "Below 40 points",
                 "From 85 points on", "at most 3,000,000 won"):  # fmt: skip
        assert told in english
    assert "experts score" not in english
    korean = browse(language="ko").get("/calls/c-peers/").content.decode()
    assert "신청자마다 다른 신청 4건을 평가합니다" in korean


def test_anybody_reads_what_each_size_is_supported_at(
    browse, system, year, content, at
) -> None:
    stated = {"large": "1/2", "midsize": "7/10"}
    words = content(code="c-size", terms={"subsidy_ratio_by_size": stated})
    declare_call(system, year, words, at=at)
    declare_call(system, year, content(code="c-plain"), at=at)
    told = {
        "en": ("mid-sized firm: 7/10<br>large firm: 1/2<br>all others: 4/5<small>",
               "as it is registered when the award is made"),
        "ko": ("중견기업: 7/10<br>대기업: 1/2<br>그 밖의 기관: 4/5<small>",
               "선정 시점에 등록된 기관 규모를 따르며"),
    }  # fmt: skip
    for language, words in told.items():
        text = html.unescape(browse(language=language).get("/calls/c-size/").content.decode())
        plain = browse(language=language).get("/calls/c-plain/").content.decode()
        assert [one for one in words if one not in text] == []
        assert "<dd>4/5<small>" in plain
        assert words[1] not in html.unescape(plain)


def test_rules_and_bonuses_are_told_in_words(browse, system, year, content, at) -> None:
    words = content(code="c-words", eligibility=RULES, bonuses=BONUSES)
    declare_call(system, year, words, at=at)
    english = browse().get("/calls/c-words/").content.decode()
    assert "kind of organisation: small or medium firm · mid-sized firm" in english
    assert "whole years since foundation: at most 7, verified by the agency" in english
    assert ">1.5<" in english
    korean = browse(language="ko").get("/calls/c-words/").content.decode()
    for raw in ("years_since", "organisation_kind", "at most"):
        assert raw not in korean

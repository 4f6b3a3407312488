"""A beneficiary and its supplier find each other, before the submission or after the award."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from madang.core.errors import NotAllowed, NotFound
from madang.parties.errors import TransitionNotAllowed
from madang.parties.models import Notice, Organisation
from madang.parties.relationships.actions import declare_relationship
from madang.parties.sanctions.actions import SanctionTerms, impose_sanction
from madang.programme.applications.actions import (
    restore_draft,
    save_application,
    start_application,
    submit_application,
)
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.applications.queries import drafts_of
from madang.programme.calls.actions import declare_call
from madang.programme.errors import (
    ConsentExceeded,
    ConsentMissing,
    MatchTooLate,
    SelfDealing,
    SupplierBarred,
)
from madang.programme.matches.actions import answer_consent, ask_consent, withdraw_consent
from madang.programme.matches.queries import match_for, matches_for
from madang.programme.models import Application, Award, Match
from madang.programme.selection.actions import start_review
from madang.review.models import Subject

ANSWERS = {"title": "t", "plan": "p"}


@pytest.fixture
def call_asking(system, year, content):
    def make(rule: str):
        words = content(code=f"c-{rule.replace('_', '-')}", terms={"supplier_consent": rule})
        return declare_call(system, year, words, at=year.created_at).row

    return make


@pytest.fixture
def draft_in(kim, won, at):
    def make(call, supplier: str = ""):
        row = start_application(kim, call, Organisation.objects.get(code="hana"), at=at)
        return save_application(
            kim, row.id, answers=ANSWERS, requested_microwon=won(5_000_000),
            supplier=supplier, at=at,
        )  # fmt: skip

    return make


def test_nothing_is_handed_in_without_the_suppliers_word(
    kim, nuri, call_asking, draft_in, at
) -> None:
    row = draft_in(call_asking("before_submission"), "nuri")
    with pytest.raises(ConsentMissing):
        submit_application(kim, row.id, at=at)
    match = ask_consent(kim, row.id, supplier="nuri", summary="a chat model", at=at)
    assert ask_consent(kim, row.id, supplier="nuri", at=at) == match
    with pytest.raises(ConsentMissing):
        submit_application(kim, row.id, at=at)
    done = answer_consent(nuri, match.id, consents=True, at=at)
    assert answer_consent(nuri, match.id, consents=True, at=at) == done
    assert submit_application(kim, row.id, at=at).state == "submitted"
    kinds = set(Notice.objects.filter(subject_type="match").values_list("kind", flat=True))
    assert kinds == {"programme.match.asked", "programme.match.consented"}


def ask_for(kim, row, amount: int, at) -> None:
    save_application(kim, row.id, answers=ANSWERS, requested_microwon=amount, at=at)


@pytest.mark.parametrize("rule", ["before_submission", "before_review"])
def test_word_given_before_the_submission_is_given_to_an_amount(
    kim, nuri, call_asking, draft_in, at, won, rule
) -> None:
    row = draft_in(call_asking(rule), "nuri")
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    assert answer_consent(nuri, match.id, consents=True, at=at).agreed_microwon == won(
        5_000_000
    )
    ask_for(kim, row, won(5_000_001), at)
    with pytest.raises(ConsentExceeded) as caught:
        submit_application(kim, row.id, at=at)
    assert caught.value.fields["agreed_microwon"] == won(5_000_000)
    assert "5,000,001 won are asked for. Lower the amount" in caught.value.sentence("en")
    assert "5,000,001원입니다. 신청 금액을 낮추거나" in caught.value.sentence("ko")
    ask_for(kim, row, won(4_999_999), at)  # one way out: less is covered
    assert submit_application(kim, row.id, at=at).state == "submitted"


def test_supplier_is_asked_anew_for_more_than_it_agreed_to(
    kim, nuri, call_asking, draft_in, at, won
) -> None:
    row = draft_in(call_asking("before_submission"), "nuri")
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    answer_consent(nuri, match.id, consents=True, at=at)
    assert ask_consent(kim, row.id, supplier="nuri", at=at) == match
    ask_for(kim, row, won(6_000_000), at)
    again = ask_consent(kim, row.id, supplier="nuri", summary="a larger model", at=at)
    assert (again == match, again.state) == (False, "asked")
    assert Match.objects.get(pk=match.pk).state == "withdrawn"
    with pytest.raises(ConsentMissing):
        submit_application(kim, row.id, at=at)
    assert answer_consent(nuri, again.id, consents=True, at=at).agreed_microwon == won(
        6_000_000
    )
    assert submit_application(kim, row.id, at=at).supplier.code == "nuri"


@pytest.mark.parametrize("agreed", [None, 0])
def test_word_that_named_no_amount_is_good_for_any(
    kim, nuri, call_asking, draft_in, at, agreed
) -> None:
    """Older words, and those that were given before the applicant wrote an amount."""
    row = draft_in(call_asking("before_submission"), "nuri")
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    answer_consent(nuri, match.id, consents=True, at=at)
    Match.objects.filter(pk=match.pk).update(agreed_microwon=agreed)
    assert submit_application(kim, row.id, at=at).state == "submitted"


def test_supplier_found_after_the_submission_is_a_further_revision(
    kim, nuri, operators, call_asking, draft_in, at, seoul
) -> None:
    call = call_asking("before_review")
    row = draft_in(call)
    first = submit_application(kim, row.id, at=at)
    check_eligibility(operators[0], row.id, is_eligible=True, at=at)
    when = seoul("2026-03-25 10:00")
    with pytest.raises(ConsentMissing):
        start_review(operators[0], call.id, at=when)
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    answer_consent(nuri, match.id, consents=True, at=at)
    found = Application.objects.get(pk=row.pk)
    assert (found.supplier.code, found.receipt_no) == ("nuri", first.receipt_no)
    assert found.content_sha256 != first.content_sha256
    assert found.revisions.count() == 2
    assert submit_application(kim, row.id, at=when).receipt_no == first.receipt_no
    start_review(operators[0], call.id, at=when)
    parts = {party["part"] for party in Subject.objects.get().parties}
    assert "supplier" in parts
    with pytest.raises(MatchTooLate):
        withdraw_consent(nuri, match.id, reason="no time", at=when)


def test_supplier_found_after_the_award_stands_in_the_agreement(
    kim, nuri, operators, call_asking, draft_in, decide, sign_all, at
) -> None:
    call = call_asking("after_award")
    row = submit_application(kim, draft_in(call).id, at=at)
    when = decide(call, {row: 80})
    award = Award.objects.get(application=row)
    before = award.agreement.terms_sha256
    match = ask_consent(kim, row.id, supplier="nuri", at=when)
    answer_consent(nuri, match.id, consents=True, at=when)
    award = Award.objects.get(pk=award.pk)
    assert award.supplier.code == "nuri"
    assert award.agreement.terms_sha256 != before
    roles = set(award.agreement.parties.values_list("role", flat=True))
    assert roles == {"agency", "beneficiary", "supplier"}


def test_signed_agreement_takes_no_other_supplier(
    kim, nuri, operators, call_asking, draft_in, decide, at
) -> None:
    from madang.programme.agreements.actions import sign_agreement

    call = call_asking("after_award")
    row = submit_application(kim, draft_in(call).id, at=at)
    when = decide(call, {row: 80})
    match = ask_consent(kim, row.id, supplier="nuri", at=when)
    agreement = Award.objects.get(application=row).agreement
    sign_agreement(operators[0], agreement.id, sha256=agreement.terms_sha256, at=when)
    with pytest.raises(MatchTooLate, match="amend it instead"):
        answer_consent(nuri, match.id, consents=True, at=when)
    assert Match.objects.get(pk=match.pk).state == "asked"


def test_affiliated_supplier_is_refused_when_asked_and_when_it_answers(
    kim, nuri, system, call_asking, draft_in, at
) -> None:
    row = draft_in(call_asking("before_review"))
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    tie = {"a": "organisation:hana", "b": "supplier:nuri", "kind": "affiliate", "at": at}
    declare_relationship(system, **tie)
    with pytest.raises(SelfDealing):
        answer_consent(nuri, match.id, consents=True, at=at)
    assert answer_consent(nuri, match.id, consents=False, at=at).state == "refused"
    with pytest.raises(SelfDealing):
        ask_consent(kim, row.id, supplier="nuri", at=at)


def test_excluded_supplier_is_neither_asked_nor_agrees_nor_stands_in_an_application(
    kim, nuri, system, call_asking, draft_in, at
) -> None:
    row = draft_in(call_asking("before_submission"), "nuri")
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    terms = SanctionTerms(Organisation.objects.get(code="nuri"), "fraud", date(2026, 3, 10))
    held = impose_sanction(system, terms, at=at)
    last = held.ends_at - timedelta(microseconds=1)
    other = draft_in(call_asking("before_review"), "nuri")
    for act in (
        lambda when: ask_consent(kim, other.id, supplier="nuri", at=when),
        lambda when: answer_consent(nuri, match.id, consents=True, at=when),
        lambda when: submit_application(kim, other.id, at=when),
    ):
        with pytest.raises(SupplierBarred) as caught:
            act(last)
        assert "2026-03-10 24:00 KST. Choose another" in caught.value.sentence("en")
        assert "다른 공급기업을 선택" in caught.value.sentence("ko")
    assert answer_consent(nuri, match.id, consents=True, at=held.ends_at).state == "consented"
    assert submit_application(kim, row.id, at=held.ends_at).state == "submitted"


def test_word_is_taken_back_before_the_review(kim, nuri, call_asking, draft_in, at) -> None:
    row = draft_in(call_asking("before_review"))
    match = ask_consent(kim, row.id, supplier="nuri", at=at)
    answer_consent(nuri, match.id, consents=True, at=at)
    submit_application(kim, row.id, at=at)
    assert withdraw_consent(nuri, match.id, reason="no time", at=at).state == "withdrawn"
    assert Application.objects.get(pk=row.pk).supplier is None
    again = ask_consent(kim, row.id, supplier="nuri", at=at)
    assert again != match
    assert withdraw_consent(kim, again.id, reason="", at=at).state == "withdrawn"


def test_only_the_two_sides_see_and_answer(
    kim, lee, nuri, operators, person, call_asking, draft_in, at
) -> None:
    match = ask_consent(kim, draft_in(call_asking("before_review")).id, supplier="nuri", at=at)
    for actor in (kim, nuri, operators[0]):
        assert list(matches_for(actor)) == [match]
    mirae = person("s@mirae.example", "mirae", "supplier")
    for actor in (lee, mirae):
        with pytest.raises(NotFound):
            match_for(actor, match.id)
        with pytest.raises((NotFound, NotAllowed)):
            answer_consent(actor, match.id, consents=True, at=at)
    with pytest.raises(NotAllowed):
        answer_consent(kim, match.id, consents=True, at=at)
    with pytest.raises(TransitionNotAllowed):
        withdraw_consent(nuri, match.id, reason="", at=at)


def test_call_that_asks_for_no_match_after_the_award_takes_none(
    kim, nuri, call_asking, draft_in, decide, at
) -> None:
    call = call_asking("none")
    row = submit_application(kim, draft_in(call).id, at=at)
    when = decide(call, {row: 80})
    with pytest.raises(MatchTooLate, match="before its review only"):
        ask_consent(kim, row.id, supplier="nuri", at=when)


# --- drafts -------------------------------------------------------------------------------


def test_every_draft_is_kept_and_can_be_taken_up_again(
    kim, lee, operators, call_asking, draft_in, at
) -> None:
    row = draft_in(call_asking("none"))
    for title in ("one", "two", "two", "three"):
        save_application(kim, row.id, answers={"title": title, "plan": "p"}, at=at)
    found = drafts_of(kim, Application.objects.get(pk=row.pk))
    assert [one.answers["title"] for one in found] == ["three", "two", "one", "t"]
    first = found.last()
    done = restore_draft(kim, row.id, first.number, at=at)
    assert done.answers == ANSWERS
    assert drafts_of(kim, done).count() == 5
    assert not drafts_of(operators[0], done).exists()
    with pytest.raises(NotFound):
        restore_draft(kim, row.id, 99, at=at)
    with pytest.raises(NotFound):
        restore_draft(lee, row.id, first.number, at=at)

"""Applications: drafts that are not lost, receipts given once, the last microsecond."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from madang.core.clock import FixedClock, rfc3339
from madang.core.errors import NotAllowed, NotFound
from madang.parties.actor import Actor, Role
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import PartyUnknown, TransitionNotAllowed
from madang.parties.models import Notice, Organisation, Person
from madang.parties.notices.texts import notice_text
from madang.parties.people.actions import declare_person
from madang.parties.policies.actions import declare_policy
from madang.parties.relationships.actions import declare_relationship
from madang.programme.applications.actions import (
    return_for_completion,
    save_application,
    start_application,
    submit_application,
    withdraw_application,
)
from madang.programme.applications.attachments import (
    attach_document,
    attach_stored,
    attachment_for,
    detach_document,
)
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.applications.queries import application_for, applications_for, words_told
from madang.programme.calls.actions import declare_call, extend_call
from madang.programme.errors import (
    AmountInvalid,
    AnswerInvalid,
    ApplicationLimit,
    AttachmentLimit,
    CallNotOpen,
    ChecksPending,
    CompletionOpen,
    DraftStale,
    HandedIn,
    OwnOrganisation,
    PeriodInvalid,
    ReasonMissing,
    RequestTooLarge,
    SelfDealing,
)
from madang.programme.models import Application, ApplicationRevision
from madang.programme.selection.actions import assign_reviewer, start_review
from madang.review.assignments.actions import declare_interest, exclude_reviewer

MICRO = timedelta(microseconds=1)
ANSWERS = {"title": "plan", "plan": "we call models"}


@pytest.fixture
def draft(kim, call, won, at):
    """A complete draft of Kim's firm, ready to hand in."""
    row = start_application(kim, call, Organisation.objects.get(code="hana"), at=at)
    return save_application(
        kim, row.id, answers=ANSWERS, requested_microwon=won(10_000_000), at=at
    )


def test_draft_is_opened_once_and_saved_as_often_as_one_likes(kim, call, draft, at) -> None:
    again = start_application(kim, call, Organisation.objects.get(code="hana"), at=at)
    assert again == draft
    row = save_application(kim, draft.id, answers={"title": "better"}, at=at)
    assert (row.draft_number, row.answers) == (2, {"title": "better"})
    assert row.requested_microwon == draft.requested_microwon


def test_later_draft_of_a_colleague_is_not_overwritten(kim, draft, person, at) -> None:
    cho = person("cho@hana.example", "hana", "beneficiary")
    save_application(cho, draft.id, answers={"title": "Cho's"}, draft_number=1, at=at)
    with pytest.raises(DraftStale) as caught:
        save_application(kim, draft.id, answers={"title": "Kim's"}, draft_number=1, at=at)
    assert caught.value.fields["revision"] == 2
    assert Application.objects.get(pk=draft.pk).answers == {"title": "Cho's"}


def test_last_microsecond_is_in_time_and_the_next_is_not(kim, draft, seoul) -> None:
    end = seoul("2026-03-24 15:00")
    with pytest.raises(CallNotOpen):
        submit_application(kim, draft.id, at=end)
    row = submit_application(kim, draft.id, at=end - MICRO)
    assert (row.state, row.submitted_at) == ("submitted", end - MICRO)


def test_draft_outlives_the_deadline_and_is_not_handed_in(kim, draft, seoul) -> None:
    late = seoul("2026-03-24 15:00")
    save_application(kim, draft.id, answers=ANSWERS | {"effect": "still here"}, at=late)
    with pytest.raises(CallNotOpen):
        submit_application(kim, draft.id, at=late)
    assert Application.objects.get(pk=draft.pk).answers["effect"] == "still here"


def test_handing_in_twice_answers_with_one_receipt(kim, draft, at) -> None:
    first = submit_application(kim, draft.id, at=at)
    second = submit_application(kim, draft.id, at=at + timedelta(hours=1))
    assert (first.receipt_no, first.submitted_at) == (second.receipt_no, second.submitted_at)
    revision = ApplicationRevision.objects.get(application=draft)
    assert revision.sha256 == first.content_sha256
    assert revision.text.content["answers"] == ANSWERS


def test_what_was_handed_in_is_not_rewritten(kim, draft, at) -> None:
    submit_application(kim, draft.id, at=at)
    with pytest.raises(HandedIn):
        save_application(kim, draft.id, answers={"title": "other"}, at=at)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE programme_applicationrevision SET sha256 = 'x'")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"answers": {"title": "no plan"}}, AnswerInvalid),
        ({"requested_microwon": 0}, AmountInvalid),
        ({"requested_microwon": 1}, AmountInvalid),
        ({"requested_microwon": 30_000_001_000_000}, RequestTooLarge),
        ({"supplier": "hana"}, SelfDealing),
        ({"supplier": "sister"}, SelfDealing),
    ],
)
def test_inv_i8_submission_is_refused_and_stays_a_draft(
    kim, draft, system, declare_supplier_of, at, change, refusal
) -> None:
    declare_supplier_of("hana", "sister")
    declare_relationship(
        system, a="organisation:sister", b="organisation:hana", kind="affiliate", at=at
    )
    save_application(kim, draft.id, **({"answers": ANSWERS} | change), at=at)
    with pytest.raises(refusal):
        submit_application(kim, draft.id, at=at)
    row = Application.objects.get(pk=draft.pk)
    assert (row.state, row.receipt_no) == ("draft", "")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"answers": {"colour": "red"}}, AnswerInvalid),
        ({"answers": {"title": "x" * 201}}, AnswerInvalid),
        ({"requested_microwon": -1}, AmountInvalid),
        ({"supplier": "nobody"}, PartyUnknown),
    ],
)
def test_draft_takes_no_nonsense(kim, draft, at, change, refusal) -> None:
    with pytest.raises(refusal):
        save_application(kim, draft.id, **({"answers": ANSWERS} | change), at=at)


def test_one_application_per_organisation_and_per_representative(
    kim, draft, call, apply_for, firm, person, at
) -> None:
    submit_application(kim, draft.id, at=at)
    hana = Organisation.objects.get(code="hana")
    second = start_application(kim, call, hana, at=at)
    assert second != draft
    save_application(kim, second.id, answers=ANSWERS, requested_microwon=10_000_000_000, at=at)
    with pytest.raises(ApplicationLimit) as caught:
        submit_application(kim, second.id, at=at)
    assert caught.value.fields["per"] == "organisation"
    Organisation.objects.filter(code="hana").update(representative="Park")
    person("ceo@twin.example", "twin", "beneficiary")
    Organisation.objects.filter(code="twin").update(representative="Park")
    twin = person("two@twin2.example", "twin2", "beneficiary")
    Organisation.objects.filter(code="twin2").update(representative="Park")
    other = start_application(twin, call, Organisation.objects.get(code="twin2"), at=at)
    save_application(twin, other.id, answers=ANSWERS, requested_microwon=10_000_000_000, at=at)
    with pytest.raises(ApplicationLimit) as caught:
        submit_application(twin, other.id, at=at)
    assert caught.value.fields["per"] == "representative"
    withdraw_application(kim, draft.id, at=at)
    assert submit_application(twin, other.id, at=at).receipt_number == 2


def test_receipts_handed_in_at_once_are_numbered_without_gap_or_twin(
    committed_db, call, person, won, at
) -> None:
    """Goal: eight firms at the same instant get 1 to 8; one firm twice gets one of them."""
    drafts = []
    for index in range(8):
        actor = person(f"ceo@f{index}.example", f"f{index}", "beneficiary")
        row = start_application(actor, call, Organisation.objects.get(code=f"f{index}"), at=at)
        save_application(actor, row.id, answers=ANSWERS, requested_microwon=won(1), at=at)
        drafts.append((actor, row.id))
    start, numbers = threading.Barrier(9), []

    def hand_in(actor, identifier) -> None:
        start.wait()
        numbers.append(submit_application(actor, identifier, at=at).receipt_number)
        connection.close()

    threads = [threading.Thread(target=hand_in, args=one) for one in [*drafts, drafts[0]]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(numbers)) == list(range(1, 9))
    assert ApplicationRevision.objects.count() == 8


def test_completion_opens_the_text_again_until_its_day(
    kim, draft, operators, at, seoul
) -> None:
    first = submit_application(kim, draft.id, at=at)
    due = seoul("2026-04-01 00:00")
    with pytest.raises(ReasonMissing):
        return_for_completion(operators[0], draft.id, reason="", due_at=due, at=at)
    return_for_completion(operators[0], draft.id, reason="plan is thin", due_at=due, at=at)
    save_application(kim, draft.id, answers=ANSWERS | {"effect": "much"}, at=due)
    with pytest.raises(CallNotOpen):
        submit_application(kim, draft.id, at=due)
    row = submit_application(kim, draft.id, at=due - MICRO)
    assert (row.receipt_no, row.revisions.count()) == (first.receipt_no, 2)
    assert row.content_sha256 != first.content_sha256


def test_withdrawal_is_possible_until_the_decision_and_not_after(
    call, apply_for, decide, person, seoul
) -> None:
    rows = {apply_for("hana", 1_000_000): 90, apply_for("duri", 30_000_000): 80}
    when = decide(call, rows)
    selected, reserve = rows
    hana = person("ceo@hana.example", "hana", "beneficiary")
    duri = person("ceo@duri.example", "duri", "beneficiary")
    assert withdraw_application(duri, reserve.id, at=when).state == "withdrawn"
    with pytest.raises(TransitionNotAllowed):
        withdraw_application(hana, selected.id, at=when)


def test_draft_and_submitted_are_withdrawn_by_the_firm_alone(kim, lee, draft, at) -> None:
    with pytest.raises(NotFound):
        withdraw_application(lee, draft.id, at=at)
    assert withdraw_application(kim, draft.id, reason="no need", at=at).state == "withdrawn"
    with pytest.raises(TransitionNotAllowed):
        submit_application(kim, draft.id, at=at)


def test_operator_decides_nothing_about_a_firm_of_his_own(kim, draft, person, at) -> None:
    submit_application(kim, draft.id, at=at)
    both = person("both@hana.example", "hana", "beneficiary", "operator")
    for act in (
        lambda: check_eligibility(both, draft.id, is_eligible=True, at=at),
        lambda: check_eligibility(both, draft.id, is_eligible=False, reason="x", at=at),
        lambda: return_for_completion(both, draft.id, reason="x", at=at),
    ):
        with pytest.raises(OwnOrganisation):
            act()


def test_completion_is_due_as_the_terms_say(kim, draft, operators, seoul) -> None:
    submit_application(kim, draft.id, at=seoul("2026-03-10 10:00"))
    when = seoul("2026-03-20 10:00")
    row = return_for_completion(operators[0], draft.id, reason="thin", at=when)
    assert row.completion_due_at == seoul("2026-03-28 00:00")


def test_completion_never_ends_before_the_call_does(kim, draft, call, operators, seoul) -> None:
    """Who came early is not shut out while everybody else may still apply."""
    submit_application(kim, draft.id, at=seoul("2026-03-05 10:00"))
    for due in (None, seoul("2026-03-08 00:00")):
        when = seoul("2026-03-06 10:00")
        row = return_for_completion(operators[0], draft.id, reason="thin", due_at=due, at=when)
        assert row.completion_due_at == call.closes_at
        submit_application(kim, draft.id, at=call.closes_at - MICRO)
    return_for_completion(operators[0], draft.id, reason="thin", at=when)
    with pytest.raises(CallNotOpen):
        submit_application(kim, draft.id, at=call.closes_at)


def test_completion_that_is_due_already_is_not_asked_for(kim, draft, operators, seoul) -> None:
    submit_application(kim, draft.id, at=seoul("2026-03-10 10:00"))
    when = seoul("2026-03-25 10:00")
    with pytest.raises(PeriodInvalid):
        return_for_completion(operators[0], draft.id, reason="thin", due_at=when, at=when)
    due = when + MICRO
    row = return_for_completion(operators[0], draft.id, reason="thin", due_at=due, at=when)
    assert row.completion_due_at == due


def test_applicant_reads_what_to_complete_and_why_it_is_not_eligible(
    kim, draft, operators, system, seoul, monkeypatch
) -> None:
    """On the page and over the API; the notice names the day. Nobody else reads the words."""
    when = seoul("2026-03-25 10:00")
    submit_application(kim, draft.id, at=seoul("2026-03-10 10:00"))
    return_for_completion(operators[0], draft.id, reason="name the model", at=when)
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: FixedClock(when))
    somebody, token = Person.objects.get(email="kim@hana.example"), "mdp_test_kim"
    declare_person(
        system, email=somebody.email, organisation="hana", roles=["beneficiary"], token=token,
        at=when,
    )  # fmt: skip
    browser = Client()
    browser.force_login(somebody, backend="allauth.account.auth_backends.AuthenticationBackend")

    def seen() -> tuple[str, list]:
        page = browser.get(f"/applications/{draft.id}/").content.decode()
        headers = {"authorization": f"Bearer {token}"}
        told = Client().get(f"/api/v1/applications/{draft.id}", headers=headers).json()
        return page, [(one["step"], one["text"]) for one in told["agency_words"]]

    page, words = seen()
    assert "name the model" in page
    assert words == [("return", "name the model")]
    notice = Notice.objects.filter(kind="programme.application.returned").get()
    body = notice_text(notice.kind, notice.facts, "en").body
    assert "2026-04-01 24:00" in body, body
    said, over = {"is_eligible": False, "reason": "it is a copy"}, seoul("2026-04-02 00:00")
    with pytest.raises(CompletionOpen) as refused:
        check_eligibility(operators[0], draft.id, at=over - MICRO, **said)
    assert refused.value.fields["until"] == rfc3339(over)
    check_eligibility(operators[0], draft.id, at=over, **said)
    page, words = seen()
    assert "it is a copy" in page
    assert words[1:] == [("find_ineligible", "it is a copy")]
    assert not words_told(Actor("x", frozenset({Role.REVIEWER})), draft).exists()


def test_completion_is_due_with_an_extended_call(kim, draft, call, operators, seoul) -> None:
    submit_application(kim, draft.id, at=seoul("2026-03-05 10:00"))
    when, later = seoul("2026-03-06 10:00"), call.closes_at + timedelta(days=9)
    return_for_completion(operators[0], draft.id, reason="thin", at=when)
    extend_call(operators[0], call.id, closes_at=later, reason="typhoon", at=when)
    draft.refresh_from_db()
    assert draft.completion_due_at == later


def test_ineligible_is_told_why_and_not_reviewed(kim, draft, call, operators, seoul) -> None:
    submit_application(kim, draft.id, at=seoul("2026-03-10 10:00"))
    when = seoul("2026-03-25 10:00")
    with pytest.raises(ChecksPending):
        start_review(operators[0], call.id, at=when)
    with pytest.raises(ReasonMissing):
        check_eligibility(operators[0], draft.id, is_eligible=False, at=when)
    row = check_eligibility(
        operators[0], draft.id, is_eligible=False, findings=["tax_arrears"], at=when
    )
    assert row.state == "ineligible"
    assert start_review(operators[0], call.id, at=when).subjects.count() == 0
    with pytest.raises(TransitionNotAllowed):
        check_eligibility(operators[0], draft.id, is_eligible=True, at=when)


def attach(actor, draft, tmp_path, at, content=b"%PDF-1.7 proof", slot="evidence"):
    return attach_document(
        actor,
        draft.id,
        slot=slot,
        chunks=[content],
        file_name="proof.pdf",
        media_type="application/pdf",
        store=DocumentStore(tmp_path),
        at=at,
    )


def test_attachments_are_part_of_the_digest_and_fixed_with_it(
    kim, draft, system, tmp_path, at
) -> None:
    one = attach(kim, draft, tmp_path, at)
    assert attach(kim, draft, tmp_path, at) == one
    two = attach(kim, draft, tmp_path, at, b"%PDF-1.7 more")
    detach_document(kim, draft.id, two.id, at=at)
    with pytest.raises(AnswerInvalid):
        attach(kim, draft, tmp_path, at, slot="title")
    with pytest.raises(NotFound):
        detach_document(kim, draft.id, uuid.uuid4(), at=at)
    row = submit_application(kim, draft.id, at=at)
    (found,) = row.revisions.get().text.content["attachments"]
    assert found == ["evidence", one.document.sha256]
    for act in (attach, lambda *_: detach_document(kim, draft.id, one.id, at=at)):
        with pytest.raises(HandedIn):
            act(kim, draft, tmp_path, at)


def test_file_that_was_handed_in_before_is_put_in_again_by_its_firm_alone(
    kim, lee, draft, system, year, content, tmp_path, at
) -> None:
    file = attach(kim, draft, tmp_path, at).document
    other = declare_call(system, year, content(code="c-2"), at=at).row
    for actor, code in ((kim, "hana"), (lee, "duri")):
        row = start_application(actor, other, Organisation.objects.get(code=code), at=at)
        facts = {"slot": "evidence", "document_id": file.id, "at": at}
        if actor is kim:
            assert attach_stored(kim, row.id, **facts).document == file
        else:
            with pytest.raises(NotFound):
                attach_stored(lee, row.id, **facts)


def test_attachments_have_a_limit(kim, draft, system, tmp_path, at) -> None:
    declare_policy(
        system, kind="documents", changes={"per_application": 1}, valid_from=at, at=at
    )
    attach(kim, draft, tmp_path, at)
    with pytest.raises(AttachmentLimit):
        attach(kim, draft, tmp_path, at, b"%PDF-1.7 more")


def test_nobody_reads_or_writes_the_application_of_another(
    kim, lee, nuri, operators, auditor, draft, tmp_path, at
) -> None:
    for stranger in (lee, nuri):
        for act in (
            lambda who: application_for(who, draft.id, at=at),
            lambda who: save_application(who, draft.id, answers={}, at=at),
            lambda who: submit_application(who, draft.id, at=at),
            lambda who: attach(who, draft, tmp_path, at),
        ):
            with pytest.raises(NotFound):
                act(stranger)
        assert not applications_for(stranger).exists()
    for reader in (*operators, auditor):
        with pytest.raises(NotFound):
            application_for(reader, draft.id, at=at)
    submit_application(kim, draft.id, at=at)
    for reader in (kim, *operators, auditor):
        assert application_for(reader, draft.id, at=at).id == draft.id
    for reader in (*operators, auditor):
        with pytest.raises(NotAllowed):
            save_application(reader, draft.id, answers={}, at=at)


def test_inv_i1_reviewer_reads_after_the_pledge_until_taken_off(
    kim, draft, call, operators, reviewers, tmp_path, seoul, at
) -> None:
    file = attach(kim, draft, tmp_path, at)
    submit_application(kim, draft.id, at=at)
    when = seoul("2026-03-25 10:00")
    check_eligibility(operators[0], draft.id, is_eligible=True, at=when)
    start_review(operators[0], call.id, at=when)
    actor, human = reviewers[0]
    seat = assign_reviewer(operators[0], draft.id, human, at=when)

    def sees() -> bool:
        listed = applications_for(actor).filter(pk=draft.pk).exists()
        try:
            application_for(actor, draft.id, at=when)
            attachment_for(actor, draft.id, file.id, at=when)
        except NotFound:
            return False
        return listed

    assert not sees()
    declare_interest(actor, seat.id, has_conflict=False, at=when)
    assert sees()
    with pytest.raises(NotFound):
        application_for(reviewers[1][0], draft.id, at=when)
    exclude_reviewer(operators[0], seat.id, reason="same project", at=when)
    assert not sees()


def test_application_goes_to_the_call_it_was_written_for(
    system, year, content, kim, draft, seoul, at
) -> None:
    other = declare_call(system, year, content(code="c-2"), at=at).row
    row = start_application(kim, other, Organisation.objects.get(code="hana"), at=at)
    assert row != draft
    save_application(kim, row.id, answers=ANSWERS, requested_microwon=1_000_000, at=at)
    assert submit_application(kim, row.id, at=at).receipt_no == "c-2-0001"
    with pytest.raises(NotFound):
        submit_application(kim, uuid.uuid4(), at=at)

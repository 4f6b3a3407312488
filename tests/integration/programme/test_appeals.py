"""A decision looked at again: appeals, late conflicts, rankings that supersede a decided one.

Three firms of 10 million won each and a call of 20 million: hana and duri are selected, sae is
the first reserve. What follows never touches an award that was signed.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from madang.core.errors import NotAllowed, NotFound
from madang.core.money import microwon_from_won
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.models import Notice, Person
from madang.parties.notices.actions import read_notice
from madang.parties.people.queries import person_by_email
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.awards.actions import decline_award
from madang.programme.calls.actions import archive_call, declare_call
from madang.programme.errors import (
    AmountInvalid,
    AppealsOpen,
    BudgetExceeded,
    ReasonMissing,
    YearEnded,
)
from madang.programme.models import Application, Award, Call
from madang.programme.selection.actions import (
    assign_reviewer,
    compute_ranking,
    confirm_ranking,
    fund_from_contingency,
    reopen_review,
    start_review,
)
from madang.programme.selection.appeals import (
    appeal_decision,
    challenge_reviewer,
    close_appeal,
    decide_appeal,
    hear_appeal,
)
from madang.programme.selection.results import result_for, roster_for
from madang.review.appeals.actions import judge_appeal
from madang.review.appeals.queries import appeal_for, appeal_panel, appeals_for
from madang.review.assignments.actions import (
    assign_reviewer as seat_on,
)
from madang.review.assignments.actions import (
    declare_interest,
    void_review,
)
from madang.review.assignments.candidates import candidates_for, fill_seats
from madang.review.challenges.actions import decide_challenge
from madang.review.errors import (
    AppealLate,
    BelowQuorum,
    FollowUpMissing,
    GroundNotAllowed,
    NotApart,
    NotDecidedYet,
    RankingStale,
    ReviewerBarred,
)
from madang.review.errors import ReasonMissing as WordsMissing
from madang.review.models import Appeal, Assignment, RankingRun
from madang.review.rankings.queries import reproduces
from madang.review.reviews.actions import submit_review

DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)


@pytest.fixture
def firms(system, year, content, apply_for):
    """hana 90, duri 80, sae 70 points; 20 million won for 30 asked."""
    call = declare_call(
        system, year, content(code="c-20", budget_won=20_000_000), at=year.created_at
    ).row
    return call, {
        code: apply_for(code, 10_000_000, to=call) for code in ("hana", "duri", "sae")
    }


@pytest.fixture
def decided(firms, decide):
    call, rows = firms
    points = {rows["hana"]: 90, rows["duri"]: 80, rows["sae"]: 70}
    when = decide(call, points)
    return call, {code: fresh(row) for code, row in rows.items()}, when


def fresh(row):
    return Application.objects.get(pk=row.pk)


def owner_of(row, person):
    code = row.organisation.code
    return person(f"ceo@{code}.example", code, "beneficiary")


def states(rows) -> dict[str, str]:
    return {code: fresh(row).state for code, row in rows.items()}


def read(row, person, at):
    """The applicant opens the newest notice about the decision: it is delivered then."""
    actor = owner_of(row, person)
    notice = Notice.objects.filter(
        recipient=actor.id, subject_id=str(row.id), kind__startswith="programme.application."
    ).latest("sent_at")
    return read_notice(actor, notice.id, at=at)


@pytest.fixture
def appealed(decided, person):
    """sae appeals on the day after the decision."""
    _, rows, when = decided
    return appeal_decision(
        owner_of(rows["sae"], person),
        rows["sae"].id,
        ground="misreading",
        text="the plan was taken for another",
        at=when + DAY,
    )


def judge_anew(appeal, operators, person, score, at, count=3):
    """The appeal's own panel, none of the first one, gives its scores."""
    (subject,) = appeal_panel(appeal).subjects.all()
    for name in ("fox", "gil", "han")[:count]:
        reviewer = person(f"{name}@{name}-univ.example", f"{name}-univ", "reviewer")
        seat = seat_on(
            operators[0], subject, person_by_email(f"{name}@{name}-univ.example"), at=at
        )
        declare_interest(reviewer, seat.id, has_conflict=False, at=at)
        submit_review(reviewer, seat.id, scores={"plan": score, "effect": score}, at=at)


def upheld(appeal, operators, person, at, score=95):
    judge_appeal(operators[0], appeal.id, admissible=True, at=at)
    hear_appeal(operators[0], appeal.id, at=at)
    judge_anew(appeal, operators, person, score, at)
    return decide_appeal(operators[0], appeal.id, upheld=True, reason="it was misread", at=at)


def rank_anew(call, operators, at):
    run = compute_ranking(operators[0], call.id, at=at)
    for operator in operators:
        confirm_ranking(operator, call.id, run.id, at=at)
    return RankingRun.objects.get(pk=run.pk)


def score_anew(row, operators, reviewers, score, at):
    """Void two of three scores, see that the quorum is gone, let two others score."""
    seats = Assignment.objects.filter(
        subject__subject_id=row.id, subject__panel__context_type="call", state="submitted"
    )
    voided = [void_review(operators[0], seat.id, reason="mentor", at=at) for seat in seats[:2]]
    with pytest.raises(BelowQuorum):
        compute_ranking(operators[0], row.call_id, at=at)
    for actor, human in reviewers[3:5]:
        seat = assign_reviewer(operators[0], row.id, human, at=at)
        declare_interest(actor, seat.id, has_conflict=False, at=at)
        submit_review(actor, seat.id, scores={"plan": score, "effect": score}, at=at)
    return voided


# --- the window ---------------------------------------------------------------------------


def test_clock_of_an_appeal_runs_from_the_delivery_of_the_notice(
    decided, person, seoul
) -> None:
    _, rows, _ = decided
    row, actor = rows["sae"], owner_of(rows["sae"], person)
    read(row, person, seoul("2026-04-01 09:00"))  # 10 days: 11 April is a Saturday
    late = seoul("2026-04-14 00:00")
    with pytest.raises(AppealLate) as caught:
        appeal_decision(actor, row.id, ground="misreading", text="no", at=late)
    assert caught.value.fields["window_ends_at"] == "2026-04-13T15:00:00Z"
    made = appeal_decision(actor, row.id, ground="misreading", text="no", at=late - MICRO)
    assert (made.state, made.window_ends_at) == ("filed", late)


def test_decision_whose_notice_nobody_received_can_still_be_appealed(
    decided, person, seoul
) -> None:
    _, rows, _ = decided
    actor = owner_of(rows["sae"], person)
    made = appeal_decision(
        actor, rows["sae"].id, ground="misreading", text="no", at=seoul("2026-09-01 09:00")
    )
    assert (made.delivered_at, made.window_ends_at) == (None, None)


def test_same_appeal_again_answers_with_the_first(decided, appealed, person, seoul) -> None:
    actor = owner_of(decided[1]["sae"], person)
    again = appeal_decision(
        actor, decided[1]["sae"].id, ground="x", text="", at=seoul("2027-01-01 00:00")
    )
    assert again == appealed


@pytest.mark.parametrize(
    ("ground", "text", "refusal"),
    [
        ("choice_of_reviewers", "no", GroundNotAllowed),
        ("amount", "no", GroundNotAllowed),
        ("", "no", GroundNotAllowed),
        ("misreading", "", WordsMissing),
        ("misreading", "  ", WordsMissing),
    ],
)
def test_appeal_is_refused(decided, person, ground, text, refusal) -> None:
    _, rows, when = decided
    with pytest.raises(refusal):
        appeal_decision(
            owner_of(rows["sae"], person), rows["sae"].id, ground=ground, text=text, at=when
        )
    assert not Appeal.objects.exists()


def test_nothing_is_appealed_before_the_decision_nor_by_others(
    firms, decided, person, operators, reviewers, at
) -> None:
    _, rows, when = decided
    words = {"ground": "misreading", "text": "no", "at": when}
    with pytest.raises(NotFound):
        appeal_decision(owner_of(rows["hana"], person), rows["sae"].id, **words)
    with pytest.raises(NotAllowed):
        appeal_decision(operators[0], rows["sae"].id, **words)
    Application.objects.filter(pk=rows["sae"].pk).update(state="in_review")
    with pytest.raises(NotDecidedYet):
        appeal_decision(owner_of(rows["sae"], person), rows["sae"].id, **words)


# --- hearing ------------------------------------------------------------------------------


def test_upheld_appeal_is_paid_from_contingency_and_signed_awards_stay(
    decided, appealed, operators, person, sums, won, sign_all
) -> None:
    call, rows, when = decided
    signed = sign_all(Award.objects.get(application=rows["duri"]), when + DAY)
    at = when + 2 * DAY
    row = upheld(appealed, operators, person, at)
    assert (row.state, fresh(rows["sae"]).state) == ("upheld", "reserve")
    with pytest.raises(FollowUpMissing):
        close_appeal(operators[0], row.id, at=at)
    sign_all(Award.objects.get(application=rows["hana"]), at)
    before = sums().get("B300", 0)
    for _ in range(2):  # a second click
        fund_from_contingency(
            operators[0], call.id, amount_microwon=won(10_000_000), reason="appeal", at=at
        )
    assert sums()["B300"] - before == 10_000_000
    keys = (uuid4(), uuid4())
    for key in (*keys, *keys):  # each with an id of its own is another request, once
        fund_from_contingency(
            operators[0], call.id, amount_microwon=won(1_000_000), reason="appeal", at=at,
            request=key,
        )  # fmt: skip
    assert sums()["B300"] - before == 12_000_000
    run = rank_anew(call, operators, at)
    assert states(rows) == {"hana": "selected", "duri": "selected", "sae": "selected"}
    assert (fresh(rows["sae"]).rank, run.number) == (1, 2)
    assert Award.objects.get(pk=signed.pk).state == "agreed"
    assert sums()["B310"] == 30_000_000
    first = RankingRun.objects.get(panel=run.panel, number=1)
    assert (first.state, reproduces(first), reproduces(run)) == ("superseded", True, True)
    assert close_appeal(operators[0], row.id, at=at).outcome == "upheld"


def test_without_money_an_upheld_appeal_leads_the_reserve_and_nobody_loses_a_signed_award(
    decided, appealed, operators, person, sign_all
) -> None:
    call, rows, when = decided
    for code in ("hana", "duri"):
        sign_all(Award.objects.get(application=rows[code]), when + DAY)
    upheld(appealed, operators, person, when + DAY)
    rank_anew(call, operators, when + 2 * DAY)
    assert states(rows) == {"hana": "selected", "duri": "selected", "sae": "reserve"}
    assert fresh(rows["sae"]).rank == 1


def test_offer_that_nobody_signed_follows_the_new_order(
    decided, appealed, operators, person, sums
) -> None:
    call, rows, when = decided
    upheld(appealed, operators, person, when + DAY)
    rank_anew(call, operators, when + 2 * DAY)
    assert states(rows) == {"hana": "selected", "duri": "reserve", "sae": "selected"}
    revoked = Award.objects.get(application=rows["duri"])
    assert (revoked.state, revoked.agreement.state) == ("lapsed", "lapsed")
    assert sums()["B310"] == 20_000_000
    told = Notice.objects.filter(subject_id=str(rows["duri"].id)).latest("sent_at")
    assert told.kind == "programme.application.reserve"


def test_revoked_offer_can_be_made_again_by_a_third_ranking(
    decided, appealed, operators, person, reviewers
) -> None:
    call, rows, when = decided
    upheld(appealed, operators, person, when + DAY)
    rank_anew(call, operators, when + 2 * DAY)
    again = appeal_decision(
        owner_of(rows["duri"], person), rows["duri"].id, ground="administrative_error",
        text="the bonus was forgotten", at=when + 3 * DAY,
    )  # fmt: skip
    judge_appeal(operators[0], again.id, admissible=True, at=when + 3 * DAY)
    hear_appeal(operators[0], again.id, at=when + 3 * DAY)
    decide_appeal(operators[1], again.id, upheld=True, reason="true", at=when + 3 * DAY)
    assert appeal_panel(again) is None
    score_anew(rows["hana"], operators, reviewers, 0, when + 3 * DAY)
    rank_anew(call, operators, when + 3 * DAY)
    assert states(rows) == {"hana": "reserve", "duri": "selected", "sae": "selected"}
    found = Award.objects.filter(application=rows["duri"]).order_by("created_at")
    assert [award.state for award in found] == ["lapsed", "offered"]


def test_first_reviewers_do_not_judge_the_appeal(
    appealed, operators, reviewers, decided
) -> None:
    at = decided[2] + DAY
    judge_appeal(operators[0], appealed.id, admissible=True, at=at)
    hear_appeal(operators[0], appealed.id, at=at)
    (subject,) = appeal_panel(appealed).subjects.all()
    with pytest.raises(NotApart):
        seat_on(operators[0], subject, reviewers[0][1], at=at)
    seat_on(operators[0], subject, reviewers[4][1], at=at)


def test_second_appeal_is_judged_by_none_of_the_first_review_nor_of_the_first_appeal(
    decided, appealed, operators, person, reviewers
) -> None:
    call, rows, when = decided
    at = when + 2 * DAY
    upheld(appealed, operators, person, at, score=75)
    rank_anew(call, operators, at)
    close_appeal(operators[0], appealed.id, at=at)
    later = at + DAY
    again = appeal_decision(
        owner_of(rows["sae"], person),
        rows["sae"].id,
        ground="misreading",
        text="still",
        at=later,
    )
    assert again.pk != appealed.pk, "another decision, so another appeal"
    judge_appeal(operators[0], again.id, admissible=True, at=later)
    hear_appeal(operators[0], again.id, at=later)
    (subject,) = appeal_panel(again).subjects.all()
    for name in ("ahn", "fox"):
        with pytest.raises(NotApart):
            seat_on(
                operators[0], subject, person_by_email(f"{name}@{name}-univ.example"), at=later
            )
    against = {
        one.reviewer.person.email[:3]: one.against
        for one in candidates_for(operators[0], subject, at=later)
    }
    assert {name for name, why in against.items() if "not_apart" in why} >= {
        "ahn",
        "fox",
        "gil",
    }
    asked = {
        seat.reviewer.person.email
        for seat in fill_seats(operators[0], subject.panel_id, at=later).assigned
    }
    assert asked == {"do@do-univ.example", "eun@eun-univ.example"}


def test_appeal_after_the_archive_opens_the_call_again_and_is_paid_from_contingency(
    firms, decide, operators, person, sign_all, sums
) -> None:
    call, rows = firms
    when = decide(call, {rows["hana"]: 90, rows["duri"]: 80, rows["sae"]: 70})
    for code in ("hana", "duri"):
        sign_all(Award.objects.get(application=rows[code]), when)
    archive_call(operators[0], call.id, at=when)
    unallotted = sums()["B200"]
    at = when + DAY
    appeal = appeal_decision(
        owner_of(fresh(rows["sae"]), person),
        rows["sae"].id,
        ground="misreading",
        text="x",
        at=at,
    )
    upheld(appeal, operators, person, at, score=95)
    assert Call.objects.get(pk=call.pk).state == "reviewing"
    won = microwon_from_won(10_000_000)
    fund_from_contingency(operators[0], call.id, amount_microwon=won, reason="appeal", at=at)
    rank_anew(call, operators, at)
    assert states(rows) == {"hana": "selected", "duri": "selected", "sae": "selected"}
    close_appeal(operators[0], appeal.id, at=at)
    sign_all(Award.objects.get(application=rows["sae"]), at)
    archive_call(operators[0], call.id, at=at)
    assert sums()["B200"] == unallotted - 10_000_000
    assert sums()["B300"] == 30_000_000, "the other call's, nothing of this one"


def test_reopened_archive_without_money_selects_nobody_anew(
    firms, decide, operators, person, sums
) -> None:
    call, rows = firms
    when = decide(call, {rows["hana"]: 90, rows["duri"]: 80, rows["sae"]: 70})
    decline_award(
        owner_of(rows["duri"], person), Award.objects.get(application=rows["duri"]).id,
        reason="x", at=when,
    )  # fmt: skip
    lapsed = Award.objects.get(application=rows["sae"])
    decline_award(owner_of(rows["sae"], person), lapsed.id, reason="x", at=when)
    archive_call(operators[0], call.id, at=when)
    reopen_review(operators[0], call.id, reason="looked at again", at=when)
    rank_anew(call, operators, when)
    assert states(rows)["hana"] == "selected"
    assert sums()["B310"] == 10_000_000
    archive_call(operators[0], call.id, at=when + DAY)
    assert sums()["B300"] == 30_000_000, "the other call's, nothing of this one"


def test_call_of_a_year_that_is_being_closed_is_not_opened_again(decided, operators) -> None:
    call, _, when = decided
    archive_call(operators[0], call.id, at=when)
    call.programme_year.state = "closing"
    call.programme_year.save(update_fields=["state"])
    with pytest.raises(YearEnded):
        reopen_review(operators[0], call.id, reason="late", at=when)


def test_appeal_panel_decides_only_with_its_quorum(
    appealed, operators, person, decided
) -> None:
    at = decided[2] + DAY
    judge_appeal(operators[0], appealed.id, admissible=True, at=at)
    hear_appeal(operators[0], appealed.id, at=at)
    judge_anew(appealed, operators, person, 60, at, count=2)
    for verdict in (True, False):
        with pytest.raises(BelowQuorum):
            decide_appeal(operators[0], appealed.id, upheld=verdict, reason="x", at=at)
    with pytest.raises(WordsMissing):
        decide_appeal(operators[0], appealed.id, upheld=True, reason=" ", at=at)


def test_denied_appeal_changes_nothing(appealed, operators, person, decided) -> None:
    call, rows, when = decided
    at = when + DAY
    judge_appeal(operators[0], appealed.id, admissible=True, at=at)
    hear_appeal(operators[0], appealed.id, at=at)
    judge_anew(appealed, operators, person, 50, at)
    row = decide_appeal(operators[0], appealed.id, upheld=False, reason="as before", at=at)
    call.refresh_from_db()
    assert (row.state, call.state, fresh(rows["sae"]).state) == ("denied", "decided", "reserve")
    assert close_appeal(operators[0], row.id, at=at).outcome == "denied"
    told = Notice.objects.filter(kind="review.appeal.denied", subject_id=str(row.id))
    assert told.count() == 1


def test_inadmissible_appeal_is_told_why_and_closed(appealed, operators, decided) -> None:
    at = decided[2] + DAY
    with pytest.raises(WordsMissing):
        judge_appeal(operators[0], appealed.id, admissible=False, at=at)
    row = judge_appeal(
        operators[0], appealed.id, admissible=False, reason="about the amount", at=at
    )
    assert (row.state, row.text_row.answer) == ("inadmissible", "about the amount")
    assert close_appeal(operators[0], row.id, at=at).outcome == "inadmissible"
    with pytest.raises(TransitionNotAllowed):
        close_appeal(operators[0], row.id, at=at)


def test_administrative_error_is_decided_by_a_second_person(decided, operators, person) -> None:
    _, rows, when = decided
    row = appeal_decision(
        owner_of(rows["sae"], person), rows["sae"].id, ground="administrative_error",
        text="a page was lost", at=when,
    )  # fmt: skip
    judge_appeal(operators[0], row.id, admissible=True, at=when)
    hear_appeal(operators[0], row.id, at=when)
    with pytest.raises(FourEyes):
        decide_appeal(operators[0], row.id, upheld=True, reason="lost", at=when)
    assert decide_appeal(operators[1], row.id, upheld=True, reason="lost", at=when).decided_at


def test_who_was_found_not_eligible_is_reinstated_and_reviewed(
    firms, operators, person, seoul, reviewers
) -> None:
    call, rows = firms
    at = seoul("2026-03-25 10:00")
    check_eligibility(operators[0], rows["sae"].id, is_eligible=False, findings=["age"], at=at)
    for code in ("hana", "duri"):
        check_eligibility(operators[0], rows[code].id, is_eligible=True, at=at)
    start_review(operators[0], call.id, at=at)
    row = appeal_decision(
        owner_of(rows["sae"], person), rows["sae"].id, ground="administrative_error",
        text="founded in 2020", at=at,
    )  # fmt: skip
    judge_appeal(operators[0], row.id, admissible=True, at=at)
    hear_appeal(operators[0], row.id, at=at)
    decide_appeal(operators[1], row.id, upheld=True, reason="true", at=at)
    assert fresh(rows["sae"]).state == "in_review"
    assert close_appeal(operators[0], row.id, at=at).state == "closed"
    assert assign_reviewer(operators[0], rows["sae"].id, reviewers[0][1], at=at)


def test_appeals_are_read_by_their_people_and_their_panel_alone(
    appealed, operators, person, auditor, reviewers, decided
) -> None:
    at = decided[2] + DAY
    judge_appeal(operators[0], appealed.id, admissible=True, at=at)
    hear_appeal(operators[0], appealed.id, at=at)
    judge_anew(appealed, operators, person, 60, at)
    fox = person("fox@fox-univ.example", "fox-univ", "reviewer")
    rows = decided[1]
    for actor in (owner_of(rows["sae"], person), operators[1], auditor, fox):
        assert list(appeals_for(actor)) == [appealed]
    for actor in (owner_of(rows["hana"], person), reviewers[0][0]):
        with pytest.raises(NotFound):
            appeal_for(actor, appealed.id)


def test_call_with_an_open_appeal_is_not_archived(appealed, operators, decided) -> None:
    call, _, when = decided
    with pytest.raises(AppealsOpen):
        archive_call(operators[0], call.id, at=when + DAY)
    judge_appeal(operators[0], appealed.id, admissible=False, reason="amount", at=when + DAY)
    close_appeal(operators[0], appealed.id, at=when + DAY)
    assert archive_call(operators[0], call.id, at=when + DAY).state == "archived"


# --- conflicts found late -------------------------------------------------------------------


def test_conflict_found_after_the_decision_voids_scores_and_a_new_ranking_supersedes(
    decided, operators, reviewers
) -> None:
    call, rows, when = decided
    reopen_review(operators[0], call.id, reason="a mentor was found", at=when + DAY)
    voided = score_anew(rows["hana"], operators, reviewers, 0, when + DAY)
    rank_anew(call, operators, when + DAY)
    assert states(rows) == {"hana": "reserve", "duri": "selected", "sae": "selected"}
    assert all(seat.review.submitted_at for seat in voided)


def test_award_signed_between_ranking_and_confirmation_makes_the_ranking_stale(
    decided, appealed, operators, person, sign_all
) -> None:
    call, rows, when = decided
    upheld(appealed, operators, person, when + DAY)
    run = compute_ranking(operators[0], call.id, at=when + DAY)
    sign_all(Award.objects.get(application=rows["duri"]), when + DAY)
    with pytest.raises(RankingStale):
        confirm_ranking(operators[0], call.id, run.id, at=when + DAY)
    rank_anew(call, operators, when + DAY)
    assert states(rows)["duri"] == "selected"


def test_same_ranking_confirmed_again_moves_nobody(decided, operators) -> None:
    call, rows, when = decided
    before = Notice.objects.count(), Award.objects.count()
    reopen_review(operators[0], call.id, reason="check", at=when)
    with pytest.raises(TransitionNotAllowed):
        reopen_review(operators[0], call.id, reason="check", at=when)
    found = RankingRun.objects.get(panel__context_id=call.id)
    assert compute_ranking(operators[0], call.id, at=when) == found
    call.refresh_from_db()
    assert (call.state, found.panel.state) == ("decided", "decided")
    assert states(rows) == {"hana": "selected", "duri": "selected", "sae": "reserve"}
    assert (Notice.objects.count(), Award.objects.count()) == before


@pytest.mark.parametrize(
    ("amount", "reason", "refusal"),
    [
        (1_000_000_000, "  ", ReasonMissing),
        (1, "x", AmountInvalid),
        (0, "x", AmountInvalid),
        (-1_000_000, "x", AmountInvalid),
        (900_000_000_000_000, "x", BudgetExceeded),
    ],
)
def test_contingency_is_refused(decided, operators, amount, reason, refusal) -> None:
    call, _, when = decided
    reopen_review(operators[0], call.id, reason="appeal", at=when)
    with pytest.raises(refusal):
        fund_from_contingency(
            operators[0], call.id, amount_microwon=amount, reason=reason, at=when
        )


def test_contingency_goes_to_a_call_under_review_only(decided, operators) -> None:
    call, _, when = decided
    with pytest.raises(TransitionNotAllowed):
        fund_from_contingency(
            operators[0], call.id, amount_microwon=1_000_000, reason="x", at=when
        )
    with pytest.raises(ReasonMissing):
        reopen_review(operators[0], call.id, reason=" ", at=when)


# --- challenges and disclosure ------------------------------------------------------------


def test_applicant_challenges_a_reviewer_who_then_never_judges(
    firms, operators, reviewers, review_all, person
) -> None:
    call, rows = firms
    when = review_all(call, {rows["hana"]: 90, rows["duri"]: 80, rows["sae"]: 70})
    ceo = owner_of(rows["sae"], person)
    roster = roster_for(ceo, rows["sae"].id, at=when)
    assert {row.person_id for row in roster} == {human.id for _, human in reviewers[:3]}
    words = {"ground": "mentor", "text": "she taught our rival", "at": when}
    row = challenge_reviewer(ceo, rows["sae"].id, reviewers[0][1].email, **words)
    assert challenge_reviewer(ceo, rows["sae"].id, reviewers[0][1].email, **words) == row
    with pytest.raises(GroundNotAllowed):
        challenge_reviewer(
            ceo, rows["sae"].id, reviewers[1][1].email, ground="dislike", text="x", at=when
        )
    decide_challenge(operators[0], row.id, upheld=True, reason="true", at=when)
    seat = Assignment.objects.get(
        subject__subject_id=rows["sae"].id, reviewer__person=reviewers[0][1]
    )
    assert seat.state == "voided"
    with pytest.raises(BelowQuorum):
        compute_ranking(operators[0], call.id, at=when)
    with pytest.raises(NotFound):
        challenge_reviewer(
            owner_of(rows["hana"], person), rows["sae"].id, reviewers[1][1].email, **words
        )


def test_barred_reviewer_is_not_asked_by_the_appeal_either(
    firms, operators, reviewers, review_all, person
) -> None:
    call, rows = firms
    when = review_all(call, {rows["hana"]: 90, rows["duri"]: 80, rows["sae"]: 70})
    ceo = owner_of(rows["sae"], person)
    assign_reviewer(operators[0], rows["duri"].id, reviewers[4][1], at=when)
    row = challenge_reviewer(
        ceo, rows["sae"].id, reviewers[4][1].email, ground="family", text="a cousin", at=when
    )
    decide_challenge(operators[1], row.id, upheld=True, reason="true", at=when)
    with pytest.raises(ReviewerBarred):
        assign_reviewer(operators[0], rows["sae"].id, reviewers[4][1], at=when)


def test_applicant_reads_own_result_as_policy_discloses_it(
    decided, person, operators, system, at
) -> None:
    from madang.parties.policies.actions import declare_policy

    _, rows, when = decided
    found = result_for(owner_of(rows["sae"], person), rows["sae"].id, at=when)
    assert (found.state, found.rank, found.ranked) == ("reserve", 3, 3)
    assert (found.score, dict(found.criteria)["effect"]) == ("70.4000", "70.0000")
    assert len(found.reviewers) == 3
    with pytest.raises(NotFound):
        result_for(owner_of(rows["hana"], person), rows["sae"].id, at=when)
    closed = {"reviewer_names": False, "scores": False, "challenge_roster": False}
    declare_policy(system, kind="disclosure", changes=closed, valid_from=when, at=when)
    found = result_for(owner_of(rows["sae"], person), rows["sae"].id, at=when)
    assert (found.rank, found.score, found.reviewers) == (None, None, ())
    with pytest.raises(NotFound):
        roster_for(owner_of(rows["sae"], person), rows["sae"].id, at=when)


# --- what the pages of a ranking tell -----------------------------------------------------


def test_ranking_page_tells_the_runs_own_budget_the_run_before_and_who_confirms(
    decided, appealed, operators, person, won, sign_all
) -> None:
    call, rows, when = decided
    at = when + 2 * DAY
    for code in ("hana", "duri"):
        sign_all(Award.objects.get(application=rows[code]), at)
    upheld(appealed, operators, person, at)
    fund_from_contingency(
        operators[0], call.id, amount_microwon=won(10_000_000), reason="appeal", at=at
    )
    run = compute_ranking(operators[0], call.id, at=at)
    url = f"/operator/calls/{call.code}/ranking/"
    first, second = (window_of(one) for one in operators[:2])
    assert url in seen(second, "/account/desk/"), "a second person learns that it waits"
    confirm_ranking(operators[0], call.id, run.id, at=at)
    assert url not in seen(first, "/account/desk/"), "who confirmed has nothing more to do"
    assert "of ₩30,000,000" in seen(first, url), "contingency is part of what it ranked over"
    before = seen(first, url + "?run=1")
    assert "of ₩20,000,000" in before
    assert run.outputs_sha256 not in before.split("Runs, all kept")[0]
    assert "Compute the ranking" not in before, "a run that is superseded takes no step"


def window_of(actor) -> Client:
    browser = Client()
    browser.cookies["django_language"] = "en"
    browser.force_login(
        Person.objects.get(id=actor.id),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return browser


def seen(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()
